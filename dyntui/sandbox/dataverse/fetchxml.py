"""Running FetchXML: one page of results with its cookie, or a count.

Sources: fetchxml/page-results, fetchxml/aggregate-data, use-fetchxml-web-api on learn.microsoft.com.
"""

# ruff: noqa: S608 - the SQL is what fetchxml_sql put together from names of the schema

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dyntui.sandbox.dataverse import annotations, fetchxml_cookie, paging
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request
from dyntui.sandbox.dataverse.fetchxml_parse import MAX_PAGE_SIZE, MAX_SIMPLE_PAGING_ROWS, Fetch, parse
from dyntui.sandbox.dataverse.fetchxml_scope import Scope
from dyntui.sandbox.dataverse.fetchxml_sql import compile_fetch
from dyntui.sandbox.dataverse.fetchxml_statement import Output, Statement
from dyntui.sandbox.dataverse.preferences import FORMATTED_VALUE
from dyntui.sandbox.dataverse.rows import served
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

AGGREGATE_LIMIT = 50_000
MOST_COUNTED = 5000
_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
_MORE = "Microsoft.Dynamics.CRM.morerecords"
_TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"
_TOTAL_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
_ATTRIBUTE_NAME = "OData.Community.Display.V1.AttributeName"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: JSON objects without null columns, the cookie annotation, whether more follow.

    `columns` are the properties that were asked for; `total` the number of all rows where the query asked for it, -1
    above 5,000.
    """

    rows: list[dict[str, Any]]
    columns: tuple[str, ...]
    cookie: str | None
    more: bool
    total: int | None = None


def reply(call: Call, table: Table, text: str) -> Response:
    """The answer to `GET <set>?fetchXml=`."""
    fetch = parse(text)
    counted = call.options.get("$count", "false")
    if counted not in {"true", "false"}:
        raise bad_request(f"Invalid value '{counted}' for $count query option found. It must be 'true' or 'false'.")
    if counted == "true":
        fetch = replace(fetch, return_total=True)
    return call.reply(body_of(call, table, run(call, table, fetch)), headers=call.prefer.applied("annotations"))


def body_of(call: Call, table: Table, page: Page) -> dict[str, Any]:
    """The JSON of a page, with those annotations that the request prefers.

    The last page has neither cookie nor `morerecords`; `$count=true` adds `@odata.count`, 5,000 at most
    (use-fetchxml-web-api).
    """
    body: dict[str, Any] = {"@odata.context": f"{call.base}/$metadata#{table.entity_set}({','.join(page.columns)})"}
    if page.total is not None and call.options.get("$count") == "true":
        body["@odata.count"] = MOST_COUNTED if page.total < 0 else page.total
    if page.total is not None and call.prefer.wants(_TOTAL):
        body[f"@{_TOTAL}"] = page.total
        body[f"@{_TOTAL_EXCEEDED}"] = page.total < 0
    if page.cookie is not None and call.prefer.wants(_COOKIE):
        body[f"@{_COOKIE}"] = page.cookie
    if page.more and call.prefer.wants(_MORE):
        body[f"@{_MORE}"] = True
    body["value"] = page.rows
    return body


def run(call: Call, table: Table, fetch: Fetch) -> Page:
    """One page of a query of `table`.

    Raises DataverseError for whatever is wrong with the query; 0x80060888 when it asks for another table,
    0x8004430a beyond the 50,000 rows that can be paged through without a cookie, 0x8004e023 for an aggregate of more.
    """
    if fetch.table != table.logical_name:
        raise DataverseError(
            "0x80060888",
            f"The FetchXML query is for the entity '{fetch.table}', the request for the set '{table.entity_set}'.",
        )
    scope = Scope.of(call.state, call.caller)
    statement = compile_fetch(scope, fetch)
    if fetch.aggregate:
        _check_aggregate(call.state, fetch, statement)
    size = fetch.top or min(fetch.count or call.prefer.page_size or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
    condition, skipped = _start(fetch, statement, size)
    found = _select(call.state, statement, condition, size + 1, skipped)
    rows, more = found[:size], len(found) > size and fetch.top is None
    cookie = None
    if more and statement.gives_cookie and not fetch.aggregate:
        names = statement.key_names if statement.seekable else ()
        cookie = fetchxml_cookie.annotation(
            fetch.page,
            [_element(name) for name in names],
            [rows[0][place] for place in statement.key_places],
            [rows[-1][place] for place in statement.key_places],
        )
    total = _total(call.state, statement) if fetch.return_total else None
    columns = tuple(output.name for output in statement.outputs)
    return Page(_encode(call, statement, rows), columns, cookie, more, total)


def count(state: State, caller: Caller, text: str) -> int:
    """How many rows of its table a query finds, each once, without any limit."""
    scope = Scope.of(state, caller)
    fetch = parse(text)
    statement = compile_fetch(scope, fetch)
    found = statement.rows()
    key = statement.source.column(statement.source.table.primary_id)
    number: int = state.db.execute(f"SELECT COUNT(DISTINCT {key}) {found.text}", found.params).fetchone()[0]
    return number if fetch.top is None else min(number, fetch.top)


def selection(state: State, caller: Caller, text: str) -> tuple[Table, Clause]:
    """(table, SELECT of the ids of its rows that a query finds), for actions that work on what a query finds."""
    scope = Scope.of(state, caller)
    statement = compile_fetch(scope, parse(text))
    found = statement.rows()
    key = statement.source.column(statement.source.table.primary_id)
    return statement.source.table, Clause(f"SELECT {key} {found.text}", found.params)


def _start(fetch: Fetch, statement: Statement, size: int) -> tuple[Clause | None, int]:
    """(condition for rows behind the last page, rows to pass over)."""
    if fetch.page == 1:
        return None, 0
    if fetch.paging_cookie is None:
        if fetch.page * size > MAX_SIMPLE_PAGING_ROWS:
            raise DataverseError(
                "0x8004430a",
                "Paging cookie is required when trying to retrieve a set of records on any high pages.",
            )
        return None, (fetch.page - 1) * size
    names = statement.key_names if statement.seekable else ()
    page, values = fetchxml_cookie.read(fetch.paging_cookie, [_element(name) for name in names])
    if statement.seekable and fetch.page > page:
        typed = tuple(_typed(statement, place, value) for place, value in enumerate(values))
        beyond = paging.after(statement.keys, typed)
        if typed[0] is not None and not statement.keys[0].descending:
            # Says nothing new, but in a form that an index can be used for.
            beyond = all_of((Clause(f"{statement.keys[0].sql} >= ?", (typed[0],)), beyond))
        return beyond, (fetch.page - page - 1) * size
    return None, (fetch.page - 1) * size


def _typed(statement: Statement, place: int, value: Value) -> Value:
    """A sort value of a cookie with the type that its column stores: numbers must not be compared as text."""
    _alias, _, name = statement.keys[place].sql.partition(".")
    column = statement.source.table.columns.get(name.strip('"'))
    if value is None or column is None or not isinstance(value, str):
        return value
    try:
        if column.type in {"Integer", "BigInt", "Picklist", "State", "Status", "Boolean"}:
            return int(value)
        if column.type in {"Decimal", "Double", "Money"}:
            return float(value)
    except ValueError as error:
        raise DataverseError(
            "0x8004112a", f"The paging cookie's value for '{column.logical_name}' is invalid."
        ) from error
    return value


def _element(name: str) -> str:
    return name.replace(" ", "_")


def _select(
    state: State, statement: Statement, condition: Clause | None, limit: int, skipped: int
) -> list[tuple[Any, ...]]:
    where = statement.where if condition is None else all_of((condition, statement.where))
    text = f"SELECT {'DISTINCT ' if statement.distinct else ''}{', '.join(statement.select)}"
    text += f" FROM {statement.tables.text} WHERE {where.text}"
    if statement.group_by:
        text += f" GROUP BY {', '.join(statement.group_by)}"
    if statement.keys:
        text += f" ORDER BY {paging.order_by(statement.keys)}"
    params = (*statement.tables.params, *where.params, *statement.order_params, limit, skipped)
    return state.db.execute(f"{text} LIMIT ? OFFSET ?", params).fetchall()


def _check_aggregate(state: State, fetch: Fetch, statement: Statement) -> None:
    limit = min(fetch.aggregate_limit or AGGREGATE_LIMIT, AGGREGATE_LIMIT)
    found = statement.rows()
    number = state.db.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 {found.text} LIMIT ?)", (*found.params, limit + 1)
    ).fetchone()[0]
    if number > limit:
        raise DataverseError(
            "0x8004e023",
            "The maximum record limit is exceeded. Reduce the number of records. "
            f"AggregateQueryRecordLimit exceeded: {limit}.",
        )


def _total(state: State, statement: Statement) -> int:
    found = statement.rows()
    number: int = state.db.execute(
        f"SELECT COUNT(*) FROM (SELECT 1 {found.text} LIMIT ?)", (*found.params, MOST_COUNTED + 1)
    ).fetchone()[0]
    return number if number <= MOST_COUNTED else -1


def _encode(call: Call, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = [{} for _row in rows]
    if not rows:
        return objects
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    if statement.keyed:
        for each, version in zip(objects, columns[1], strict=True):
            each["@odata.etag"] = f'W/"{version}"'
    for output in statement.outputs:
        stored = columns[output.place]
        for name, values in _annotations(call, output, stored, columns):
            _put(objects, f"{output.name}@{name}", values)
        _put(objects, output.name, stored if output.column is None else served(output.column, stored))
    return objects


def _annotations(
    call: Call, output: Output, stored: Sequence[Any], columns: Sequence[Sequence[Any]]
) -> list[tuple[str, Sequence[Any]]]:
    if not call.prefer.annotations:
        return []
    found: list[tuple[str, Sequence[Any]]] = []
    if (output.linked or output.aggregate) and output.column is not None and call.prefer.wants(_ATTRIBUTE_NAME):
        name = output.column.logical_name
        found.append((_ATTRIBUTE_NAME, [None if value is None else name for value in stored]))
    if output.column is None:
        if call.prefer.wants(FORMATTED_VALUE):
            found.append((FORMATTED_VALUE, [None if value is None else f"{value:,}" for value in stored]))
        return found
    targets = None if output.type_place is None else columns[output.type_place]
    return found + list(annotations.of_column(call, output.column, stored, targets))


def _put(objects: list[dict[str, Any]], name: str, values: Sequence[Any]) -> None:
    """Sets a property on every object whose value is not null: FetchXML leaves nulls out."""
    for each, value in zip(objects, values, strict=True):
        if value is not None:
            each[name] = value
