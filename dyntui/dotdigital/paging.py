"""The two ways dotdigital pages.

v2 pages by `select` and `skip` without any order: rows shift while others are added or removed. Pages therefore overlap
by 100 rows and what was seen is dropped (reference 10, as a production connector does). v3 pages by a marker.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.reading import OddRow, repeating_pages, rows_of, unreadable_rows
from dyntui.remote.calls import Params

T = TypeVar("T")
SELECT: Final = 1000
OVERLAP: Final = 100
_REMEMBERED: Final = 50_000
_ODD: Final = "a row that could not be read"


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page: rows not seen before, and the `cursor` to resume from, None on the last page. `odd` are rows that could
    not be read, where the caller takes them. `repeats`: dotdigital has answered the same page again instead of the next
    one, so that it is not known what should have followed; who does not take what is odd gets an error for it."""

    rows: list[T]
    cursor: str | None = None
    odd: list[OddRow] = []
    repeats: bool = False


async def skip_pages(
    dd: Dotdigital,
    path: str,
    row_type: type[T],
    key: Callable[[T], Hashable],
    *,
    params: Params | None = None,
    select: int = SELECT,
    overlap: int = OVERLAP,
    resume: str | None = None,
    until_empty: bool = False,
    takes_odd: bool = False,
) -> AsyncIterator[Page[T]]:
    """v2 pages of rows told apart by `key`; `resume` is a stored page's cursor (its first page may repeat rows).

    A short page is taken for the last one, unless every row counts (`until_empty`): then the end is an empty page, as
    the documentation says (reference 10), for a call more. Rows behind a short page say that dotdigital gives fewer
    than it is asked for: from before the end of that page on its pages overlap as full ones do. A row that cannot be
    read, and a feed that does not go on, are left to the caller who `takes_odd`; for everybody else the whole answer is
    DOTDIGITAL_ANSWER_UNREADABLE, and DOTDIGITAL_PAGE_REPEATS follows what was read: nobody may be passed over unseen.
    """
    skip, full, short = _place(resume, select)
    seen: OrderedDict[Hashable, None] = OrderedDict()
    before: list[Hashable] = []
    while True:
        asked: dict[str, Any] = {**(params or {}), "select": select, "skip": skip}
        rows, odd = await dd.rows(path, row_type, params=asked)
        if odd and not takes_odd:
            raise unreadable_rows(odd)
        fresh: list[T] = []
        marks = [key(row) for row in rows]
        for mark, row in zip(marks, rows, strict=True):
            if mark not in seen:
                seen[mark] = None
                fresh.append(row)
        named = [row for row in odd if (_ODD, row.received) not in seen]
        seen.update(dict.fromkeys((_ODD, row.received) for row in named))
        while len(seen) > _REMEMBERED:
            seen.popitem(last=False)
        marks += [(_ODD, row.received) for row in odd]
        received = len(marks)
        # The same page twice means that `skip` has no effect: better stop than circle.
        repeats = received > 0 and marks == before
        before = marks
        if short and (fresh or named) and not repeats:
            # Rows of this page may have moved in front of where it begins, and go on moving until they are asked for.
            full, short, whole, before = min(full, short), 0, True, []
            skip -= min(2 * overlap, full - 1)
        else:
            whole = received >= full
            short = 0 if whole else received
            skip += received - min(overlap, full // 2) if whole else received
        more = (whole or (until_empty and received > 0)) and not repeats
        yield Page(rows=fresh, cursor=_cursor(skip, full, short, select) if more else None, odd=named, repeats=repeats)
        if repeats and whole and not takes_odd:
            # A page that is not full is the last one all the same.
            raise repeating_pages(path)
        if not more:
            return


def _cursor(skip: int, full: int, short: int, select: int) -> str:
    """How many rows are passed over; where dotdigital gives fewer than it is asked for, also how many a full page has,
    and how many the short one had before."""
    return str(skip) if (full, short) == (select, 0) else f"{skip} {full} {short}"


def _place(resume: str | None, select: int) -> tuple[int, int, int]:
    skip, *more = map(int, (resume or "0").split())
    return (skip, more[0], more[1]) if more else (skip, select, 0)


class _Link(msgspec.Struct, frozen=True):
    """Where a page is: the marker to ask with, and the address that holds it, `link` in the service's own description
    and `href` elsewhere. Any of them may be missing."""

    marker: str | int | None = None
    link: str | None = None
    href: str | None = None


class _Links(msgspec.Struct, frozen=True):
    next: _Link | None = None


class _Items(msgspec.Struct, Generic[T], frozen=True):
    items: list[T] = msgspec.field(name="_items", default_factory=list)
    links: _Links | None = msgspec.field(name="_links", default=None)


async def marker_pages(
    dd: Dotdigital,
    path: str,
    row_type: type[T],
    *,
    params: Params | None = None,
    limit: int = 5000,
    resume: str | None = None,
    takes_odd: bool = False,
) -> AsyncIterator[Page[T]]:
    """v3 pages, ascending; `resume` is a stored page's cursor. The last page has no next link. A row that cannot be
    read, and a marker that comes again, are left to the caller who `takes_odd`, as with `skip_pages`."""
    marker = resume
    before = {marker}
    while True:
        asked: dict[str, Any] = {**(params or {}), "limit": limit}
        if marker is not None:
            asked["marker"] = marker
        rows, odd, links = await _page(dd, path, row_type, asked, takes_odd)
        following = _marker(links.next if links else None)
        repeats = following is not None and following in before
        marker = None if repeats else following
        before.add(marker)
        yield Page(rows=rows, cursor=marker, odd=odd, repeats=repeats)
        if repeats and not takes_odd:
            raise repeating_pages(path)
        if marker is None:
            return


async def _page(
    dd: Dotdigital, path: str, row_type: type[T], asked: Params, takes_odd: bool
) -> tuple[list[T], list[OddRow], _Links | None]:
    if takes_odd:
        loose: _Items[Any] = await dd.get(path, _Items[Any], params=asked)
        return *rows_of(loose.items, row_type, "_items"), loose.links
    answer: _Items[T] = await dd.get(path, _Items[row_type], params=asked)  # type: ignore[valid-type]
    return answer.items, [], answer.links


def _marker(following: _Link | None) -> str | None:
    if following is None:
        return None
    if following.marker not in {None, ""}:
        return str(following.marker)
    found = parse_qs(urlsplit(following.link or following.href or "").query).get("marker")
    return found[0] if found else None
