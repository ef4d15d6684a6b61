"""Connecting an organisation and its email accounts: proved first, then kept, then installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import kept_sign_in, security
from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, Role
from dyntui.model.sign_in import SignInBy
from dyntui.remote.errors import READ_NOT_DONE
from dyntui.service import certificate_file, email_accounts, environment
from dyntui.service.answering import answers
from dyntui.service.contract.setup import (
    CANARY,
    SETUP_APPLY,
    SETUP_PLAN,
    SETUP_STEP,
    Canary,
    CanaryReport,
    OrganisationInput,
    SetupReport,
    SetupRequest,
    SetupStep,
)
from dyntui.service.email_accounts import AT_FIRST, Connected
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext, RolesUnknown, not_permitted
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts
from dyntui.store.accounts import Organisation
from dyntui.sync import double_opt_in, installation
from dyntui.sync.connections import (
    DATAVERSE_SECRET,
    Patience,
    account_secret,
    dataverse_as,
)
from dyntui.sync.installation import Step
from dyntui.sync.signing_in import sign_in_with

# Installing may take minutes, and shows how far it is.
_INSTALLING = Patience(attempts=6, silence=None, limits=1800.0)


class Setup:
    """The two calls of `dyntui setup`. `reconnect` makes the runs forget the connections they have open."""

    def __init__(self, resources: Resources, reconnect: Callable[[], None]) -> None:
        self._resources = resources
        self._identities = Identities(resources)
        self._reconnect = reconnect
        self._one_at_a_time = asyncio.Lock()

    @answers(SETUP_PLAN)
    async def plan(self, context: CallContext, request: SetupRequest) -> SetupReport:
        """What applying would make sure of; proves both sign-ins and writes nothing."""
        return await self._run(context, request, apply=False)

    @answers(SETUP_APPLY)
    async def apply(self, context: CallContext, request: SetupRequest) -> SetupReport:
        """Carries the plan out; may be repeated, and goes on where it was interrupted."""
        return await self._run(context, request, apply=True)

    @answers(CANARY)
    async def canary(self, context: CallContext, request: Canary) -> CanaryReport:
        """Imports one address of the administrator's and looks at its status, before anybody else is imported. Raises
        NOT_CONFIGURED, ACCOUNT_UNKNOWN, CANARY_ADDRESS_INVALID, CANARY_KNOWN, CANARY_REFUSED, DotdigitalError."""
        chosen = await chosen_account(self._resources, request.account)
        dd = await self._resources.connections.dotdigital(chosen.id)
        found = await double_opt_in.fly(dd, request.address, self._resources.connections.surroundings.sleep)
        await self._resources.write(lambda c: double_opt_in.flown(c, chosen.id, found, self._resources.now()))
        return CanaryReport(account=chosen.name, address=request.address, double_opt_in=found)

    async def _run(self, context: CallContext, request: SetupRequest, *, apply: bool) -> SetupReport:
        async with self._one_at_a_time:
            # Asked for within: who waited for somebody else's first setup needs the right to change it.
            check(request, self._resources.clock())
            known = await self._resources.read(accounts.organisation)
            permitted = known is None or await self._may_administer(context)
            return await self._connect(context, request, apply=apply, known=known, permitted=permitted)

    async def _require_administering(self, context: CallContext, dv: Dataverse | None) -> None:
        """`dv`: the new connection, where the kept one could not be asked."""
        if dv is None:
            await context.require(Ability.ADMINISTER)
            return
        person = await self._identities.person(context.uid)
        held = await self._identities.held_by(dv, person.user_id) if person is not None else None
        if held is None or Ability.ADMINISTER not in held.abilities:
            raise not_permitted(Ability.ADMINISTER)

    async def _may_administer(self, context: CallContext) -> bool | None:
        """None where the organisation, as it is kept, cannot be asked: setup may be there to mend that."""
        try:
            return Ability.ADMINISTER in await context.abilities()
        except RolesUnknown:
            return None

    async def _connect(
        self,
        context: CallContext,
        request: SetupRequest,
        *,
        apply: bool,
        known: Organisation | None,
        permitted: bool | None,
    ) -> SetupReport:
        """`permitted`: the caller may administer; None where that must be asked over the new connection. Who may not
        has proved by the application's secret that they could do everything in Dynamics themselves: they may make the
        first Manager, and nothing once there is one."""
        asked = request.organisation
        environment.entries(asked.allow)
        secret, wanted = secret_in(asked), organisation_in(asked, self._resources.now())
        by = SignInBy(wanted.auth)
        around = self._resources.connections.surroundings
        budget = self._resources.connections.budgets.dynamics()
        sign_in = sign_in_with(wanted, secret, around)
        try:
            async with dataverse_as(sign_in, wanted, around, patience=AT_FIRST, budget=budget) as dv:
                me = await security.who_am_i(dv)
                if known is not None:
                    _require_the_same(known, wanted, me)
                managers = [_shown(each) for each in await security.users_with_roles(dv, [Role.MANAGER])]
                if known is not None and not permitted and (managers or me.user_id != known.service_user_id):
                    await self._require_administering(context, dv if permitted is None else None)
                chosen = {
                    role: await installation.users_to_assign(dv, role, names) for role, names in request.assign.items()
                }
                wanted = msgspec.structs.replace(
                    wanted,
                    organisation_id=me.organization_id,
                    service_user_id=me.user_id,
                    name=await security.organisation_name(dv),
                )
                proved = [await email_accounts.prove(each, around) for each in request.accounts]
                proved = email_accounts.named(proved, await self._resources.read(accounts.accounts))
                # A keyring that refuses says so before anything is written.
                if by.keeps_a_secret:
                    await self._resources.secrets.check(DATAVERSE_SECRET, secret)
                ids = await email_accounts.ids(
                    self._resources, dv, wanted.organisation_id, [each.platform_id for each in proved]
                )
                for each in proved:
                    await self._resources.secrets.check(account_secret(ids[each.platform_id]), each.asked.api_password)
            async with dataverse_as(sign_in, wanted, around, patience=_INSTALLING, budget=budget) as dv:
                way = _Way(connected=known is not None)
                try:
                    async for step in self._install(dv, me.user_id, chosen, way.begins, apply=apply):
                        way.steps.append(step)
                        self._resources.publish(SETUP_STEP.name, _contract_step(step))
                    if apply:
                        way.begins("row", "of every email account")
                        await self._keep(dv, wanted, asked, proved)
                        way.connected = True
                        if not by.keeps_a_secret:
                            # One of before is of no use to anybody but a thief.
                            await self._resources.secrets.delete(DATAVERSE_SECRET)
                except DyntuiError as error:
                    if not apply:
                        raise
                    raise way.ended_by(error) from error
        finally:
            await sign_in.close()
        return SetupReport(
            organisation=wanted.name,
            organisation_url=wanted.url,
            accounts=tuple(f"{each.asked.name} at {each.endpoint}" for each in proved),
            steps=tuple(_contract_step(step) for step in way.steps),
            applied=apply,
            managers=tuple(dict.fromkeys((*managers, *map(_shown, chosen.get(Role.MANAGER, ()))))),
        )

    async def _install(
        self,
        dv: Dataverse,
        me: str,
        chosen: Mapping[str, Sequence[security.User]],
        begun: installation.Begun,
        *,
        apply: bool,
    ) -> AsyncIterator[Step]:
        async for step in installation.install(dv, apply=apply, begun=begun):
            yield step
        yield await installation.give_service_role(dv, me, apply=apply)
        for role, users in chosen.items():
            async for step in installation.assign(dv, role, users, apply=apply):
                yield step

    async def _keep(
        self,
        dv: Dataverse,
        wanted: Organisation,
        asked: OrganisationInput,
        proved: Sequence[Connected],
    ) -> None:
        """Every account under the id of its row in Dynamics, which is found by the account's number: another profile,
        machine or store may have made it. Secrets are kept last, directly before the store is told whose they are:
        what ends before that leaves a profile that is connected signing in as before."""
        async with self._resources.accounts_lock:
            before = await self._resources.read(accounts.accounts)
            kept = await email_accounts.keep_in_dynamics(self._resources, dv, wanted.organisation_id, proved)
            if any(each.is_default for each in kept):
                told = {each.platform_id for each in kept}
                await email_accounts.tell_who_is_default(dv, (each for each in before if each.platform_id not in told))

            def keep(c: Connection) -> None:
                accounts.put_organisation(c, wanted)
                email_accounts.keep(c, kept)
                environment.keep_as_set_up(c, asked, self._resources.now())

            if SignInBy(wanted.auth).keeps_a_secret:
                await self._resources.secrets.set(DATAVERSE_SECRET, secret_in(asked))
            await email_accounts.keep_passwords(self._resources, kept, proved)
            await self._resources.write(keep)
        await email_accounts.heed_budgets(self._resources, kept, proved)
        await self._resources.connections.forget()
        await asyncio.to_thread(self._reconnect)


def use_cases(parts: Parts) -> Setup:
    """What answers these calls."""
    return Setup(parts.resources, parts.reconnect)


def _shown(user: security.User) -> str:
    return user.name or user.id


def _contract_step(step: Step) -> SetupStep:
    return SetupStep(kind=step.kind, name=step.name, state=step.state)


class _Way:
    """How far a setup has come, so that an error that ends it hides nothing: what was made by then stays made.

    `connected`: whether this profile is.
    """

    def __init__(self, *, connected: bool) -> None:
        self.connected = connected
        self.steps: list[Step] = []
        self._begun = 0
        self._making = ""

    def begins(self, kind: str, name: str) -> None:
        """This is about to be made."""
        self._begun, self._making = len(self.steps), f"the {kind} {name}"

    def ended_by(self, error: DyntuiError) -> DyntuiError:
        """The error with what was done and what not."""
        # That a call has read nothing is no word about all of it; that a change is in doubt or refused is.
        told = [] if error.not_done == READ_NOT_DONE else [error.not_done]
        if self._making and self._begun == len(self.steps):
            told.append(f"Not finished: {self._making}, and everything after it.")
        elif self.steps:
            told.append(f"Not finished: everything after the {self.steps[-1].kind} {self.steps[-1].name}.")
        told.append("This profile stays connected." if self.connected else "This profile is not connected yet.")
        made = [step for step in self.steps if step.state == "done"]
        if made:
            named = f"{len(made)} things in Dynamics, the last one the {made[-1].kind} {made[-1].name}"
            told.append(f"Made before that, and kept: {named}.")
        again = "" if "dyntui setup" in error.remedy else " Then run `dyntui setup` again: it goes on from there."
        return DyntuiError(
            error.code,
            error.message,
            not_done=" ".join(told),
            remedy=f"{error.remedy}{again}",
            exit=error.exit,
            detail=error.detail,
        )


def _require_the_same(known: Organisation, wanted: Organisation, me: security.WhoAmI) -> None:
    """Setup leads to the organisation that is connected, at its address or at another one that it has got."""
    if same_organisation(known, me):
        return
    if known.url.rstrip("/").lower() == wanted.url.lower():
        raise organisation_replaced(known, me)
    raise _other_organisation(known)


def same_organisation(known: Organisation, me: security.WhoAmI) -> bool:
    """Whether whoever answers is the connected organisation."""
    return me.organization_id.lower() == known.organisation_id.lower()


def organisation_replaced(known: Organisation, me: security.WhoAmI) -> DyntuiError:
    """What is known here - up to where both sides were read, whose record is whose - is true of the other one alone."""
    return DyntuiError(
        "SETUP_ORGANISATION_REPLACED",
        f"At {known.url} there is another organisation now (id {me.organization_id}); this profile is connected to the"
        f" one with the id {known.organisation_id}.",
        not_done="Nothing was changed.",
        remedy=(
            "Where a copy or a backup was put there on purpose, connect it in a profile of its own:"
            " `dyntui --profile NAME setup` takes over what is installed there. Let nothing of this profile run by"
            " itself meanwhile: `dyntui schedules pause TYPE...`."
        ),
        exit=Exit.USAGE,
    )


def _other_organisation(known: Organisation) -> DyntuiError:
    return DyntuiError(
        "SETUP_OTHER_ORGANISATION",
        f"This profile is connected to {known.url}, which is another organisation.",
        not_done="Nothing was changed.",
        remedy="Use another profile for another organisation: `dyntui --profile NAME setup`.",
        exit=Exit.USAGE,
    )


def _signs_in_by(asked: OrganisationInput) -> SignInBy:
    if asked.signed_in or kept_sign_in.is_one(asked.client_secret):
        return SignInBy.DEVICE_CODE
    if asked.certificate:
        return SignInBy.CERTIFICATE
    return SignInBy.SECRET if asked.client_secret or asked.sign_in is None else asked.sign_in


def secret_in(asked: OrganisationInput) -> str:
    """What the service is to sign in with; `""` where its machine's platform says who it is."""
    return asked.client_secret or asked.certificate or asked.signed_in


def organisation_in(asked: OrganisationInput, connected_on: str) -> Organisation:
    """The organisation as setup is told of it, before it has answered."""
    by = _signs_in_by(asked)
    return Organisation(
        organisation_id="",
        name="",
        url=asked.dataverse_url.rstrip("/"),
        authority=asked.authority,
        client_id=asked.client_id,
        auth=by,
        managed_identity=asked.managed_identity if by is SignInBy.MANAGED_IDENTITY else "",
        ca_file=asked.ca_file,
        connected_on=connected_on,
    )


def check(request: SetupRequest, now: datetime) -> None:
    """Raises DyntuiError SETUP_INVALID naming what is wrong, before anything is called."""
    wrong: list[str] = []
    asked = request.organisation
    by_platform = asked.sign_in is not None and not asked.sign_in.keeps_a_secret
    secrets = (asked.client_secret, asked.certificate, asked.signed_in)
    if [*map(bool, secrets), by_platform].count(True) != 1:
        wrong.append(
            "give exactly one of client_secret, certificate, a person's sign-in, and sign_in by the machine's identity"
        )
    elif asked.signed_in and not kept_sign_in.is_one(asked.signed_in):
        wrong.append("signed_in is not what a sign-in by device code has left")
    elif not by_platform and asked.sign_in not in (None, _signs_in_by(asked)):
        wrong.append(f"sign_in says {asked.sign_in}, and another one is given")
    if asked.managed_identity and asked.sign_in is not SignInBy.MANAGED_IDENTITY:
        wrong.append(f"managed_identity is of use with sign_in = {SignInBy.MANAGED_IDENTITY} alone")
    for name, value in (("dataverse_url", asked.dataverse_url), ("authority", asked.authority)):
        if not value.startswith("https://"):
            wrong.append(f"{name} must begin with https://")
    if not asked.client_id:
        wrong.append("client_id is missing")
    if asked.certificate:
        try:
            certificate_file.handed_over(asked.certificate, now)
        except ValueError as why:
            wrong.append(str(why).rstrip("."))
    if not request.accounts:
        wrong.append("at least one email account is needed")
    if sum(each.is_default is True for each in request.accounts) > 1:
        wrong.append("only one email account can be the default")
    for what, given in (
        ("name", [each.name.casefold() for each in request.accounts if each.name]),
        ("api_user", [each.api_user.casefold() for each in request.accounts if each.api_user]),
    ):
        wrong += [f"two email accounts have the {what} {each!r}" for each in sorted({*given}) if given.count(each) > 1]
    for each in request.accounts:
        wrong += email_accounts.wrong_with(each)
    wrong += email_accounts.missing_file(asked.ca_file)
    if wrong:
        raise DyntuiError(
            "SETUP_INVALID",
            "The setup cannot be used: " + "; ".join(dict.fromkeys(wrong)) + ".",
            not_done="Nothing was connected, written or installed.",
            remedy="Correct what is named and run `dyntui setup` again.",
            exit=Exit.USAGE,
        )
