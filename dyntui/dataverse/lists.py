"""Marketing lists and their members.

    marketing_lists(dv, row_type=MarketingList, filter=, caller=) -> [MarketingList]
    marketing_list(dv, list_id, row_type=MarketingList) -> MarketingList | None
    member_pages(dv, ml, row_type, select=, filter=, resume=) -> Page[T]...     static and dynamic alike
    membership_pages(dv, list_id, resume=) -> Page[Membership]...          the rows of a static list alone
    member_ids(dv, ml) -> pages of ids                   count_members(dv, ml) -> int

Who is put on one, or taken off: `dyntui.dataverse.membership`. Facts: reference/dataverse_api.md section 7. To read own
columns of `list` as well, subclass MarketingList.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from dyntui.dataverse import fetchxml, list_queries
from dyntui.dataverse.errors import DYNAMICS, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.member_tables import MEMBER_TABLES, MemberTable
from dyntui.dataverse.query import columns_of, guid, moment
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dataverse.rows import Page, find_rows, get_row, pages
from dyntui.dataverse.wanted import Wanted
from dyntui.model.guids import guid_of
from dyntui.remote.errors import READ_NOT_DONE
from dyntui.remote.failures import unreadable

T = TypeVar("T")
# The column takes 128 characters (attribute metadata of `listname`).
_LONGEST_NAME: Final = 300
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


_LIST_COLUMNS: Final = {
    "id": "listid",
    "given_name": "listname",
    "member_code": "createdfromcode",
    "dynamic": "type",
    "query": "query",
    "locked": "lockstatus",
    "state": "statecode",
    "status": "statuscode",
    "member_count": "membercount",
    "last_used_on": "lastusedon",
    "purpose": "purpose",
    "description": "description",
    "source": "source",
    "do_not_send_on_opt_out": "donotsendonoptout",
    "ignore_inactive_members": "ignoreinactivelistmembers",
    "owner_id": "_ownerid_value",
    "created_on": "createdon",
    "modified_on": "modifiedon",
}


class MarketingList(msgspec.Struct, frozen=True, kw_only=True, rename=_LIST_COLUMNS):
    """A marketing list. `member_code`: 1 account, 2 contact, 4 lead. `state`: 0 active, 1 inactive. `odd` names the
    columns that cannot be read.

    `member_count` is Dynamics' own, may lag and is None for dynamic lists; count with `count_members`.
    `given_name` may be missing in a list that was made over the API (attribute metadata); `name` always tells it.
    Times are ISO 8601 text in UTC.
    """

    id: str
    given_name: str | None = None
    member_code: Whole = 0
    dynamic: bool = False
    query: str | None = None
    locked: bool | None = None
    state: Whole | None = None
    status: Whole | None = None
    member_count: Whole | None = None
    last_used_on: str | None = None
    purpose: str | None = None
    description: str | None = None
    source: str | None = None
    do_not_send_on_opt_out: bool | None = None
    ignore_inactive_members: bool | None = None
    owner_id: str | None = None
    created_on: str | None = None
    modified_on: str | None = None
    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())

    @property
    def name(self) -> str:
        """Its name, without controls and no longer than a name can be; of a list without one, what tells it apart."""
        name = _CONTROLS.sub(" ", (self.given_name or "")[:_LONGEST_NAME]).strip()
        return name or f"Unnamed list {self.id[:8]}"

    @property
    def table(self) -> MemberTable:
        """The table of its members; DATAVERSE_LIST_WRONG_TYPE for a type that nobody has documented."""
        try:
            return MEMBER_TABLES[self.member_code]
        except KeyError:
            raise DataverseError(
                "DATAVERSE_LIST_WRONG_TYPE",
                f"The marketing list has the unknown member type {self.member_code}.",
                not_done=READ_NOT_DONE,
                remedy="Only lists of accounts, contacts and leads can be synchronised.",
            ) from None


L = TypeVar("L", bound=MarketingList)


async def marketing_lists(
    dv: Dataverse,
    row_type: type[L] = MarketingList,  # type: ignore[assignment]
    *,
    filter: str | None = None,
    caller: str | None = None,
) -> list[L]:
    """All marketing lists that the caller may see, by name.

    DATAVERSE_NO_LISTS when the environment has no marketing lists at all (no Dynamics 365 Sales or Marketing app).
    """
    try:
        return await find_rows(dv, "lists", row_type, filter=filter, orderby=["listname", "listid"], caller=caller)
    except DataverseError as error:
        if error.status == 404:
            raise DataverseError(
                "DATAVERSE_NO_LISTS",
                "This environment has no marketing lists.",
                not_done=READ_NOT_DONE,
                remedy="Install Dynamics 365 Sales (or Marketing) in the environment.",
                detail=error.detail,
                status=error.status,
                platform_code=error.platform_code,
            ) from error
        raise


async def marketing_list(
    dv: Dataverse,
    list_id: str,
    row_type: type[L] = MarketingList,  # type: ignore[assignment]
    *,
    caller: str | None = None,
) -> L | None:
    """One marketing list, or None when it does not exist (any more)."""
    return await get_row(dv, "lists", guid(list_id), row_type, caller=caller)


async def member_pages(
    dv: Dataverse,
    ml: MarketingList,
    row_type: type[T],
    *,
    select: Sequence[str] | None = None,
    wanted: Wanted | None = None,
    filter: str | None = None,
    maxpagesize: int = 5000,
    resume: str | None = None,
    caller: str | None = None,
) -> AsyncIterator[Page[T]]:
    """The members' own rows, page by page; `resume` goes on from a stored page's `next_link`.

    A dynamic list's stored query is run with these columns (`filter` is for static lists only); there, empty columns
    are left out of the rows, so the fields of `row_type` need defaults. `wanted` takes the place of `select` where more
    than plain columns are wanted. `next_link` is opaque.
    """
    table = ml.table
    over = wanted or Wanted(tuple(columns_of(row_type) if select is None else select), ())
    if not ml.dynamic:
        async for page in pages(
            dv,
            f"lists({guid(ml.id)})/{table.association}",
            row_type,
            select=over.select,
            expand=over.expand,
            annotations=over.annotations,
            filter=filter,
            orderby=[table.key],
            maxpagesize=maxpagesize,
            resume=resume,
            caller=caller,
        ):
            yield page
        return
    if filter is not None:
        raise ValueError("a dynamic list's members are filtered by its query")
    query = _query_of(ml)
    if query is None:
        return
    asked = fetchxml.with_columns(query, over.attributes or over.select, table.key, over.over)
    async for found in fetchxml.fetch_pages(
        dv,
        table.entity_set,
        row_type,
        asked,
        pagesize=maxpagesize,
        annotations=over.annotations,
        resume=resume,
        caller=caller,
    ):
        yield Page(rows=found.rows, next_link=found.cursor, odd=found.odd)


def _query_of(ml: MarketingList) -> str | None:
    """A fresh dynamic list may have no query yet: it has no members then."""
    if not ml.query or not ml.query.strip():
        return None
    return list_queries.of_table(ml.query, ml.table)


class Membership(
    msgspec.Struct,
    frozen=True,
    rename={
        "id": "listmemberid",
        "entity_id": "_entityid_value",
        "entity": "entitytype",
        "created_on": "createdon",
    },
):
    """A row that makes somebody a member of a static list; `entity` is the record's type as the row names it."""

    id: str = ""
    entity_id: str = ""
    entity: str | None = None
    created_on: datetime | None = None

    @property
    def record(self) -> str:
        """The id of the record of which it speaks; `""` where that cannot be told."""
        return guid_of(self.entity_id)


def membership_pages(
    dv: Dataverse,
    list_id: str,
    *,
    created_since: datetime | None = None,
    maxpagesize: int = 5000,
    resume: str | None = None,
) -> AsyncIterator[Page[Membership]]:
    """Who is a member of a static list by its own rows, page by page, whatever has become of their records: the
    cheapest listing, and the one that also shows members of another type and members without a record.
    `created_since`: only rows that were made then or later, by what they say."""
    since = f" and createdon ge {moment(created_since)}" if created_since is not None else ""
    return pages(
        dv,
        "listmembers",
        Membership,
        filter=f"_listid_value eq {guid(list_id)}{since}",
        orderby=["listmemberid"],
        maxpagesize=maxpagesize,
        resume=resume,
        keyless=True,
    )


class _Key(msgspec.Struct, frozen=True):
    accountid: str = ""
    contactid: str = ""
    leadid: str = ""


async def member_ids(
    dv: Dataverse, ml: MarketingList, *, maxpagesize: int = 5000, caller: str | None = None
) -> AsyncIterator[list[str]]:
    """The ids of a list's members as of now, page by page: of a static list its rows, of a dynamic one its query.
    Raises DATAVERSE_ANSWER_UNREADABLE where an id cannot be read: nobody could tell who has left."""
    if not ml.dynamic:
        async for some in membership_pages(dv, ml.id, maxpagesize=maxpagesize):
            yield [row.record for row in some.rows if row.record]
        return
    key = ml.table.key
    async for page in member_pages(dv, ml, _Key, select=[key], maxpagesize=maxpagesize, caller=caller):
        if page.odd:
            raise unreadable(DYNAMICS, f"{page.odd} members of the list {ml.id} without an id")
        yield [getattr(row, key) for row in page.rows]


async def count_members(dv: Dataverse, ml: MarketingList, *, caller: str | None = None) -> int:
    """How many members a list has now: by one aggregate query, by paging ids where that is capped."""
    table = ml.table
    if ml.dynamic:
        query = _query_of(ml)
        if query is None:
            return 0
    else:
        query = (
            f'<fetch><entity name="{table.logical_name}">'
            f'<link-entity name="listmember" from="entityid" to="{table.key}" alias="lm">'
            f'<filter><condition attribute="listid" operator="eq" value="{guid(ml.id)}"/></filter>'
            "</link-entity></entity></fetch>"
        )
    return await list_queries.count(dv, table, query, caller=caller)
