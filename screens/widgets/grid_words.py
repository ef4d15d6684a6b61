"""What a grid says: its titles, its count, and what stands in place of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..wording import moment, number
from .cells import fit, width_of, wrap
from .columns import SEPARATOR, Place
from .line import Part
from .paging import PAGE_ROWS, Listing, Phase

T = TypeVar("T")

# Cells of a line that has no room for everything.
NARROW = 70

# Cells before the first column: the cursor's sign and the mark.
GUTTER = 2


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a grid speaks of its rows, and what it says when there are none: a title and what to do next. `searched`:
    what a search looks at where that is more than the view shows, after what it looks for."""

    one: str
    many: str
    empty: str
    next_step: str = ""
    searched: str = ""

    def of(self, count: int) -> str:
        """`1 member`, `3,401 members`."""
        return f"{number(count)} {self.one if count == 1 else self.many}"


def notice(listing: Listing[T], wording: Wording, width: int) -> list[tuple[str, str]]:
    """The lines, each with its tone, that stand in place of rows on a body of `width` cells."""
    if listing.phase is Phase.LOADING:
        return [("Loading…", "muted")]
    if listing.phase is Phase.FAILED and listing.error is not None:
        error = listing.error
        parts = ((error.message, "strong"), (error.not_done, ""), (error.remedy, ""))
        said = [(line, tone) for text, tone in parts for line in wrap(text, max(20, width - 8))]
        return [(error.code, "bad"), *said, ("", ""), ("r  try again", "key")]
    if listing.phase is Phase.NO_MATCH:
        return [
            (f"Nothing matches “{listing.searched}”{wording.searched}", "strong"),
            ("", ""),
            ("Esc  clears the filter", "key"),
        ]
    steps = wrap(wording.next_step, max(20, width - 4)) if wording.next_step else []
    return [(wording.empty, "strong"), ("", ""), *((step, "muted") for step in steps)]


def titles(places: Sequence[Place[T]], sort: str) -> list[Part]:
    """The column titles; the one that is sorted by says which way."""
    by, down = sort.removeprefix("-"), sort.startswith("-")
    text = " " * GUTTER
    parts: list[Part] = []
    for place in places:
        title = place.column.title
        if by and place.column.sort == by:
            title = f"{title} {'▼' if down else '▲'}"
        parts.append(Part(text + fit(title, place.width, place.column.right), "muted"))
        text = " " * SEPARATOR
    return parts


def room_beside(listing: Listing[T], wording: Wording, width: int) -> int:
    """The cells of the last line that are left for what all rows have in common. On a narrow one that matters more than
    when they were read."""
    left, right = status(listing, wording, max(0, listing.matching - 1), 0)
    if width < NARROW:
        right = []
    return width - sum(width_of(part.text) for part in (*left, *right)) - len(_common(listing, width)) - 1


def _common(listing: Listing[T], width: int) -> str:
    """What stands before that: on a narrow line a word."""
    in_all = "all" if width < NARROW else "in all rows"
    return f" · {in_all}{'' if listing.matching <= PAGE_ROWS else ' read'}: "


def status(
    listing: Listing[T], wording: Wording, cursor: int, marks: int, told: str = "", width: int = NARROW
) -> tuple[list[Part], list[Part]]:
    """Where one is in how many rows, what they all have in common (`told`), and on the right when they were read."""
    right = [Part(f"read {moment(listing.as_of)}", "muted")] if listing.as_of else []
    if listing.phase is not Phase.ROWS:
        return [], right
    if listing.searched:
        left = f"{number(listing.matching)} of {wording.of(listing.total)} match “{listing.searched}”{wording.searched}"
        if listing.more:
            left = f"The first {wording.of(listing.matching)} that match “{listing.searched}”: there are more"
        parts = [Part(f"  {left}", "accent"), Part(f" · row {number(cursor + 1)}", "muted")]
    else:
        parts = [Part(f"  {number(cursor + 1)} of {wording.of(listing.matching)}", "muted")]
    if marks:
        parts.append(Part(f" · ● {number(marks)} marked", "accent"))
    if told:
        parts.append(Part(f"{_common(listing, width)}{told}", "muted"))
    return parts, right
