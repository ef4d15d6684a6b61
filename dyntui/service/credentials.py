"""Replacing what the service signs in with, while runs go on: proved first, then kept, then used by what is open."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import kept_sign_in, security
from dyntui.dataverse.credentials import is_certificate
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import account as dd_account
from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import text_of
from dyntui.model.roles import Ability
from dyntui.model.sign_in import SignInBy
from dyntui.service import certificate_file
from dyntui.service.answering import answers
from dyntui.service.contract.credentials import (
    CREDENTIAL_PLACE,
    CREDENTIAL_REPLACE,
    CREDENTIALS_LIST,
    DYNAMICS,
    CredentialRow,
    Credentials,
    ReplaceCredential,
    SignInPlace,
)
from dyntui.service.contract.session import Nothing
from dyntui.service.email_accounts import AT_FIRST
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext, RolesUnknown, not_permitted
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.service.setup import organisation_replaced, same_organisation
from dyntui.store import accounts, admin_changes
from dyntui.store.accounts import EmailAccount, Organisation
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret, account_unknown, dataverse_as, not_configured
from dyntui.sync.signing_in import file_named, sign_in_with

_SUBJECT = "credentials"


class CredentialUseCases:
    """The calls of `credentials.*`. `renew` makes runs and the consent watch sign in with what is kept now, without
    ending a call of theirs; `kept_in` says where secrets are kept."""

    def __init__(
        self, resources: Resources, identities: Identities, renew: Callable[[], None], kept_in: str = ""
    ) -> None:
        self._resources = resources
        self._identities = identities
        self._renew = renew
        self._kept_in = kept_in
        self._one_at_a_time = asyncio.Lock()

    @answers(CREDENTIALS_LIST)
    async def page(self, context: CallContext, request: Nothing) -> Credentials:
        """All of them. Raises NOT_CONFIGURED."""
        known = await self._organisation()
        rows = [await self._of_dynamics(known)]
        rows += [self._of_account(each) for each in await self._resources.read(accounts.accounts)]
        return Credentials(rows=tuple(rows))

    @answers(CREDENTIAL_PLACE)
    async def place(self, context: CallContext, request: Nothing) -> SignInPlace:
        """Where the person signs in. Raises NOT_CONFIGURED."""
        known = await self._organisation()
        return SignInPlace(
            url=known.url,
            authority=known.authority,
            client_id=known.client_id,
            ca_file=known.ca_file,
            by_person=known.auth == SignInBy.DEVICE_CODE,
        )

    @answers(CREDENTIAL_REPLACE)
    async def replace(self, context: CallContext, request: ReplaceCredential) -> CredentialRow:
        """Proves the new one, keeps it, and hands it to what is open. Raises CREDENTIAL_INVALID, CREDENTIAL_OF_ANOTHER,
        NOT_PERMITTED, ACCOUNT_UNKNOWN, and what the system or the keyring says."""
        async with self._one_at_a_time:
            permitted = await self._may_administer(context)
            if permitted is False:
                raise not_permitted(Ability.ADMINISTER)
            if request.of.strip().casefold() == DYNAMICS:
                row = await self._replace_of_dynamics(context, request, permitted=bool(permitted))
            else:
                if permitted is None:
                    await context.require(Ability.ADMINISTER)
                row = await self._replace_of_account(context, request)
            await self._resources.connections.renew()
            await asyncio.to_thread(self._renew)
            return row

    async def _may_administer(self, context: CallContext) -> bool | None:
        """None where Dynamics, with what is kept, does not say: the secret may be what has ended."""
        try:
            return Ability.ADMINISTER in await context.abilities()
        except RolesUnknown:
            return None

    async def _replace_of_dynamics(
        self, context: CallContext, request: ReplaceCredential, *, permitted: bool
    ) -> CredentialRow:
        known = await self._organisation()
        given = [bool(each) for each in (request.client_secret, request.certificate, request.signed_in)]
        if given.count(True) != 1 or request.api_password or request.api_user:
            raise _invalid("for Dynamics give exactly one of client_secret, certificate and a person's sign-in")
        if request.signed_in and not kept_sign_in.is_one(request.signed_in):
            raise _invalid("signed_in is not what a sign-in by device code has left")
        secret = request.client_secret or request.signed_in
        if request.certificate:
            try:
                secret = certificate_file.handed_over(request.certificate, self._resources.clock())
            except ValueError as wrong:
                raise _invalid(str(wrong)) from None
        await self._resources.secrets.check(DATAVERSE_SECRET, secret)
        around = self._resources.connections.surroundings
        by = SignInBy.CERTIFICATE if request.certificate else SignInBy.SECRET
        by = SignInBy.DEVICE_CODE if kept_sign_in.is_one(secret) else by
        after = msgspec.structs.replace(known, auth=by, managed_identity="")
        sign_in = sign_in_with(after, secret, around)
        budget = self._resources.connections.budgets.dynamics()
        try:
            async with dataverse_as(sign_in, known, around, patience=AT_FIRST, budget=budget) as dv:
                me = await security.who_am_i(dv)
                if not same_organisation(known, me):
                    raise organisation_replaced(known, me)
                if me.user_id != known.service_user_id:
                    raise _of_another("Dynamics knows who signs in with it as another user than the service's.")
                if not permitted:
                    await self._require_over(dv, context)
        finally:
            await sign_in.close()
        before = await self._of_dynamics(known)
        await self._resources.secrets.set(DATAVERSE_SECRET, secret)
        row = await self._of_dynamics(after)
        await self._keep(context, before, row, lambda c: accounts.sign_in_by(c, after.auth))
        return row

    async def _require_over(self, dv: Dataverse, context: CallContext) -> None:
        person = await self._identities.person(context.uid)
        held = await self._identities.held_by(dv, person.user_id) if person is not None else None
        if held is None or Ability.ADMINISTER not in held.abilities:
            raise not_permitted(Ability.ADMINISTER)

    async def _replace_of_account(self, context: CallContext, request: ReplaceCredential) -> CredentialRow:
        if not request.api_password or request.client_secret or request.certificate or request.signed_in:
            raise _invalid("for an email account give api_password, and api_user where that is another one too")
        account = await chosen_account(self._resources, request.of)
        after = msgspec.structs.replace(account, api_user=request.api_user or account.api_user)
        await self._resources.secrets.check(account_secret(account.id), request.api_password)
        around = self._resources.connections.surroundings
        dd = await dd_account.connect(
            account.endpoint,
            after.api_user,
            request.api_password,
            ca_file=file_named(account.ca_file),
            attempts=AT_FIRST.attempts,
            slow_down_deadline=AT_FIRST.limits,
            sleep=around.sleep,
            transport=around.transport(),
        )
        async with dd:
            info = await dd_account.account_info(dd)
        if info.id != account.platform_id:
            raise _of_another(f"It is that of dotdigital's account {info.id}, and not of {account.platform_id}.")
        row = self._of_account(after)
        before = self._of_account(account)
        # Meanwhile something else may have been learnt of the account.
        put = functools.partial(accounts.sign_in_as, account_id=account.id, api_user=after.api_user)
        async with self._resources.accounts_lock:
            if await self._resources.read(lambda c: accounts.account(c, account.id)) is None:
                raise account_unknown(account.id)
            await self._resources.secrets.set(account_secret(account.id), request.api_password)
            await self._keep(context, before, row, put, account_id=account.id)
        return row

    async def _keep(
        self,
        context: CallContext,
        before: CredentialRow,
        after: CredentialRow,
        put: Callable[[Connection], None],
        account_id: str = "",
    ) -> None:
        person = await self._identities.person(context.uid)
        change = AdminChange(
            subject=_SUBJECT,
            thing=after.of,
            changed_by=person.name if person else "",
            changed_on=self._resources.now(),
            before=_in_words(before),
            after=_in_words(after),
        )

        def keep(c: Connection) -> None:
            put(c)
            admin_changes.record(c, account_id, change)

        await self._resources.write(keep)

    async def _organisation(self) -> Organisation:
        known = await self._resources.read(accounts.organisation)
        if known is None:
            raise not_configured()
        return known

    async def _of_dynamics(self, known: Organisation) -> CredentialRow:
        until, trouble, kind, user = "", "", SignInBy(known.auth), known.client_id
        if not kind.keeps_a_secret:
            return self._of_the_platform(known, kind)
        try:
            secret = await self._resources.secrets.get(DATAVERSE_SECRET)
            if secret is None:
                trouble = "SECRET_MISSING: the keyring holds none"
            elif kept_sign_in.is_one(secret):
                kind, user = SignInBy.DEVICE_CODE, kept_sign_in.user_of(secret)
            elif is_certificate(secret):
                kind, until = SignInBy.CERTIFICATE, text_of(certificate_file.valid_until(secret))
        except DyntuiError as error:
            trouble = f"{error.code}: {error.message}"
        except ValueError:
            trouble = "the certificate cannot be read"
        return CredentialRow(
            of=DYNAMICS,
            kind=kind.in_words,
            user=user,
            valid_until=until,
            kept_in=self._kept_in,
            trouble=trouble,
        )

    def _of_the_platform(self, known: Organisation, kind: SignInBy) -> CredentialRow:
        """Nothing is kept, and nothing ends that dyntui would have to replace."""
        return CredentialRow(
            of=DYNAMICS,
            kind=kind.in_words,
            user=known.managed_identity or known.client_id,
            kept_in="nowhere: the platform says who this machine is",
        )

    def _of_account(self, account: EmailAccount) -> CredentialRow:
        return CredentialRow(of=account.name, kind="API password", user=account.api_user, kept_in=self._kept_in)


def use_cases(parts: Parts) -> CredentialUseCases:
    """What answers these calls."""
    return CredentialUseCases(parts.resources, parts.identities, parts.renew, parts.keyring)


def _in_words(row: CredentialRow) -> str:
    until = f", valid until {row.valid_until}" if row.valid_until else ""
    return f"{row.kind} of {row.user}{until}"


def _invalid(why: str) -> DyntuiError:
    return DyntuiError(
        "CREDENTIAL_INVALID",
        f"This cannot be used: {why}{'' if why.endswith('.') else '.'}",
        not_done="Nothing was changed; the service signs in as before.",
        remedy="See `dyntui credentials replace --help`.",
        exit=Exit.USAGE,
    )


def _of_another(why: str) -> DyntuiError:
    return DyntuiError(
        "CREDENTIAL_OF_ANOTHER",
        why,
        not_done="Nothing was changed; the service signs in as before.",
        remedy="Give the secret of what is connected; `dyntui setup` and `dyntui accounts add` connect another.",
        exit=Exit.USAGE,
    )
