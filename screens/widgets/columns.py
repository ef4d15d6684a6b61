"""Columns of a grid and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Generic, TypeVar

from .cells import single_line, width_of

T = TypeVar("T")

SEPARATOR = 2
_NARROWEST = 6
# So many cells more than its longest text a column may have: further apart, a row cannot be read along.
_AIR = 12
# From this priority on a column goes rather than that a row cannot be recognised.
_GOES = 2


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """One column. `width` is the least number of cells it can live with; `flex` its share of what is left over (0:
    fixed). Where the width does not suffice for all, those of the highest `priority` number go first; 0 always stays.
    Those of 2 and more also go where a `whole` one, by which a row is recognised, would be cut in one row of ten, and
    then those that say the same in all rows.
    `sort` is the contract's name of the sort column, `""` where the listing cannot be sorted by it; `tone` names the
    look of a cell (`good`, `bad`, `warn`, `muted`, `""`). What it says of a row that `passes`, as how far a run is, has
    room only while there is such a row."""

    title: str
    text: Callable[[T], str]
    width: int
    flex: int = 0
    priority: int = 0
    right: bool = False
    sort: str = ""
    tone: Callable[[T], str] | None = None
    whole: bool = False
    passes: Callable[[T], bool] | None = None


@dataclass(frozen=True)
class Place(Generic[T]):
    """A column that is shown, from cell `x`, `width` cells wide."""

    column: Column[T]
    x: int
    width: int


@dataclass(frozen=True)
class Wants:
    """The cells that each column takes for nine rows in ten to be uncut, and for all of them; and `same`, what it says
    in each of several rows, or None where they differ. `lasting`: what is wanted once nothing passes any more."""

    most: tuple[int, ...]
    all: tuple[int, ...]
    same: tuple[str | None, ...] = ()
    rows: int = 0
    lasting: Wants | None = None


def wanted(columns: Sequence[Column[T]], rows: Sequence[T], before: Wants | None = None) -> Wants:
    """What these rows want; never less than `before`, so that columns do not jump while rows come and go, but for what
    has passed meanwhile."""
    lasting = before.lasting or before if before is not None else None
    stay = [row for row in rows if not any(column.passes is not None and column.passes(row) for column in columns)]
    if len(stay) == len(rows):
        return _wanted(columns, rows, lasting) if rows else before or _wanted(columns, rows, None)
    return replace(_wanted(columns, rows, before), lasting=_wanted(columns, stay, lasting))


def _wanted(columns: Sequence[Column[T]], rows: Sequence[T], before: Wants | None) -> Wants:
    titles = tuple(width_of(column.title) + (len(" ▲") if column.sort else 0) for column in columns)
    before = before or Wants(titles, titles)
    if not rows:
        return before
    texts = [[single_line(column.text(row)) for row in rows] for column in columns]
    widths = [sorted(map(width_of, each)) for each in texts]
    nine_in_ten = -(-len(rows) * 9 // 10) - 1
    said = before.same if before.rows else tuple(each[0] for each in texts)
    return Wants(
        tuple(max(least, each[nine_in_ten]) for least, each in zip(before.most, widths, strict=True)),
        tuple(max(least, each[-1]) for least, each in zip(before.all, widths, strict=True)),
        tuple(one if {one} == set(each) else None for one, each in zip(said, texts, strict=True)),
        max(before.rows, len(rows)),
    )


def as_wide(
    columns: Sequence[Column[T]], wants: Wants | None, widths: Mapping[str, int]
) -> tuple[Sequence[Column[T]], Wants | None]:
    """The columns, some of which (by title) are exactly so many cells wide, and what they want then."""
    if not widths:
        return columns, wants
    chosen = [widths.get(column.title) for column in columns]
    fixed = [
        column if cells is None else replace(column, width=cells, flex=0)
        for column, cells in zip(columns, chosen, strict=True)
    ]
    if wants is not None:
        most, all_ = (
            tuple(want if cells is None else cells for want, cells in zip(each, chosen, strict=True))
            for each in (wants.most, wants.all)
        )
        wants = replace(wants, most=most, all=all_)
    return fixed, wants


def told_text(column: Column[T], said: str) -> str:
    """`Account Main, `; of a column that says nothing nothing."""
    return f"{column.title} {said}, ".lstrip() if said else ""


def _recognised(
    columns: Sequence[Column[T]], chosen: list[int], gone: list[int], width: int, wants: Wants, *, same: bool
) -> list[int]:
    """Those that stay, so that what a row is recognised by is whole; all of them where that gains nothing. `gone` are
    those for which there was no room, the last one first. `same`: those stay that say the same in all rows."""

    def goes(one: int) -> bool:
        tells_none_apart = wants.rows > 1 and wants.same[one] is not None and not same
        return not columns[one].whole and (columns[one].priority >= _GOES or tells_none_apart)

    def needed(those: Sequence[int], *, most: bool) -> int:
        """With all that does not go at its `most`, or only what a row is recognised by."""
        least = {one: min(columns[one].width, wants.all[one]) for one in those}
        cells = [
            max(least[one], wants.most[one])
            if columns[one].whole or (most and columns[one].priority < _GOES)
            else least[one]
            for one in those
        ]
        return sum(cells) + SEPARATOR * (len(those) - 1)

    stay = list(chosen)
    if not any(columns[one].whole for one in stay):
        return chosen
    gone = list(gone)
    while needed(stay, most=True) > width:
        going = [one for one in stay if goes(one)]
        if not going:
            break
        gone.insert(0, max(reversed(going), key=lambda one: columns[one].priority))
        stay.remove(gone[0])
    # A narrow one may fit where a wider one that matters more has gone.
    for one in gone:
        if needed([*stay, one], most=True) <= width:
            stay.append(one)
    return sorted(stay) if needed(stay, most=False) <= width else chosen


def arrange(
    columns: Sequence[Column[T]],
    width: int,
    wants: Wants | None = None,
    without: Sequence[int] = (),
    *,
    same: bool = False,
) -> list[Place[T]]:
    """The columns that fit into `width` cells, in their own order, filling it where one is flexible. `wants` says what
    each takes uncut, where rows are known: what one does not need goes first to those that would be cut, those by which
    a row is recognised before the others; and what none needs stays free at the end. `same`: columns that say the same
    in all rows do not go for the sake of others."""
    chosen = [one for one in range(len(columns)) if one not in without]

    def needed() -> int:
        return sum(columns[one].width for one in chosen) + SEPARATOR * (len(chosen) - 1)

    gone: list[int] = []
    while len(chosen) > 1 and needed() > width and any(columns[one].priority for one in chosen):
        gone.insert(0, max(reversed(chosen), key=lambda one: columns[one].priority))
        chosen.remove(gone[0])
    if wants is not None:
        chosen = _recognised(columns, chosen, gone, width, wants, same=same)
    most = width - SEPARATOR * (len(chosen) - 1)
    cells = {one: columns[one].width for one in chosen}
    if wants is not None:
        cells = {one: min(columns[one].width, wants.all[one]) for one in chosen}
        flexible = [one for one in chosen if columns[one].flex]
        whole = [one for one in chosen if columns[one].whole]
        # One endless text takes nothing from what all others need.
        near = tuple(min(all_, most_ + _AIR) for most_, all_ in zip(wants.most, wants.all, strict=True))
        groups = (whole, flexible, chosen)
        for want, group in (
            *product((wants.most,), groups),
            *product((near,), groups[1:]),
            *product((wants.all,), groups),
        ):
            # A cell at a time, to whichever has the fewest: what is short is whole first.
            while sum(cells.values()) < most and (cut := [one for one in group if cells[one] < want[one]]):
                cells[min(cut, key=cells.__getitem__)] += 1
    # Rather the widest a little narrower than the last ones cut off.
    while sum(cells.values()) > most and max(cells.values()) > _NARROWEST:
        cells[max(chosen, key=cells.__getitem__)] -= 1
    spare = max(0, most - sum(cells.values()))
    air = _AIR if wants is not None and wants.rows else width
    shares = sum(columns[one].flex for one in chosen)
    places: list[Place[T]] = []
    x = 0
    for one in chosen:
        extra = min(air, spare * columns[one].flex // shares) if shares else 0
        spare -= extra
        shares -= columns[one].flex
        room = max(1, min(cells[one] + extra, width - x))
        places.append(Place(columns[one], x, room))
        x += room + SEPARATOR
        if x >= width:
            break
    return places


def told_once(
    columns: Sequence[Column[T]], width: int, wants: Wants | None, room: int, by: str = ""
) -> tuple[list[int], str]:
    """The columns that say the same in all rows and are left out, as otherwise something would be cut, and what they
    say, in `room` cells. Nothing is told of those that say nothing, or would not be there without the room of others.
    One that the rows are sorted `by` stays."""
    gone: list[int] = []
    said: dict[int, str] = {}
    first: list[int] = []
    while wants is not None and wants.rows > 1:
        places = arrange(columns, width, wants, gone, same=True)
        shown = [columns.index(place.column) for place in places]
        first = first or shown
        if all(place.width >= wants.all[one] for one, place in zip(shown, places, strict=True)):
            break
        told = {one: told_text(columns[one], wants.same[one] or "") if one in first else "" for one in shown}
        going = [one for one in shown if wants.same[one] is not None and not columns[one].whole]
        going = [one for one in going if not by or columns[one].sort != by.removeprefix("-")]
        going = [one for one in going if width_of(told[one]) <= max(0, room)]
        if not going or len(shown) < 2:
            break
        one = max(going, key=lambda one: columns[one].priority)
        room -= width_of(told[one])
        gone.append(one)
        said[one] = told[one]
    return sorted(gone), "".join(said[one] for one in sorted(gone)).removesuffix(", ")
