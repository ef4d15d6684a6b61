"""Marketing lists as people see them: refreshed from Dynamics, activated for email, their members with outcomes."""

from __future__ import annotations

import asyncio
import functools
import logging

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse import security
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid
from dyntui.dataverse.views import saved_views
from dyntui.dotdigital import address_books
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.membership_actions import offered
from dyntui.model.sync_types import LISTS, Narrowed, asked_of
from dyntui.service import former_books, list_books, list_definitions, list_settings, simulating, targets
from dyntui.service.answering import answers
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_COUNT_FOUND,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_GROWTH,
    LIST_MEMBERS,
    LIST_NEW,
    LIST_SIMULATE,
    LIST_VIEWS,
    LISTS_CHANGED,
    LISTS_PAGE,
    LISTS_REFRESH,
    Activate,
    CountFound,
    EditList,
    FoundCount,
    ListDetail,
    ListGrowth,
    ListRef,
    ListRow,
    ListsQuery,
    MemberRow,
    MembersQuery,
    NewList,
    SavedView,
    SavedViews,
    Simulation,
    ViewsQuery,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Identities
from dyntui.service.list_books import refused
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts, list_growth, list_window, member_window, members, runs
from dyntui.store import lists as list_store
from dyntui.store.accounts import EmailAccount
from dyntui.store.lists import StoredList
from dyntui.sync import list_rows, list_state
from dyntui.sync.list_rows import UNKNOWN_TYPE

log = logging.getLogger(__name__)


class Lists:
    """The calls of `lists.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities
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
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        found = await self._resources.read(
            lambda c: list_window.window(c, request, view=request.view, user_id=user_id, account_id=account_id)
        )
        return msgspec.structs.replace(found, as_of=as_of)

    @answers(LISTS_REFRESH)
    async def refresh(self, context: CallContext, request: Nothing) -> Nothing:
        """Reads all marketing lists from Dynamics again."""
        async with self._resources.lists_lock:
            dv = await self._resources.connections.dataverse()
            rows = await list_rows.read_all(dv)
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

    @answers(LIST_NEW)
    async def new(self, context: CallContext, request: NewList) -> ListDetail:
        """Makes a marketing list in Dynamics, in the person's own name. Its id is chosen here, so that a lost answer
        makes no second one. Raises LIST_MISFIT, LIST_NAME_TAKEN, VIEW_UNKNOWN, VIEW_AMBIGUOUS, QUERY_REFUSED."""
        async with self._resources.lists_lock:
            dv = await self._resources.connections.dataverse()
            caller = await self._identities.caller(context.uid)
            others = await self._resources.read(list_store.everything)
            row = await list_definitions.new_columns(dv, request, others, caller)
            made = self._resources.ids()
            await dv_rows.create(dv, "lists", row, id_column="listid", row_id=made, caller=caller)
            await self._read_again(dv, made)
        return await self.get(context, ListRef(made))

    @answers(LIST_EDIT)
    async def edit(self, context: CallContext, request: EditList) -> ListDetail:
        """What of a list is to be otherwise, written to its row in the person's own name. Raises LIST_INACTIVE,
        LIST_SETTING_MISFIT, and what `new` raises."""
        async with self._resources.lists_lock:
            known = await self._known(request.id)
            if not known.active:
                raise list_definitions.inactive(known)
            dv = await self._resources.connections.dataverse()
            caller = await self._identities.caller(context.uid)
            others = await self._resources.read(list_store.everything)
            defined = await list_definitions.changed_columns(dv, known, request, others, caller)
            row = dict(defined)
            chosen = await list_settings.chosen(dv, known, request) if list_settings.asked_for(request) else None
            if chosen is not None:
                row |= list_settings.columns(chosen)
            if row:
                await dv_rows.update(dv, "lists", guid(known.id), row, caller=caller)
            if chosen is not None:
                settings = chosen
                await self._resources.write(lambda c: list_store.configure(c, known.id, settings))
            if defined:
                await self._read_again(dv, known.id)
        return await self.get(context, ListRef(request.id))

    async def _read_again(self, dv: Dataverse, list_id: str) -> None:
        """One list as Dynamics has it now; as of when all of them are known is as before."""
        found = await dv_lists.marketing_list(dv, list_id, list_state.ListRow)
        if found is None:
            raise _unknown(list_id)
        owner = await security.user(dv, found.owner_id) if found.owner_id else None
        row = list_rows.remote(found, {owner.id: owner.name or ""} if owner is not None else {})
        as_of = await self._resources.read(list_store.as_of) or self._resources.now()
        await self._resources.write(lambda c: list_store.put(c, [row], as_of))

    @answers(LIST_VIEWS)
    async def views(self, context: CallContext, request: ViewsQuery) -> SavedViews:
        """The saved views that a list's subscription filter can name, or by which members can be found."""
        member_type = (await self._known(request.id)).member_type if request.id else request.member_type
        dv = await self._resources.connections.dataverse()
        caller = await self._identities.caller(context.uid) if request.own else None
        found = await saved_views(dv, member_type, caller=caller)
        return SavedViews(tuple(SavedView(id=each.id, name=each.name, personal=each.personal) for each in found))

    @answers(LIST_COUNT_FOUND)
    async def count_found(self, context: CallContext, request: CountFound) -> FoundCount:
        """How many records a view or a query finds for the person, as Dynamics counts them now."""
        dv = await self._resources.connections.dataverse()
        caller = await self._identities.caller(context.uid)
        found = await list_definitions.found(dv, request.member_type, request.view, request.query, caller)
        return FoundCount(people=found.people, view=found.view, relative=found.relative)

    @answers(LIST_GROWTH)
    async def growth(self, context: CallContext, request: ListRef) -> ListGrowth:
        """How many people the list has had, day by day. Raises LIST_UNKNOWN."""
        known = await self._known(request.id)
        found = await self._resources.read(lambda c: list_growth.points(c, known.id))
        return ListGrowth(list=known.name, points=found)

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
        async with self._resources.lists_lock:
            known = await self._known(request.id)
            account = await self._account_for(known, request.account)
            dd = await self._resources.connections.dotdigital(account.id)
            mine = known.activated and known.account_id == account.id
            if mine and await address_books.address_book(dd, known.book_id) is not None:
                await self._say_again(context, known)
            else:
                await self._bind(context, dd, known, account, link=request.link)
        return await self.get(context, ListRef(request.id))

    async def _bind(
        self, context: CallContext, dd: Dotdigital, known: StoredList, account: EmailAccount, *, link: bool
    ) -> None:
        if not known.active:
            raise refused(known, "LIST_INACTIVE", "is inactive in Dynamics.", "Reactivate it in Dynamics.")
        if known.member_type == UNKNOWN_TYPE:
            raise refused(
                known,
                "LIST_TYPE_UNKNOWN",
                "has members of another kind than accounts, contacts or leads.",
                "Choose another list, or correct its member type in Dynamics and refresh the lists.",
            )
        await former_books.learn_who_left(self._resources, known, account.id)
        book, made = await list_books.book_of(self._resources, dd, known, account, link=link)
        try:
            await self._write(context, known.id, account.id, book.id)
        except DataverseError as error:
            if not made or isinstance(error, UnknownOutcome):
                # Not ours to take away; or the answer was lost, and the list may be activated.
                raise
            raise await list_books.undone(dd, book, error) from error
        await self._resources.write(lambda c: list_store.activate(c, known.id, account.id, book.id, book.name))

    async def _say_again(self, context: CallContext, known: StoredList) -> None:
        """Somebody may have said otherwise in Dynamics of a list that is activated here."""
        dv = await self._resources.connections.dataverse()
        row = await dv_lists.marketing_list(dv, known.id, list_state.ListRow)
        said = row and (row.activated, row.account_id, row.book_id)
        if said not in (None, (True, known.account_id, known.book_id)):
            await self._write(context, known.id, known.account_id, known.book_id)

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
        """Stops synchronising a list, also one that was deleted in Dynamics; its address book stays as it is."""
        async with self._resources.lists_lock:
            known = await self._known(request.id)
            if known.activated:
                try:
                    await self._write(context, known.id, "", known.book_id)
                except DataverseError as error:
                    if error.code != "DATAVERSE_ROW_GONE":
                        raise
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
            task.add_done_callback(functools.partial(self._have_read, known.id))
        await asyncio.shield(task)

    def _have_read(self, list_id: str, task: asyncio.Task[None]) -> None:
        del self._reading[list_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Who waits is told; whoever asked may have gone away.
            log.info("the members of the list %s could not be read: %s", list_id, error)

    async def close(self) -> None:
        """Gives up what is being read."""
        tasks = list(self._reading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        caller = await self._identities.caller(context.uid)
        dv = await self._resources.connections.dataverse()
        row: dict[str, object] = {"dyntui_activated": bool(account_id), "dyntui_bookid": book_id or None}
        if account_id:
            row["dyntui_EmailAccountId@odata.bind"] = f"/{solution.EMAIL_ACCOUNT.entity_set}({account_id})"
        await dv_rows.update(dv, "lists", guid(list_id), row, caller=caller)


def use_cases(parts: Parts) -> Lists:
    """What answers these calls."""
    return Lists(parts.resources, parts.identities)


def _unknown(list_id: str) -> DyntuiError:
    return DyntuiError(
        "LIST_UNKNOWN",
        f"There is no marketing list {list_id!r}.",
        not_done="Nothing was read or changed.",
        remedy="Refresh the lists; it may have been deleted in Dynamics.",
        exit=Exit.USAGE,
    )
