"""Saved views: a query of system views (savedquery) or of a person's own (userquery), run by its id.

`GET contacts?savedQuery=<guid>` and `?userQuery=<guid>` (retrieve-and-execute-predefined-queries). Unlike with FetchXML
pages follow by `@odata.nextLink`, and `odata.maxpagesize` sets their size.
"""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

from dataclasses import replace
from typing import Literal
from uuid import UUID

from defusedxml.ElementTree import fromstring

from dyntui.sandbox.dataverse import fetchxml, fetchxml_cookie, paging, security
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, row_missing
from dyntui.sandbox.dataverse.fetchxml_parse import Fetch, parse
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response


def reply(call: Call, table: Table, view_id: str, kind: Literal["savedquery", "userquery"]) -> Response:
    """One page of a view's rows. Raises DataverseError 404 for a view that does not exist, 403 for somebody else's."""
    fetch = parse(_query_of(call, view_id, kind))
    token = call.options.get("$skiptoken")
    if fetch.top is None:
        fetch = replace(fetch, count=call.prefer.page_size or fetch.count, page=1, paging_cookie=None)
    if token is not None:
        fetch = _continued(fetch, token)
    page = fetchxml.run(call, table, fetch)
    body = fetchxml.body_of(call, table, page)
    if page.more:
        following = page.cookie or f'<cookie pagenumber="{fetch.page + 1}" pagingcookie="" istracking="False" />'
        body["@odata.nextLink"] = paging.next_link(call.here(), call.request.raw_query, following)
    return call.reply(body, headers=call.prefer.applied("annotations", "maxpagesize"))


def _query_of(call: Call, view_id: str, kind: str) -> str:
    try:
        row_id = str(UUID(view_id.strip()))
    except ValueError as error:
        raise bad_request(f"The id of a view is expected instead of '{view_id}'.") from error
    views = call.schema.tables[kind]
    row = call.state.db.execute(
        f"SELECT fetchxml FROM {quoted(views.sql_name)} WHERE {quoted(views.primary_id)} = ?", (row_id,)
    ).fetchone()
    if row is None:
        raise row_missing(views.schema_name, row_id)
    security.check(call.state, call.caller, "Read", views, row_id)
    if not row[0]:
        raise DataverseError("0x80040303", f"The view {row_id} has no query.")
    return str(row[0])


def _continued(fetch: Fetch, token: str) -> Fetch:
    """The query from where a next link goes on."""
    try:
        page = int(fromstring(token).attrib["pagenumber"])
        cookie = fetchxml_cookie.decode(token)
    except (SyntaxError, KeyError, ValueError) as error:
        # ElementTree's ParseError is a SyntaxError.
        raise DataverseError("0x8004112a", "The paging cookie is not valid.") from error
    return replace(fetch, page=page, paging_cookie=cookie or None)
