"""Queries that say who is on a marketing list, or is to come onto it or leave it: checked, counted, run.

of_table(query, table) -> FetchXML            raises DATAVERSE_QUERY_INVALID, DATAVERSE_LIST_WRONG_TYPE
count(dv, table, query, caller=) -> int       by one aggregate query, by paging ids where that is capped
found(dv, table, query, row_type, caller=) -> [T]...        page by page, each record once
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from dyntui.dataverse import fetchxml
from dyntui.dataverse.errors import DYNAMICS, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.member_tables import MemberTable
from dyntui.dataverse.query import columns_of
from dyntui.remote.errors import READ_NOT_DONE
from dyntui.remote.failures import unreadable

T = TypeVar("T")
_PAGE = 5000


def of_table(query: str, table: MemberTable) -> str:
    """The query, which finds records of this table. Raises DATAVERSE_QUERY_INVALID, DATAVERSE_LIST_WRONG_TYPE."""
    entity = fetchxml.entity_of(query)
    if entity != table.logical_name:
        raise DataverseError(
            "DATAVERSE_LIST_WRONG_TYPE",
            f"The query finds {entity or 'no'} records; the list holds {table.logical_name}s.",
            not_done=READ_NOT_DONE,
            remedy=f"Use a query or a view of {table.logical_name}s; in Dynamics, save the list's query again.",
        )
    return query


async def count(dv: Dataverse, table: MemberTable, query: str, *, caller: str | None = None) -> int:
    """How many different records a query finds. Raises DATAVERSE_QUERY_INVALID besides the client's own errors."""
    try:
        return await fetchxml.count(dv, table.entity_set, query, table.key, caller=caller)
    except DataverseError as error:
        if error.code != "DATAVERSE_AGGREGATE_TOO_LARGE":
            raise
    asked = fetchxml.with_columns(query, [], table.key)
    number = 0
    async for page in fetchxml.fetch_pages(dv, table.entity_set, dict[str, Any], asked, caller=caller):
        number += len(page.rows)
    return number


async def found(
    dv: Dataverse, table: MemberTable, query: str, row_type: type[T], *, caller: str | None = None
) -> AsyncIterator[list[T]]:
    """The records that a query finds, with the columns of `row_type` (whose fields need defaults: empty columns are
    left out). Raises DATAVERSE_ANSWER_UNREADABLE where an id cannot be read: whom a query does not find may be taken
    off a list for it."""
    asked = fetchxml.with_columns(query, columns_of(row_type), table.key)
    async for page in fetchxml.fetch_pages(dv, table.entity_set, row_type, asked, pagesize=_PAGE, caller=caller):
        if page.odd:
            raise unreadable(DYNAMICS, f"a query found {page.odd} {table.entity_set} without an id")
        yield page.rows
