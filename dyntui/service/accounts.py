"""The connected email accounts: which there are, one more, and their settings."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows, security
from dyntui.model import solution
from dyntui.model.accounts import AccountRow, name_fault
from dyntui.model.admin_changes import AdminChange
from dyntui.model.campaign_results import LEVELS
from dyntui.model.counted import counted
from dyntui.model.created_records import placeholder_fault
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import moment_of
from dyntui.service import email_accounts, last_reading
from dyntui.service.answering import answers
from dyntui.service.contract.accounts import (
    ACCOUNT_ADD,
    ACCOUNT_DISCONNECT,
    ACCOUNT_EDIT,
    ACCOUNTS_LIST,
    Accounts,
    DisconnectAccount,
    EditAccount,
)
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import account_window, admin_changes, runs, sends, suppressions, taken_off
from dyntui.store import accounts as store
from dyntui.store.accounts import EmailAccount
from dyntui.store.sends import Kept
from dyntui.sync import kept_books
from dyntui.sync.connections import account_secret, account_unknown, not_configured

_SETTINGS = (
    "name",
    "description",
    "is_default",
    "sync_level",
    "reads_opens",
    "reads_clicks",
    "reads_page_views",
    "reads_roi",
    "copies_suppressions",
    "suppression_flags",
    "takes_off_unsubscribed",
    "takes_off_suppressed",
    "new_respondents",
    "removal_people",
    "removal_percent",
    "budget_percent",
    "lead_topic",
    "last_name",
    "record_owner",
)


class EmailAccounts:
    """The calls of `accounts.*`. `reconnect` makes the runs forget the connections they have open."""

    def __init__(self, resources: Resources, reconnect: Callable[[], None]) -> None:
        self._resources = resources
        self._reconnect = reconnect

    @answers(ACCOUNTS_LIST)
    async def page(self, context: CallContext, request: Nothing) -> Accounts:
        """All of them, the default one first."""
        return Accounts(rows=tuple(await self._resources.read(account_window.rows)))

    @answers(ACCOUNT_ADD)
    async def add(self, context: CallContext, request: EmailAccountInput) -> AccountRow:
        """Connects one more: proved first, then kept. Raises NOT_CONFIGURED, ACCOUNT_INVALID, ACCOUNT_NAME_TAKEN,
        ACCOUNT_CONNECTED, and what dotdigital or the keyring says."""
        if wrong := email_accounts.wrong_with(request):
            raise _refused("ACCOUNT_INVALID", "The email account cannot be used: " + "; ".join(wrong) + ".")
        async with self._resources.accounts_lock:
            organisation = await self._resources.read(store.organisation)
            if organisation is None:
                raise not_configured()
            known = await self._resources.read(store.accounts)
            email_accounts.require_free_name(request.name, [each.name for each in known])
            proved = await email_accounts.prove(request, self._resources.connections.surroundings)
            already = [each.name for each in known if each.platform_id == proved.platform_id]
            if already:
                raise _refused(
                    "ACCOUNT_CONNECTED",
                    f"dotdigital's account {proved.platform_id} is connected already, as {already[0]!r}.",
                    remedy=f"See `dyntui accounts show {shlex.quote(already[0])}`; `dyntui setup` changes how it is"
                    " reached.",
                )
            dv = await self._resources.connections.dataverse()
            found = await email_accounts.ids(self._resources, dv, organisation.organisation_id, [proved.platform_id])
            await self._resources.secrets.check(account_secret(found[proved.platform_id]), request.api_password)
            kept = await email_accounts.keep_in_dynamics(self._resources, dv, organisation.organisation_id, [proved])
            await email_accounts.keep_passwords(self._resources, kept, [proved])
            await self._resources.write(lambda c: email_accounts.keep(c, kept))
            await email_accounts.heed_budgets(self._resources, kept, [proved])
            if request.is_default:
                await email_accounts.tell_who_is_default(dv, known)
            await self._resources.connections.forget()
            await asyncio.to_thread(self._reconnect)
            return await self._row(kept[0].id)

    @answers(ACCOUNT_EDIT)
    async def edit(self, context: CallContext, request: EditAccount) -> AccountRow:
        """Changes an account's settings. Raises ACCOUNT_UNKNOWN, ACCOUNT_INVALID, ACCOUNT_NAME_TAKEN."""
        if request.sync_level is not None and request.sync_level not in LEVELS:
            raise _refused("ACCOUNT_INVALID", f"The sync level is one of {', '.join(LEVELS)}.")
        if request.name is not None and (fault := name_fault(request.name)):
            raise _refused("ACCOUNT_INVALID", f"An email account cannot be called so: {fault}.")
        for pattern in (request.lead_topic, request.last_name):
            if pattern and (fault := placeholder_fault(pattern)):
                raise _refused("ACCOUNT_INVALID", f"{fault}.")
        async with self._resources.accounts_lock:
            before = await chosen_account(self._resources, request.account)
            others = [each for each in await self._resources.read(store.accounts) if each.id != before.id]
            wanted = {name: getattr(request, name) for name in _SETTINGS if name != "is_default"}
            wanted["is_default"] = True if request.make_default else None
            wanted["name"] = request.name.strip() if request.name is not None else None
            chosen = {name: value for name, value in wanted.items() if value is not None}
            after = msgspec.structs.replace(before, **chosen)
            if after.name != before.name:
                email_accounts.require_free_name(after.name, [each.name for each in others])
            dv = await self._resources.connections.dataverse()
            if request.record_owner and await security.user_by_name(dv, request.record_owner) is None:
                raise _refused("ACCOUNT_INVALID", f"Dynamics has no user {request.record_owner!r} who is enabled.")
            row = email_accounts.account_row(after)
            if row != email_accounts.account_row(before):
                await rows.update(dv, solution.EMAIL_ACCOUNT.entity_set, after.id, row)
            change = await self._change(context, "settings", _in_words(before), _in_words(after))

            def keep(c: Connection) -> None:
                # Meanwhile something else may have been learnt of the account; nobody else disconnects it.
                known = store.account(c, before.id)
                if known is None:
                    raise account_unknown(before.id)
                store.put_account(c, msgspec.structs.replace(known, **chosen))
                if not email_accounts.flags_of(after) <= email_accounts.flags_of(known):
                    suppressions.tell_all_again(c, after.id)
                if after.takes_off_unsubscribed and not known.takes_off_unsubscribed:
                    taken_off.begin_anew(c, after.id)
                if change.before != change.after:
                    admin_changes.record(c, after.id, change)

            await self._resources.write(keep)
            if after.is_default and not before.is_default:
                await email_accounts.tell_who_is_default(dv, others)
            return await self._row(after.id)

    @answers(ACCOUNT_DISCONNECT)
    async def disconnect(self, context: CallContext, request: DisconnectAccount) -> Accounts:
        """Uses an account no more: who has opted out there is read a last time, nothing of it runs by itself, its
        password is forgotten, and what is known of people stays. Its row in Dynamics stays too: campaigns and results
        belong to it. Raises ACCOUNT_UNKNOWN, ACCOUNT_IN_USE."""
        # No list is activated for it meanwhile.
        async with self._resources.accounts_lock, self._resources.lists_lock:
            chosen = await chosen_account(self._resources, request.account)
            await self._resources.read(lambda c: _require_unused(c, chosen, self._resources.clock()))
            unread = await last_reading.learn_who_opted_out(self._resources, chosen.id)
            said = f"disconnected; {unread}" if unread else "disconnected"
            change = await self._change(context, "connection", _in_words(chosen), said)

            def forget(c: Connection) -> None:
                _require_unused(c, chosen, self._resources.clock())
                store.forget_account(c, chosen.id)
                admin_changes.record(c, chosen.id, change)

            await self._resources.write(forget)
            await self._resources.secrets.delete(account_secret(chosen.id))
            await self._resources.connections.forget()
            await asyncio.to_thread(self._reconnect)
            return Accounts(rows=tuple(await self._resources.read(account_window.rows)))

    async def _change(self, context: CallContext, thing: str, before: str, after: str) -> AdminChange:
        person = await self._resources.read(lambda c: store.person(c, context.uid))
        return AdminChange(
            subject="accounts",
            thing=thing,
            changed_by=person.name if person else "",
            changed_on=self._resources.now(),
            before=before,
            after=after,
        )

    async def _row(self, account_id: str) -> AccountRow:
        def one(c: Connection) -> AccountRow:
            return next(each for each in account_window.rows(c) if each.id == account_id)

        return await self._resources.read(one)


def use_cases(parts: Parts) -> EmailAccounts:
    """What answers these calls."""
    return EmailAccounts(parts.resources, parts.reconnect)


def _require_unused(c: Connection, chosen: EmailAccount, now: datetime) -> None:
    """Raises DyntuiError ACCOUNT_IN_USE, which names what still needs the account."""
    lists = next(each.lists for each in account_window.rows(c) if each.id == chosen.id)
    used: list[str] = []
    if lists:
        are = counted(lists, "marketing list is", "marketing lists are")
        used.append(f"{are} activated for it (`dyntui lists deactivate`)")
    if runs.under_way(c, chosen.id):
        used.append("runs of it are under way (`dyntui audit list`)")
    if any(each.account_id == chosen.id for each in sends.held(c)):
        used.append("sends of it wait for their hour (`dyntui sends list --view held`)")
    if any(_is_read(each, now) for each in sends.with_books(c, chosen.id)):
        used.append("the books of its last sends are still read for unsubscribes, for two weeks after a send")
    if len(store.accounts(c)) == 1:
        used.append("it is the only one")
    elif chosen.is_default:
        used.append("it is the default one (`dyntui accounts edit OTHER --default`)")
    if used:
        raise _refused("ACCOUNT_IN_USE", f"{chosen.name} cannot be disconnected: {'; '.join(used)}.")


def _is_read(kept: Kept, now: datetime) -> bool:
    """Whether the book of a send is still read. One that could not be removed for a day after its time is in an account
    that was closed, or takes its password no more: nobody will."""
    since = moment_of(kept.settled_on)
    return since is None or now - since < kept_books.KEPT + timedelta(days=1)


def _in_words(account: EmailAccount) -> str:
    """The settings of an account, for the history of changes; no secret is among them."""
    known = msgspec.structs.asdict(account)
    return ", ".join(f"{name} {known[name]}" for name in _SETTINGS)


def _refused(code: str, message: str, remedy: str = "Correct what is named, and try again.") -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was connected or changed.", remedy=remedy, exit=Exit.USAGE)
