"""Connecting an organisation and its email accounts: proved first, then kept, then installed."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import metadata, rows, security
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import text
from dyntui.dotdigital import account as dd_account
from dyntui.model import solution
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, Role
from dyntui.service import environment
from dyntui.service.answering import answers
from dyntui.service.contract.setup import (
    CANARY,
    SETUP_APPLY,
    SETUP_PLAN,
    SETUP_STEP,
    Canary,
    CanaryReport,
    EmailAccountInput,
    SetupReport,
    SetupRequest,
    SetupStep,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext, RolesUnknown, not_permitted
from dyntui.service.resources import Resources
from dyntui.store import accounts
from dyntui.store.accounts import EmailAccount, Organisation
from dyntui.sync import double_opt_in, installation
from dyntui.sync.connections import (
    DATAVERSE_SECRET,
    Patience,
    account_secret,
    account_unknown,
    dataverse_as,
    not_configured,
    sign_in_with,
)
from dyntui.sync.installation import Step
from dyntui.sync.surroundings import Surroundings

_LEVELS = ("NONE", "SUMMARY", "DETAILED")
# Somebody waits for the answer: what cannot be reached is said after seconds, where a run would be patient.
_AT_FIRST = Patience(attempts=2, silence=30.0, limits=30.0)
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
        """Imports one address of the administrator's and looks at its status, before anybody else is imported."""
        known = await self._resources.read(accounts.accounts)
        chosen = next((each for each in known if each.id == request.account or not request.account), None)
        if chosen is None:
            raise not_configured() if not known else account_unknown(request.account)
        dd = await self._resources.connections.dotdigital(chosen.id)
        found = await double_opt_in.fly(dd, request.address, self._resources.connections.surroundings.sleep)
        await self._resources.write(lambda c: double_opt_in.remember(c, chosen.id, found))
        return CanaryReport(account=chosen.name, address=request.address, double_opt_in=found)

    async def _run(self, context: CallContext, request: SetupRequest, *, apply: bool) -> SetupReport:
        async with self._one_at_a_time:
            # Asked for within: who waited for somebody else's first setup needs the right to change it.
            _check(request)
            known = await self._require_organisation(request)
            permitted = known is None or await self._may_administer(context)
            return await self._connect(context, request, apply=apply, known=known, permitted=permitted)

    async def _require_organisation(self, request: SetupRequest) -> Organisation | None:
        """The organisation that is connected already, None before the first setup."""
        known = await self._resources.read(accounts.organisation)
        if known is None:
            return None
        if known.url.rstrip("/").lower() != request.organisation.dataverse_url.rstrip("/").lower():
            raise DyntuiError(
                "SETUP_OTHER_ORGANISATION",
                f"This profile is connected to {known.url}.",
                not_done="Nothing was changed.",
                remedy="Use another profile for another organisation: `dyntui --profile NAME setup`.",
                exit=Exit.USAGE,
            )
        return known

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
        secret = asked.client_secret or asked.certificate
        wanted = Organisation(
            organisation_id="",
            name="",
            url=asked.dataverse_url.rstrip("/"),
            authority=asked.authority,
            client_id=asked.client_id,
            auth="certificate" if asked.certificate else "secret",
            ca_file=asked.ca_file,
            connected_on=self._resources.now(),
        )
        around = self._resources.connections.surroundings
        budget = self._resources.connections.budgets.dynamics()
        sign_in = sign_in_with(wanted, secret, around)
        try:
            async with dataverse_as(sign_in, wanted, around, patience=_AT_FIRST, budget=budget) as dv:
                me = await security.who_am_i(dv)
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
                proved = [(each, await _prove(each, around)) for each in request.accounts]
                # A keyring that refuses says so before anything is written.
                await self._resources.secrets.check(DATAVERSE_SECRET, secret)
                ids = await self._ids(dv, wanted, [found.platform_id for _, found in proved])
                for asked_account, found in proved:
                    await self._resources.secrets.check(
                        account_secret(ids[found.platform_id]), asked_account.api_password
                    )
            if apply:
                await self._resources.secrets.set(DATAVERSE_SECRET, secret)
            async with dataverse_as(sign_in, wanted, around, patience=_INSTALLING, budget=budget) as dv:
                steps: list[Step] = []
                try:
                    async for step in self._install(dv, me.user_id, chosen, apply=apply):
                        steps.append(step)
                        self._resources.publish(SETUP_STEP.name, _contract_step(step))
                    if apply:
                        await self._keep(dv, wanted, proved)
                        await environment.keep_as_set_up(self._resources, asked)
                except DyntuiError as error:
                    raise _with_what_was_done(error, steps) from error
        finally:
            await sign_in.close()
        return SetupReport(
            organisation=wanted.name,
            organisation_url=wanted.url,
            accounts=tuple(f"{each.name} at {found.endpoint}" for each, found in proved),
            steps=tuple(_contract_step(step) for step in steps),
            applied=apply,
            managers=tuple(dict.fromkeys((*managers, *map(_shown, chosen.get(Role.MANAGER, ()))))),
        )

    async def _install(
        self, dv: Dataverse, me: str, chosen: Mapping[str, Sequence[security.User]], *, apply: bool
    ) -> AsyncIterator[Step]:
        async for step in installation.install(dv, apply=apply):
            yield step
        yield await installation.give_service_role(dv, me, apply=apply)
        for role, users in chosen.items():
            async for step in installation.assign(dv, role, users, apply=apply):
                yield step

    async def _keep(
        self,
        dv: Dataverse,
        wanted: Organisation,
        proved: list[tuple[EmailAccountInput, _Proved]],
    ) -> None:
        """Every account under the id of its row in Dynamics, which is found by the account's number: another profile,
        machine or store may have made it."""
        before = await self._resources.read(accounts.accounts)
        here = {each.platform_id: each.id for each in before}
        ids = await self._ids(dv, wanted, [found.platform_id for _, found in proved])
        answered = {each.platform_id: each.double_opt_in for each in before}
        kept = [
            EmailAccount(
                id=ids[found.platform_id],
                name=asked.name,
                description=asked.description,
                is_default=asked.is_default,
                region=found.region,
                endpoint=found.endpoint,
                api_user=asked.api_user,
                ca_file=asked.ca_file,
                sync_level=asked.sync_level,
                platform_id=found.platform_id,
                double_opt_in=asked.double_opt_in or answered.get(found.platform_id, ""),
            )
            for asked, found in proved
        ]
        for account, (asked, _) in zip(kept, proved, strict=True):
            await self._resources.secrets.set(account_secret(account.id), asked.api_password)
        for account in kept:
            await rows.upsert(dv, solution.EMAIL_ACCOUNT.entity_set, account.id, _account_row(account))

        def keep(c: Connection) -> None:
            accounts.put_organisation(c, wanted)
            for account in kept:
                if here.get(account.platform_id, account.id) != account.id:
                    accounts.rename_account(c, here[account.platform_id], account.id)
                accounts.put_account(c, account)

        await self._resources.write(keep)
        for account, (_, told) in zip(kept, proved, strict=True):
            if told.calls_in_last_hour is not None and told.calls_remaining is not None:
                budgets = self._resources.connections.budgets
                await budgets.heard(account.id, told.calls_in_last_hour, told.calls_remaining)
        await self._resources.connections.close()
        await asyncio.to_thread(self._reconnect)

    async def _ids(self, dv: Dataverse, wanted: Organisation, numbers: Sequence[int]) -> dict[int, str]:
        """Account number -> id of its row. One that has none yet gets the same everywhere: two setups at once make one
        row, and what an environment is to provide for it can be named before."""
        here = {each.platform_id: each.id for each in await self._resources.read(accounts.accounts)}
        installed = await metadata.column_names(dv, solution.EMAIL_ACCOUNT.logical_name)
        there = await self._rows_in_dynamics(dv, numbers) if solution.EMAIL_ACCOUNT.key.lower() in installed else {}
        new = {each: str(uuid.uuid5(uuid.UUID(wanted.organisation_id), f"dotdigital/{each}")) for each in numbers}
        return new | here | there

    async def _rows_in_dynamics(self, dv: Dataverse, numbers: Sequence[int]) -> dict[int, str]:
        """Account number -> id of its row, for those that have one."""
        table, key = solution.EMAIL_ACCOUNT, solution.EMAIL_ACCOUNT.key.lower()
        condition = " or ".join(f"{key} eq {text(str(number))}" for number in numbers)
        found = await rows.find_rows(dv, table.entity_set, _AccountRow, filter=condition)
        return {int(row.platform_id): row.id for row in found if row.platform_id.strip().isdecimal()}


def use_cases(parts: Parts) -> Setup:
    """What answers these calls."""
    return Setup(parts.resources, parts.reconnect)


class _AccountRow(
    msgspec.Struct, frozen=True, rename={"id": "dyntui_emailaccountid", "platform_id": "dyntui_platformid"}
):
    id: str
    platform_id: str = ""


def _shown(user: security.User) -> str:
    return user.name or user.id


def _contract_step(step: Step) -> SetupStep:
    return SetupStep(kind=step.kind, name=step.name, state=step.state)


def _with_what_was_done(error: DyntuiError, steps: Sequence[Step]) -> DyntuiError:
    """An error that hides nothing: what had been made when it came stays made."""
    made = [step for step in steps if step.state == "done"]
    if not made:
        return error
    return DyntuiError(
        error.code,
        error.message,
        not_done=(
            f"{error.not_done} Made before that, and kept: {len(made)} things in Dynamics, the last one "
            f"the {made[-1].kind} {made[-1].name}; setup goes on from there."
        ),
        remedy=error.remedy,
        exit=error.exit,
        detail=error.detail,
    )


class _Proved(msgspec.Struct, frozen=True):
    """What account-info said of an email account."""

    platform_id: int
    region: str
    endpoint: str
    calls_in_last_hour: int | None
    calls_remaining: int | None


async def _prove(asked: EmailAccountInput, around: Surroundings) -> _Proved:
    ca_file = Path(asked.ca_file) if asked.ca_file else None
    dd = await dd_account.connect(
        asked.dotdigital_url,
        asked.api_user,
        asked.api_password,
        ca_file=ca_file,
        attempts=_AT_FIRST.attempts,
        slow_down_deadline=_AT_FIRST.limits,
        sleep=around.sleep,
        transport=around.transport(),
    )
    async with dd:
        info = await dd_account.account_info(dd)
        return _Proved(info.id, _region(dd.origin), dd.origin, info.calls_in_last_hour, info.calls_remaining)


def _region(endpoint: str) -> str:
    """`r1`, `r2`, `r3` by the host's name (dotdigital_api.md 1.1); `""` for a host that is named otherwise."""
    host = urlsplit(endpoint).hostname or ""
    first = host.partition("-")[0].partition(".")[0]
    return first if first in ("r1", "r2", "r3") else ""


def _account_row(account: EmailAccount) -> dict[str, object]:
    return {
        "dyntui_name": account.name,
        "dyntui_description": account.description or None,
        "dyntui_platformid": str(account.platform_id),
        "dyntui_region": account.region,
        "dyntui_isdefault": account.is_default,
        "dyntui_synclevel": account.sync_level,
    }


def _check(request: SetupRequest) -> None:
    """Raises DyntuiError SETUP_INVALID naming what is wrong, before anything is called."""
    wrong: list[str] = []
    asked = request.organisation
    if bool(asked.client_secret) == bool(asked.certificate):
        wrong.append("give exactly one of client_secret and certificate")
    for name, value in (("dataverse_url", asked.dataverse_url), ("authority", asked.authority)):
        if not value.startswith("https://"):
            wrong.append(f"{name} must begin with https://")
    if not asked.client_id:
        wrong.append("client_id is missing")
    if not request.accounts:
        wrong.append("at least one email account is needed")
    if sum(each.is_default for each in request.accounts) > 1:
        wrong.append("only one email account can be the default")
    for what, given in (
        ("name", [each.name.casefold() for each in request.accounts if each.name]),
        ("api_user", [each.api_user.casefold() for each in request.accounts if each.api_user]),
    ):
        wrong += [f"two email accounts have the {what} {each!r}" for each in sorted({*given}) if given.count(each) > 1]
    for each in request.accounts:
        if not each.api_user or not each.api_password:
            wrong.append(f"{each.name or 'an email account'}: api_user and api_password are both needed")
        if each.sync_level not in _LEVELS:
            wrong.append(f"{each.name}: sync_level is one of {', '.join(_LEVELS)}")
        if each.double_opt_in not in double_opt_in.ANSWERS:
            wrong.append(f"{each.name}: double_opt_in is one of {', '.join(filter(None, double_opt_in.ANSWERS))}")
        if not each.dotdigital_url.startswith("https://"):
            wrong.append(f"{each.name}: dotdigital_url must begin with https://")
    for path in (asked.ca_file, *(each.ca_file for each in request.accounts)):
        # A name that cannot be one of a file is told as one that is not there.
        if path and not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for such names
            wrong.append(f"there is no file {path}")
    if wrong:
        raise DyntuiError(
            "SETUP_INVALID",
            "The setup cannot be used: " + "; ".join(wrong) + ".",
            not_done="Nothing was connected, written or installed.",
            remedy="Correct what is named and run `dyntui setup` again.",
            exit=Exit.USAGE,
        )
