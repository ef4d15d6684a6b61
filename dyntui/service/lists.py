"""Marketing lists as people see them: refreshed from Dynamics, activated for email, their members with outcomes."""

from __future__ import annotations

import asyncio

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from dyntui.dataverse.lists import MEMBER_TABLES, MarketingList
from dyntui.dataverse.query import guid
from dyntui.dotdigital import address_books
from dyntui.model import solution
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.membership_actions import offered
from dyntui.model.sync_types import LISTS, Narrowed, asked_of
from dyntui.service import list_books, list_settings, simulating, targets
from dyntui.service.answering import answers
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_MEMBERS,
    LIST_SIMULATE,
    LIST_VIEWS,
    LISTS_CHANGED,
    LISTS_PAGE,
    LISTS_REFRESH,
    Activate,
    EditList,
    ListDetail,
    ListRef,
    ListRow,
    ListsQuery,
    MemberRow,
    MembersQuery,
    SavedViews,
    Simulation,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Identities
from dyntui.service.list_books import refused
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts, list_window, member_window, members, runs
from dyntui.store import lists as list_store
from dyntui.store.accounts import EmailAccount
from dyntui.store.lists import RemoteList, StoredList
from dyntui.sync import list_state

UNKNOWN_TYPE = "other"
# The column takes 2,000 characters (attribute metadata of `description`).
_LONGEST_DESCRIPTION = 2000
# What is kept of a query is only shown; it is run as Dynamics has it.
_LONGEST_QUERY = 20_000


class _Row(list_state.ListRow, frozen=True, kw_only=True):
    """A marketing list with the connector's own columns."""

    account_id: str | None = msgspec.field(name="_dyntui_emailaccountid_value", default=None)


class _Name(msgspec.Struct, frozen=True):
    ownerid: str = msgspec.field(name="systemuserid", default="")
    name: str | None = msgspec.field(name="fullname", default="")


class Lists:
    """The calls of `lists.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities
        # A reading of all lists must not undo what somebody sets meanwhile, and a book is linked by one at a time.
        self._settings = asyncio.Lock()
        self._reading: dict[str, asyncio.Task[None]] = {}

    @answers(LISTS_PAGE)
    async def page(self, context: CallContext, request: ListsQuery) -> Page[ListRow]:
        """A window on the lists as last read; the first time they are read now."""
        as_of = await self._resources.read(list_store.as_of)
        if not as_of:
            await self.refresh(context, Nothing())
            context.changed(LISTS_CHANGED)
            as_of = await self._resources.read(list_store.as_of)
        person = await self._identities.person(context.uid)
        user_id = person.user_id if person else ""
        found = await self._resources.read(lambda c: list_window.window(c, request, view=request.view, user_id=user_id))
        return msgspec.structs.replace(found, as_of=as_of)

    @answers(LISTS_REFRESH)
    async def refresh(self, context: CallContext, request: Nothing) -> Nothing:
        """Reads all marketing lists from Dynamics again."""
        async with self._settings:
            dv = await self._resources.connections.dataverse()
            found = await dv_lists.marketing_lists(dv, _Row)
            owners = {each.owner_id for each in found if each.owner_id}
            names: dict[str, str] = {}
            async for page in dv_rows.pages(dv, "systemusers", _Name):
                names.update((row.ownerid, row.name or "") for row in page.rows if row.ownerid in owners)
            rows = [_remote(each, names) for each in found]
            read_on = self._resources.now()

            def keep(c: Connection) -> None:
                list_store.put(c, rows, read_on)
                list_store.forget_unread(c, read_on)

            await self._resources.write(keep)
        return Nothing()

    @answers(LIST_GET)
    async def get(self, context: CallContext, request: ListRef) -> ListDetail:
        """A list's page."""
        known = await self._known(request.id)
        rows = await self._resources.read(lambda c: list_window.rows(c, (known.id,)))
        if not rows:
            raise _unknown(known.id)
        counts = await self._resources.read(lambda c: members.counts(c, known.id))
        run = await self._resources.read(lambda c: runs.active(c, LISTS.key(known.account_id)))
        named = asked_of(run.request, Narrowed).lists if run is not None else ()
        mine = run is not None and (not named or known.id in named)
        settings, misfit = list_settings.told(known)
        return ListDetail(
            row=rows[0],
            description=known.description,
            address_book=known.book_name,
            address_book_id=known.book_id,
            counts=counts,
            last_run=known.last_run_id,
            active_run=run.id if run is not None and mine else "",
            query=known.query,
            as_of=known.read_on,
            settings=settings,
            misfit=misfit,
            offered=offered(known.member_type, known.dynamic),
        )

    @answers(LIST_EDIT)
    async def edit(self, context: CallContext, request: EditList) -> ListDetail:
        """Other settings for a list, written to its row in the person's own name. Raises LIST_SETTING_MISFIT,
        VIEW_UNKNOWN, VIEW_AMBIGUOUS."""
        async with self._settings:
            known = await self._known(request.id)
            dv = await self._resources.connections.dataverse()
            chosen = await list_settings.chosen(dv, known, request)
            row = list_settings.columns(chosen)
            person = await self._identities.person(context.uid)
            await dv_rows.update(dv, "lists", guid(known.id), row, caller=person.object_id if person else None)
            await self._resources.write(lambda c: list_store.configure(c, known.id, chosen))
        return await self.get(context, ListRef(request.id))

    @answers(LIST_VIEWS)
    async def views(self, context: CallContext, request: ListRef) -> SavedViews:
        """The saved views that a list's subscription filter can name."""
        known = await self._known(request.id)
        dv = await self._resources.connections.dataverse()
        return SavedViews(tuple(await list_settings.views(dv, known.member_type)))

    @answers(LIST_SIMULATE)
    async def simulate(self, context: CallContext, request: ListRef) -> Simulation:
        """What each setting would come to, before one is chosen. Raises LIST_UNKNOWN, LIST_NOT_ACTIVATED."""
        known = await self._known(request.id)
        if known.people is None:
            await self._read_together(known)
        return await simulating.simulate(self._resources, await self._known(request.id))

    @answers(LIST_ACTIVATE)
    async def activate(self, context: CallContext, request: Activate) -> ListDetail:
        """Activates a list for email: makes or links its address book, also where the list was activated before and its
        book is gone. What is written carries the person's name."""
        async with self._settings:
            known = await self._known(request.id)
            account = await self._account_for(known, request.account)
            dd = await self._resources.connections.dotdigital(account.id)
            if not known.activated or await address_books.address_book(dd, known.book_id) is None:
                if not known.active:
                    raise refused(known, "LIST_INACTIVE", "is inactive in Dynamics.", "Reactivate it in Dynamics.")
                if known.member_type == UNKNOWN_TYPE:
                    raise refused(
                        known,
                        "LIST_TYPE_UNKNOWN",
                        "has members of another kind than accounts, contacts or leads.",
                        "Choose another list, or correct its member type in Dynamics and refresh the lists.",
                    )
                book, made = await list_books.book_of(self._resources, dd, known, account, link=request.link)
                try:
                    await self._write(context, known.id, account.id, book.id)
                except DataverseError as error:
                    if not made or isinstance(error, UnknownOutcome):
                        # Not ours to take away; or the answer was lost, and the list may be activated.
                        raise
                    raise await list_books.undone(dd, book, error) from error
                await self._resources.write(lambda c: list_store.activate(c, known.id, account.id, book.id, book.name))
        return await self.get(context, ListRef(request.id))

    async def _account_for(self, known: StoredList, named: str) -> EmailAccount:
        """The email account that the list is to be activated for: its own, where it is activated. Raises LIST_ACTIVATED
        for another one."""
        own = await self._resources.read(lambda c: accounts.account(c, known.account_id)) if known.activated else None
        if own is None:
            return await chosen_account(self._resources, named)
        if named not in ("", own.id, own.name):
            raise refused(
                known,
                "LIST_ACTIVATED",
                f"is activated for the email account {own.name!r} already.",
                f"Deactivate it first: `dyntui lists deactivate {known.id}`.",
            )
        return own

    @answers(LIST_DEACTIVATE)
    async def deactivate(self, context: CallContext, request: ListRef) -> ListDetail:
        """Stops synchronising a list; its address book stays as it is."""
        async with self._settings:
            known = await self._known(request.id)
            if known.activated:
                await self._write(context, known.id, "", known.book_id)
                await self._resources.write(lambda c: list_store.deactivate(c, known.id))
        return await self.get(context, request)

    @answers(LIST_MEMBERS)
    async def members(self, context: CallContext, request: MembersQuery) -> Page[MemberRow]:
        """A window on the members; a list that was never read is read from Dynamics first."""
        known = await self._known(request.list)
        if known.people is None:
            await self._read_together(known)
        found = await self._resources.read(
            lambda c: member_window.window(
                c, request, list_id=request.list, outcome=request.outcome, reason=request.reason
            )
        )
        return msgspec.structs.replace(found, as_of=known.last_synced or known.read_on)

    async def _read_together(self, known: StoredList) -> None:
        """Whoever opens a list while its members are read waits for that reading; nobody starts a second one."""
        task = self._reading.get(known.id)
        if task is None:
            task = self._reading[known.id] = asyncio.create_task(self._read_members(known))
            task.add_done_callback(lambda _: self._reading.pop(known.id))
        await asyncio.shield(task)

    async def _read_members(self, known: StoredList) -> None:
        dv = await self._resources.connections.dataverse()
        row = await dv_lists.marketing_list(dv, known.id, list_state.ListRow)
        if row is not None:
            await targets.read_present(self._resources, await list_state.read_by(dv, row), known)

    async def _known(self, list_id: str) -> StoredList:
        known = await self._resources.read(lambda c: list_store.get(c, list_id))
        if known is None:
            raise _unknown(list_id)
        return known

    async def _write(self, context: CallContext, list_id: str, account_id: str, book_id: int) -> None:
        """The list's settings in Dynamics, in the person's own name."""
        person = await self._identities.person(context.uid)
        dv = await self._resources.connections.dataverse()
        row: dict[str, object] = {"dyntui_activated": bool(account_id), "dyntui_bookid": book_id or None}
        if account_id:
            row["dyntui_EmailAccountId@odata.bind"] = f"/{solution.EMAIL_ACCOUNT.entity_set}({account_id})"
        await dv_rows.update(dv, "lists", guid(list_id), row, caller=person.object_id if person else None)


def use_cases(parts: Parts) -> Lists:
    """What answers these calls."""
    return Lists(parts.resources, parts.identities)


def _remote(row: _Row, owners: dict[str, str]) -> RemoteList:
    return RemoteList(
        id=row.id,
        name=row.name,
        member_type=_member_type(row),
        dynamic=row.dynamic,
        description=(row.description or "")[:_LONGEST_DESCRIPTION],
        query=(row.query or "")[:_LONGEST_QUERY],
        member_count=None if row.dynamic else row.member_count,
        active=row.state == 0,
        locked=bool(row.locked),
        owner_id=row.owner_id or "",
        owner=owners.get(row.owner_id or "", ""),
        modified_on=row.modified_on or "",
        activated=bool(row.activated),
        account_id=row.account_id or "",
        book_id=row.book_id or 0,
        sync_order=row.sync_order if row.sync_order is not None else 1000,
        manual_only=bool(row.manual_only),
        membership_action=row.chosen_action,
        subscription_filter=row.chosen_filter,
        clear_on_send=bool(row.clear_on_send),
    )


def _member_type(row: MarketingList) -> str:
    """Of a list whose members nobody has documented, or whose type cannot be read: shown, and never activated."""
    table = MEMBER_TABLES.get(row.member_code)
    return UNKNOWN_TYPE if table is None else table.logical_name


def _unknown(list_id: str) -> DyntuiError:
    return DyntuiError(
        "LIST_UNKNOWN",
        f"There is no marketing list {list_id!r}.",
        not_done="Nothing was read or changed.",
        remedy="Refresh the lists; it may have been deleted in Dynamics.",
        exit=Exit.USAGE,
    )
