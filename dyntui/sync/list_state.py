"""A marketing list and its address book as they are at this moment: asked fresh, and refused by name before any member
is read where the list is not to be synchronised, counted or sent to.

Public:
    as_it_is(dv, chosen) -> ListNow              LIST_GONE, LIST_INACTIVE, LIST_TYPE_CHANGED, LIST_NOT_ACTIVATED, ...
    activated(dv) -> [ListRow]                   all activated lists
    read_by(dv, row) -> ListNow                  in whose name its members are read; LIST_OWNER_NOT_A_PERSON
    book_as_it_is(dd, chosen) -> AddressBook     BOOK_GONE
    rename_book(dd, chosen, book, name) -> str   the book's name afterwards; BOOK_NAME_... when the name is not free
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import security
from dyntui.dataverse.errors import PAGING_COOKIE, THROTTLED, DataverseError
from dyntui.dataverse.fetchxml import asked_about, relative_to_caller
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.dataverse.query import is_guid
from dyntui.dataverse.reading import Whole
from dyntui.dataverse.security import User
from dyntui.dotdigital import address_books
from dyntui.dotdigital.address_books import AddressBook
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.list_settings import ORDER, ListSettings, Misfit, check, settings_of
from dyntui.model.membership_actions import OF_CODE, MembershipAction
from dyntui.store import crm_columns
from dyntui.store.lists import StoredList

_NOT_READ = "Its members were not read; its address book was left as it is."


class ListRow(MarketingList, frozen=True, kw_only=True):
    """A marketing list with the connector's own columns that a synchronisation looks at."""

    activated: bool | None = msgspec.field(name="dyntui_activated", default=None)
    membership_action: Whole | None = msgspec.field(name="dyntui_membershipaction", default=None)
    subscription_filter: str | None = msgspec.field(name="dyntui_subscriptionfilter", default=None)
    clear_on_send: bool | None = msgspec.field(name="dyntui_clearonsend", default=None)
    sync_order: Whole | None = msgspec.field(name="dyntui_syncorder", default=None)
    manual_only: bool | None = msgspec.field(name="dyntui_manualonly", default=None)
    sync_status: str | None = msgspec.field(name="dyntui_syncstatus", default=None)
    book_id: Whole | None = msgspec.field(name="dyntui_bookid", default=None)
    account_id: str | None = msgspec.field(name="_dyntui_emailaccountid_value", default=None)

    @property
    def chosen_action(self) -> str:
        """The membership action as the store keeps it: `""` where nobody has chosen, the number of an unknown one."""
        code = self.membership_action
        return "" if code is None else OF_CODE[code].value if code in OF_CODE else str(code)

    @property
    def chosen_filter(self) -> str:
        """The subscription filter as its column spells it, no longer than it can be; `""` where nobody has chosen."""
        return (self.subscription_filter or "").strip()[:_LONGEST_FILTER]


# The column takes 400 characters.
_LONGEST_FILTER = 400
# What decides who is on a list and whether it may be mailed: without these it is not read.
_DECIDE = frozenset(
    {
        *("createdfromcode", "type", "query", "statecode", "dyntui_activated"),
        *("dyntui_membershipaction", "dyntui_subscriptionfilter"),
    }
)


class ListNow(msgspec.Struct, frozen=True, kw_only=True):
    """A list that may be read. `settings`: of one that is only looked at, none is in force. `caller`: the Entra object
    id in whose name its query runs, None for the service itself; `note`: what the audit is to say of that."""

    row: ListRow
    settings: ListSettings = ListSettings(membership_action=MembershipAction.IGNORE)
    caller: str | None = None
    note: str = ""


async def as_it_is(dv: Dataverse, chosen: StoredList) -> ListNow:
    """The list as Dynamics has it now.

    A query that means whoever runs it is run in the name of the list's owner. Raises DyntuiError: LIST_GONE,
    LIST_INACTIVE, LIST_NOT_ACTIVATED, LIST_OF_ANOTHER_ACCOUNT, LIST_TYPE_CHANGED, LIST_OWNER_NOT_A_PERSON,
    LIST_QUERY_REFUSED, LIST_WITHOUT_QUERY, LIST_SETTING_MISFIT, LIST_UNREADABLE, DATAVERSE_LIST_WRONG_TYPE.
    """
    row = await dv_lists.marketing_list(dv, chosen.id, ListRow)
    if row is None:
        raise gone(chosen.name, chosen.id)
    if odd := sorted(_DECIDE & set(row.odd)):
        raise DyntuiError(
            "LIST_UNREADABLE",
            f"Of the marketing list {row.name!r} in Dynamics {', '.join(odd)} cannot be read.",
            not_done=_NOT_READ,
            remedy="Open the list in Dynamics, correct what is named and save it; then synchronise the list again.",
        )
    if row.state != 0:
        raise DyntuiError(
            "LIST_INACTIVE",
            f"The marketing list {row.name!r} is inactive in Dynamics.",
            not_done=_NOT_READ,
            remedy="Activate the list in Dynamics, or deactivate it for email.",
        )
    if not row.activated:
        raise not_activated(row.name)
    if row.account_id and chosen.account_id and row.account_id != chosen.account_id:
        raise of_another_account(row.name)
    if row.table.logical_name != chosen.member_type or row.dynamic != chosen.dynamic:
        before = f"{'dynamic' if chosen.dynamic else 'static'} list of {chosen.member_type}s"
        after = f"{'dynamic' if row.dynamic else 'static'} list of {row.table.logical_name}s"
        raise DyntuiError(
            "LIST_TYPE_CHANGED",
            f"The marketing list {row.name!r} was a {before} and is a {after} now.",
            not_done=_NOT_READ,
            remedy="Refresh the lists, then look at its members; deactivate it for email if it is another list now.",
        )
    if row.dynamic and not (row.query or "").strip():
        raise DyntuiError(
            "LIST_WITHOUT_QUERY",
            f"The dynamic marketing list {row.name!r} has no query in Dynamics: it would have no members.",
            not_done=_NOT_READ,
            remedy="Open the list in Dynamics, choose its members and save it; then synchronise the list again.",
        )
    settings = settings_as_they_are(row)
    return msgspec.structs.replace(await read_by(dv, row), settings=settings)


async def activated(dv: Dataverse) -> list[ListRow]:
    """Every list that is activated in Dynamics: one call."""
    return await dv_lists.marketing_lists(dv, ListRow, filter="dyntui_activated eq true")


async def read_by(dv: Dataverse, row: ListRow) -> ListNow:
    """In whose name a list's members are read. Raises LIST_OWNER_NOT_A_PERSON, LIST_QUERY_REFUSED."""
    try:
        relative = relative_to_caller(row.query) if row.dynamic and row.query else frozenset()
    except DataverseError as error:
        raise query_refused(row.name, error) from error
    if not relative:
        return ListNow(row=row)
    owner = await caller_of(dv, row, relative)
    operators = ", ".join(sorted(relative))
    return ListNow(
        row=row,
        caller=owner.object_id,
        note=f"read as {owner.name or owner.id}, the list's owner: {operators}",
    )


async def caller_of(dv: Dataverse, row: ListRow, relative: Collection[str]) -> User:
    """The list's owner, in whose name a query with conditions that mean whoever runs it is run. Raises
    LIST_OWNER_NOT_A_PERSON."""
    owner = await security.user(dv, row.owner_id) if row.owner_id else None
    if owner is None or owner.disabled or not is_guid(owner.object_id or ""):
        raise DyntuiError(
            "LIST_OWNER_NOT_A_PERSON",
            f"A query of the marketing list {row.name!r} means whoever runs it ({', '.join(sorted(relative))}), and "
            "its owner is no enabled user.",
            not_done=_NOT_READ,
            remedy="Give the list to the user whose people it means, or save a query without these conditions.",
        )
    return owner


def settings_as_they_are(row: ListRow) -> ListSettings:
    """The settings on the list's row. Raises LIST_SETTING_MISFIT where one is none or does not fit the list: what it
    was to say cannot be guessed."""
    try:
        found = settings_of(
            action=row.chosen_action,
            filter_text=row.chosen_filter,
            clear_on_send=bool(row.clear_on_send) and not row.dynamic,
            sync_order=row.sync_order if row.sync_order is not None else ORDER,
            manual_only=bool(row.manual_only),
            dynamic=row.dynamic,
        )
        check(found, row.table.logical_name, row.dynamic)
    except Misfit as wrong:
        raise DyntuiError(
            "LIST_SETTING_MISFIT",
            f"A setting of the marketing list {row.name!r} does not fit it. {wrong}",
            not_done=_NOT_READ,
            remedy=f"Choose another one: `dyntui lists edit {row.id}`, or `E` on the list in the console.",
        ) from wrong
    return found


def is_about_the_query(error: DataverseError) -> bool:
    """Whether Dynamics refuses this query, rather than being away or at a limit."""
    return error.code == "DATAVERSE_QUERY_INVALID" or (
        error.status in (400, 403, 404, 500) and error.platform_code not in PAGING_COOKIE | THROTTLED
    )


def query_refused(name: str, error: DataverseError) -> DyntuiError:
    """The query of a dynamic list is none, or Dynamics refuses it: a column of it was removed or is secured, a table of
    it may not be read, it takes too long."""
    return DyntuiError(
        "LIST_QUERY_REFUSED",
        f"The members of the marketing list {name!r} cannot be queried: {error.message}",
        not_done=_NOT_READ,
        remedy="Open the list in Dynamics, mend its query and save it; then synchronise the list again.",
        detail=error.detail,
    )


def require_all_seen(c: Connection, now: ListNow) -> None:
    """`require_seen` of the query of a dynamic list that runs as the service."""
    if now.row.dynamic and now.caller is None:
        require_seen(c, now.row.name, now.row.query)


def require_seen(c: Connection, name: str, query: str | None, what: str = "The query") -> None:
    """Raises LIST_QUERY_REFUSED, naming the columns, where a query asks about such as column security hides from the
    service: compared as empty they would find others than those whom it means, and whom it does not find leaves the
    address book."""
    hidden = crm_columns.hidden(c)
    blind = sorted(asked_about(query) & hidden) if query and hidden else ()
    if not blind:
        return
    raise DyntuiError(
        "LIST_QUERY_REFUSED",
        f"{what} of the marketing list {name!r} asks about {', '.join(blind)}, which column security hides from the "
        "service: it would find others than those whom it means.",
        not_done=_NOT_READ,
        remedy="Give the application user a column security profile that may read what is named (Power Platform admin "
        "centre, Column security profiles), or save a query without it.",
    )


def gone(name: str, activated: str = "") -> DyntuiError:
    """The list was deleted in Dynamics. `activated`: its id, where it is still activated for email here."""
    deactivate = f"; if it was deleted, deactivate it for email (`dyntui lists deactivate {activated}`)"
    return DyntuiError(
        "LIST_GONE",
        f"The marketing list {name!r} does not exist in Dynamics any more.",
        not_done="Nothing of this list was synchronised; its address book was left as it is.",
        remedy=f"Refresh the lists{deactivate if activated else ''}.",
    )


def not_activated(name: str) -> DyntuiError:
    """Somebody took the list out of use for email."""
    return DyntuiError(
        "LIST_NOT_ACTIVATED",
        f"The marketing list {name!r} is not activated for email any more.",
        not_done="The list was not synchronised; its address book was left as it is.",
        remedy="Activate the list for email again, or leave it out.",
    )


def of_another_account(name: str) -> DyntuiError:
    """Somebody has activated the list for another email account since."""
    return DyntuiError(
        "LIST_OF_ANOTHER_ACCOUNT",
        f"The marketing list {name!r} is activated for another email account by now.",
        not_done="Nothing was done with it in this one, which has other address books and other contacts.",
        remedy="Use it in the email account that it belongs to, or activate it for this one again.",
    )


async def book_as_it_is(dd: Dotdigital, chosen: StoredList) -> AddressBook:
    """The list's address book. Raises BOOK_GONE."""
    book = await address_books.address_book(dd, chosen.book_id)
    if book is None:
        raise DyntuiError(
            "BOOK_GONE",
            f"The address book of the marketing list {chosen.name!r} does not exist in dotdigital any more.",
            not_done="The list was not synchronised.",
            remedy=f"Activate the list for email again (`dyntui lists activate {chosen.id}`, or `a` in the console): "
            "it gets another address book, and the next synchronisation adds its members to that.",
        )
    return book


async def rename_book(dd: Dotdigital, chosen: StoredList, book: AddressBook, name: str) -> str:
    """The book takes the list's new name, when the list was renamed in Dynamics and the name is free.

    A book that somebody renamed in dotdigital keeps that name until the list gets another one. Raises BOOK_NAME_TAKEN,
    BOOK_NAME_RESERVED, BOOK_NAME_TOO_LONG; the book is as it was then.
    """
    wanted = name.strip()
    if not chosen.book_name or wanted.casefold() == chosen.book_name.strip().casefold():
        return chosen.book_name or book.name
    if wanted.casefold() == book.name.strip().casefold():
        return book.name
    if wanted.casefold() in address_books.RESERVED_NAMES:
        raise _not_renamed(book, wanted, "BOOK_NAME_RESERVED", "dotdigital reserves that name")
    if not wanted or len(wanted) > address_books.LONGEST_NAME:
        raise _not_renamed(
            book, wanted, "BOOK_NAME_TOO_LONG", f"it would not have 1 to {address_books.LONGEST_NAME} characters"
        )
    taken = _not_renamed(book, wanted, "BOOK_NAME_TAKEN", "another address book or segment has that name")
    if await address_books.book_by_name(dd, wanted) is not None:
        raise taken
    if any(each.name.strip().casefold() == wanted.casefold() for each in await address_books.segments(dd)):
        raise taken
    try:
        await address_books.rename_address_book(dd, book.id, wanted, visibility=book.visibility)
    except DotdigitalError as error:
        if error.code == "DOTDIGITAL_BOOK_NAME_TAKEN":
            raise taken from error
        raise
    return wanted


def _not_renamed(book: AddressBook, wanted: str, code: str, why: str) -> DyntuiError:
    return DyntuiError(
        code,
        f"The address book {book.name!r} could not take the list's new name {wanted!r}: {why}.",
        not_done="The address book keeps its name; everything else of the list was synchronised.",
        remedy="Rename the list in Dynamics, or what has the name in dotdigital.",
    )
