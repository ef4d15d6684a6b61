"""How many people a marketing list has had, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import msgspec

from dyntui.model.outcomes import Outcome

_IN_BOOK = (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)
_LEFT_OUT = (Outcome.EXCLUDED, Outcome.REJECTED)


class GrowthPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A list after the last synchronisation of a `day` (YYYY-MM-DD, UTC): its `members` of whom some are `in_book` and
    others left out; by how many more are in the book than on the day before that (`change`; None: that is not known),
    and the `run` that says so."""

    day: str
    members: int
    in_book: int
    left_out: int
    change: int | None = None
    run: str = ""


class ListGrowth(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which a list was synchronised, the last one first."""

    list: str
    points: tuple[GrowthPoint, ...]


def point(day: str, run: str, counts: Mapping[str, Mapping[str, int]]) -> GrowthPoint:
    """What a run made of a list's people: outcome -> reason -> how many."""
    by_outcome = {outcome: sum(reasons.values()) for outcome, reasons in counts.items()}
    in_book, left_out = (sum(by_outcome.get(each, 0) for each in those) for those in (_IN_BOOK, _LEFT_OUT))
    return GrowthPoint(day=day, members=in_book + left_out, in_book=in_book, left_out=left_out, run=run)


def with_changes(points: list[GrowthPoint]) -> tuple[GrowthPoint, ...]:
    """Points of which the last comes first, each with what became of the one before it."""
    later = [msgspec.structs.replace(each, change=each.in_book - before.in_book) for each, before in pairwise(points)]
    return (*later, *points[-1:])
