"""The connected email accounts: which there are, one more, and their settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows
from dyntui.model import solution
from dyntui.model.accounts import AccountRow
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service import email_accounts
from dyntui.service.answering import answers
from dyntui.service.contract.accounts import ACCOUNT_ADD, ACCOUNT_EDIT, ACCOUNTS_LIST, Accounts, EditAccount
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import account_window
from dyntui.store import accounts as store
from dyntui.store.accounts import EmailAccount
from dyntui.sync.connections import account_secret, not_configured


class EmailAccounts:
    """The calls of `accounts.*`. `reconnect` makes the runs forget the connections they have open."""

    def __init__(self, resources: Resources, reconnect: Callable[[], None]) -> None:
        self._resources = resources
        self._reconnect = reconnect
        self._one_at_a_time = asyncio.Lock()

    @answers(ACCOUNTS_LIST)
    async def page(self, context: CallContext, request: Nothing) -> Accounts:
        """All of them, the default one first."""
        return Accounts(rows=tuple(await self._resources.read(account_window.rows)))

    @answers(ACCOUNT_ADD)
    async def add(self, context: CallContext, request: EmailAccountInput) -> AccountRow:
        """Connects one more: proved first, then kept. Raises NOT_CONFIGURED, ACCOUNT_INVALID, ACCOUNT_NAME_TAKEN,
        ACCOUNT_CONNECTED, and what dotdigital or the keyring says."""
        wrong = ([] if request.name.strip() else ["it needs a name"]) + email_accounts.wrong_with(request)
        if wrong:
            raise _refused("ACCOUNT_INVALID", "The email account cannot be used: " + "; ".join(wrong) + ".")
        async with self._one_at_a_time:
            organisation = await self._resources.read(store.organisation)
            if organisation is None:
                raise not_configured()
            known = await self._resources.read(store.accounts)
            _require_free_name(request.name, known)
            proved = await email_accounts.prove(request, self._resources.connections.surroundings)
            already = [each.name for each in known if each.platform_id == proved.platform_id]
            if already:
                raise _refused(
                    "ACCOUNT_CONNECTED",
                    f"dotdigital's account {proved.platform_id} is connected already, as {already[0]!r}.",
                    remedy=f"See `dyntui accounts show {already[0]}`; `dyntui setup` changes how it is reached.",
                )
            dv = await self._resources.connections.dataverse()
            found = await email_accounts.ids(self._resources, dv, organisation.organisation_id, [proved.platform_id])
            await self._resources.secrets.check(account_secret(found[proved.platform_id]), request.api_password)
            kept = await email_accounts.keep_in_dynamics(self._resources, dv, organisation.organisation_id, [proved])
            await self._resources.write(lambda c: email_accounts.keep(c, kept))
            await email_accounts.heed_budgets(self._resources, kept, [proved])
            if request.is_default:
                await self._tell_who_is_default(known)
            await self._resources.connections.close()
            await asyncio.to_thread(self._reconnect)
            return await self._row(kept[0].id)

    @answers(ACCOUNT_EDIT)
    async def edit(self, context: CallContext, request: EditAccount) -> AccountRow:
        """Changes an account's settings. Raises ACCOUNT_UNKNOWN, ACCOUNT_NAME_TAKEN."""
        async with self._one_at_a_time:
            before = await chosen_account(self._resources, request.account)
            others = [each for each in await self._resources.read(store.accounts) if each.id != before.id]
            wanted = {
                "name": request.name,
                "description": request.description,
                "is_default": True if request.make_default else None,
                "copies_suppressions": request.copies_suppressions,
                "new_respondents": request.new_respondents,
            }
            after = msgspec.structs.replace(
                before, **{name: value for name, value in wanted.items() if value is not None}
            )
            if after.name != before.name:
                _require_free_name(after.name, others)
            dv = await self._resources.connections.dataverse()
            row = email_accounts.account_row(after)
            if row != email_accounts.account_row(before):
                await rows.update(dv, solution.EMAIL_ACCOUNT.entity_set, after.id, row)
            await self._resources.write(lambda c: store.put_account(c, after))
            if after.is_default and not before.is_default:
                await self._tell_who_is_default(others)
            return await self._row(after.id)

    async def _tell_who_is_default(self, others: list[EmailAccount]) -> None:
        """Those that are not the default one any more, in Dynamics as well."""
        dv = await self._resources.connections.dataverse()
        for each in others:
            if each.is_default:
                await rows.update(dv, solution.EMAIL_ACCOUNT.entity_set, each.id, {"dyntui_isdefault": False})

    async def _row(self, account_id: str) -> AccountRow:
        def one(c: Connection) -> AccountRow:
            return next(each for each in account_window.rows(c) if each.id == account_id)

        return await self._resources.read(one)


def use_cases(parts: Parts) -> EmailAccounts:
    """What answers these calls."""
    return EmailAccounts(parts.resources, parts.reconnect)


def _require_free_name(name: str, others: list[EmailAccount]) -> None:
    if name.strip().casefold() in {each.name.casefold() for each in others}:
        raise _refused("ACCOUNT_NAME_TAKEN", f"Another email account is called {name!r} already.")


def _refused(code: str, message: str, remedy: str = "Correct what is named, and try again.") -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was connected or changed.", remedy=remedy, exit=Exit.USAGE)
