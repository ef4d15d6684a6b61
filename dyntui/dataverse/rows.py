"""Reading and writing rows.

    pages(dv, entity_set, row_type, select=, filter=, orderby=, expand=, maxpagesize=, resume=, caller=) -> Page[T]...
    pages_where_any(dv, entity_set, row_type, column, values, ...) -> Page[T]...
    get_row, find_rows, count_rows
    create(dv, entity_set, row, row_id=) -> id    update    upsert -> created?    delete    associate    disassociate

`row_type` is a frozen msgspec Struct whose encoded names are Dataverse columns (or `dict[str, Any]`, then give
`select`). Facts: reference/dataverse_api.md sections 4 to 6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from dyntui.dataverse.batch import PART_URL_LIMIT, get_long
from dyntui.dataverse.errors import DUPLICATE, GONE, VERSION_MISMATCH, DataverseError, UnknownOutcome, repeating_pages
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.keys import key_of, sorted_out
from dyntui.dataverse.query import any_of, columns_of, guid, in_chunks, query
from dyntui.model.errors import Exit
from dyntui.remote.calls import Reply

T = TypeVar("T")
PAGE_SIZE = 5000
_TOO_MANY_VALUES = frozenset({400, 413, 414, 500})


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page: `rows`; `next_link` to go on with (also after a restart, soon); `count` when it was asked for. `odd`:
    how many rows there are besides, or among them, whose key cannot be read."""

    rows: list[T] = msgspec.field(name="value")
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    count: int | None = msgspec.field(name="@odata.count", default=None)
    odd: int = msgspec.field(name="@dyntui.odd", default=0)


async def pages(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    *,
    select: Sequence[str] | None = None,
    filter: str | None = None,
    orderby: Sequence[str] = (),
    expand: str | None = None,
    maxpagesize: int = PAGE_SIZE,
    count: bool = False,
    annotations: str | None = None,
    resume: str | None = None,
    caller: str | None = None,
    keyless: bool = False,
) -> AsyncIterator[Page[T]]:
    """A set's rows, page by page; `resume` goes on from a stored `next_link`.

    Order by something unique, or rows may shift between pages. `annotations` is a comma list of annotation names.
    A row whose key cannot be read is left out, and told of; with `keyless` it is not left out.
    Raises DATAVERSE_PAGE_REPEATS where a page leads back to one that was answered.
    """
    prefer = [f"odata.maxpagesize={maxpagesize}"]
    if annotations:
        prefer.append(f'odata.include-annotations="{annotations}"')
    columns = columns_of(row_type) if select is None else select
    link: str | None = resume or entity_set + query(
        select=columns, filter=filter, orderby=orderby, expand=expand, count=count
    )
    answered: set[str] = set()
    while link is not None:
        answered.add(link)
        page: Page[T] = await get_long(dv, link, Page[row_type], prefer=prefer, caller=caller)  # type: ignore[valid-type]
        yield _readable(page, row_type, entity_set, columns, keyless=keyless)
        link = page.next_link
        if link in answered:
            raise repeating_pages(entity_set)


def _readable(
    page: Page[T], row_type: type[T], entity_set: str, columns: Sequence[str], *, keyless: bool = False
) -> Page[T]:
    rows, odd = sorted_out(page.rows, row_type, entity_set, key_of(entity_set, columns), keyless=keyless)
    return page if rows is page.rows else msgspec.structs.replace(page, rows=list(rows), odd=page.odd + odd)


async def pages_where_any(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    column: str,
    values: Sequence[str],
    *,
    select: Sequence[str] | None = None,
    besides: str | None = None,
    filter: str | None = None,
    orderby: Sequence[str] = (),
    expand: str | None = None,
    annotations: str | None = None,
    caller: str | None = None,
) -> AsyncIterator[Page[T]]:
    """Rows whose `column` is one of `values`, asked in as few queries as the URL limit allows (never one per value).

    `besides`: rows of this condition come with those of the first query; of either kind only those of `filter`.

    No limit on the number of values is documented: a query that is refused is asked again in halves, and the number
    that was taken is remembered for the connection. Raises DataverseError when one value alone is refused too.
    """
    waiting = [list(some) for some in in_chunks(list(dict.fromkeys(values)), limit=PART_URL_LIMIT - 8_000)][::-1]
    refused = False
    while waiting:
        some = waiting.pop()
        if dv.most_values is not None and len(some) > dv.most_values:
            waiting += [some[dv.most_values :], some[: dv.most_values]]
            continue
        condition = any_of(column, some)
        if besides:
            condition = f"({condition} or {besides})"
        if filter:
            condition = f"{condition} and ({filter})"
        answered = False
        try:
            async for page in pages(
                dv,
                entity_set,
                row_type,
                select=select,
                filter=condition,
                orderby=orderby,
                expand=expand,
                annotations=annotations,
                caller=caller,
            ):
                if refused and not answered:
                    dv.most_values = len(some)
                answered = True
                yield page
        except DataverseError as error:
            if answered or len(some) == 1 or error.status not in _TOO_MANY_VALUES:
                raise
            refused = True
            half = (len(some) + 1) // 2
            waiting += [some[half:], some[:half]]
        else:
            refused, besides = False, None


async def get_row(
    dv: Dataverse,
    entity_set: str,
    key: str,
    row_type: type[T],
    *,
    select: Sequence[str] | None = None,
    expand: str | None = None,
    annotations: str | None = None,
    caller: str | None = None,
) -> T | None:
    """The row with this GUID or alternate key (`query.alternate_key`), or None when there is none."""
    columns = columns_of(row_type) if select is None else select
    prefer = [f'odata.include-annotations="{annotations}"'] if annotations else []
    try:
        return await dv.get(
            f"{entity_set}({key}){query(select=columns, expand=expand)}", row_type, prefer=prefer, caller=caller
        )
    except DataverseError as error:
        if error.status == 404 and error.platform_code in GONE | {"0x80060891"}:
            return None
        raise


async def find_rows(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    *,
    filter: str | None = None,
    orderby: Sequence[str] = (),
    expand: str | None = None,
    select: Sequence[str] | None = None,
    top: int | None = None,
    caller: str | None = None,
) -> list[T]:
    """All matching rows in memory, for sets that are small by nature; `top` takes the first few in one call."""
    if top is not None:
        columns = columns_of(row_type) if select is None else select
        link = entity_set + query(select=columns, filter=filter, orderby=orderby, expand=expand, top=top)
        page: Page[T] = await dv.get(link, Page[row_type], caller=caller)  # type: ignore[valid-type]
        return _readable(page, row_type, entity_set, columns).rows
    found: list[T] = []
    async for page in pages(
        dv, entity_set, row_type, select=select, filter=filter, orderby=orderby, expand=expand, caller=caller
    ):
        found.extend(page.rows)
    return found


class Count(msgspec.Struct, frozen=True):
    """How many; `capped` when there may be more (Dataverse stops counting at 5,000 here)."""

    rows: int
    capped: bool


async def count_rows(dv: Dataverse, entity_set: str, *, filter: str | None = None, caller: str | None = None) -> Count:
    """How many rows match, up to 5,000 (`fetchxml.count` goes to 50,000)."""
    reply = await dv.request("GET", f"{entity_set}/$count{query(filter=filter)}", caller=caller)
    number = int(reply.body.decode("utf-8-sig").strip())
    return Count(rows=number, capped=number >= PAGE_SIZE)


async def create(
    dv: Dataverse,
    entity_set: str,
    row: Mapping[str, object],
    *,
    id_column: str | None = None,
    row_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    caller: str | None = None,
) -> str:
    """Create a row and return its id.

    With `id_column` and `row_id` the row gets an id of our own; that makes the call repeatable, and a row which
    exists already under that id counts as created. Without them a lost answer raises UnknownOutcome.
    """
    own = id_column is not None and row_id is not None
    body = {**row, id_column: row_id} if id_column is not None and row_id is not None else dict(row)
    try:
        reply = await dv.request("POST", entity_set, body=body, repeatable=own, headers=headers, caller=caller)
    except DataverseError as error:
        if row_id is not None and own and error.platform_code in DUPLICATE:
            return guid(row_id)
        raise
    return created_id(reply)


def created_id(reply: Reply) -> str:
    """The id that a create answered in its OData-EntityId header."""
    address = reply.headers.get("odata-entityid") or reply.headers.get("location") or ""
    inside = address.rpartition("(")[2].rstrip(")")
    try:
        return guid(inside)
    except DataverseError:
        raise UnknownOutcome(
            "DATAVERSE_CREATED_WITHOUT_ID",
            "Dynamics created a row but did not say which.",
            not_done="The row was created; its id is not known.",
            remedy="It is read back before anything is repeated.",
            exit=Exit.FAILED,
            status=reply.status,
            detail=address[:200],
        ) from None


async def update(
    dv: Dataverse,
    entity_set: str,
    key: str,
    changed: Mapping[str, object],
    *,
    etag: str = "*",
    headers: Mapping[str, str] | None = None,
    caller: str | None = None,
) -> None:
    """Change columns of an existing row (never creates one). `etag` guards against somebody else's change.

    Raises DATAVERSE_ROW_GONE or DATAVERSE_ROW_CHANGED; UnknownOutcome when a guarded change met its own first try.
    """
    try:
        await dv.request(
            "PATCH",
            f"{entity_set}({key})",
            body=dict(changed),
            headers={"If-Match": etag, **(headers or {})},
            caller=caller,
        )
    except DataverseError as error:
        if error.repeated and error.platform_code in VERSION_MISMATCH:
            raise _perhaps_ours(error) from error
        raise


def _perhaps_ours(error: DataverseError) -> UnknownOutcome:
    return UnknownOutcome(
        "DATAVERSE_UNKNOWN_OUTCOME",
        "The row changed while the connection was lost: perhaps by this very call, perhaps by somebody else.",
        not_done="It is not known whether the change was made.",
        remedy="It is read back before anything is repeated.",
        status=error.status,
        platform_code=error.platform_code,
        remote_message=error.remote_message,
        detail=error.detail,
        repeated=True,
    )


async def upsert(
    dv: Dataverse,
    entity_set: str,
    key: str,
    row: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
    caller: str | None = None,
) -> None:
    """Create or change the row with this GUID or alternate key. Repeatable."""
    await dv.request("PATCH", f"{entity_set}({key})", body=dict(row), headers=headers, caller=caller)


async def delete(dv: Dataverse, entity_set: str, key: str, *, caller: str | None = None) -> bool:
    """Delete a row; False when it was not there (any more)."""
    try:
        reply = await dv.request("DELETE", f"{entity_set}({key})", caller=caller)
    except DataverseError as error:
        if error.status == 404 and error.platform_code in GONE | {"0x80060891"}:
            return error.repeated
        raise
    return reply.status < 300


async def associate(
    dv: Dataverse,
    entity_set: str,
    key: str,
    navigation: str,
    other_set: str,
    other_key: str,
    *,
    headers: Mapping[str, str] | None = None,
    caller: str | None = None,
) -> None:
    """Link two rows through a many-to-many or lookup navigation property. A link that exists already is success."""
    try:
        await dv.request(
            "POST",
            f"{entity_set}({key})/{navigation}/$ref",
            body={"@odata.id": f"{dv.api}{other_set}({other_key})"},
            repeatable=True,
            headers=headers,
            caller=caller,
        )
    except DataverseError as error:
        if error.platform_code not in DUPLICATE:
            raise


async def disassociate(
    dv: Dataverse, entity_set: str, key: str, navigation: str, other_key: str, *, caller: str | None = None
) -> None:
    """Unlink two rows; a link that is not there is success."""
    try:
        await dv.request("DELETE", f"{entity_set}({key})/{navigation}({other_key})/$ref", caller=caller)
    except DataverseError as error:
        if not (error.status == 404 and error.platform_code in GONE):
            raise


def bind(entity_set: str, key: str) -> str:
    """The value of `<navigation>@odata.bind` that points to a row."""
    return f"/{entity_set}({key})"
