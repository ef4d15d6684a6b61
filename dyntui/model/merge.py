"""Three-way merge of one value: what Dynamics and dotdigital have, against what both had when last synchronised.

    merge(base, dynamics, dotdigital, rule) -> Merged
    undecided(labels, dynamics, dotdigital) -> labels           of what was never synchronised, before it is merged

A function of its arguments alone. Both values are in the form of the data label (`dyntui.model.conversion`, to
dotdigital), empty is None. A value changed on one side travels; changed on both to the same value it is no conflict;
changed on both differently the mapping's rule decides, and that is a conflict. What was never synchronised has no base:
nobody knows who has changed what, so that a side which is empty does not clear the other one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from dyntui.model.changes import same_value
from dyntui.model.conversion import Value, unless_empty
from dyntui.model.labels import LabelType
from dyntui.model.mapping import ConflictRule


class Side(enum.StrEnum):
    """One of the two systems."""

    DYNAMICS = "Dynamics"
    DOTDIGITAL = "dotdigital"


class Never(enum.Enum):
    """The base of what was never synchronised."""

    NEVER = "never"


NEVER: Final = Never.NEVER


class Read(msgspec.Struct, frozen=True):
    """A value as one side has it; `changed_on`: when its record or contact was changed last, ISO 8601 UTC, `""` where
    nobody knows."""

    value: Value
    changed_on: str = ""


class Merged(msgspec.Struct, frozen=True):
    """The value that both sides are to have. `to`: the side that has to be told, None: neither. `winner`: whose value
    it is where both had changed it differently, None: there was no conflict."""

    value: Value
    to: Side | None = None
    winner: Side | None = None

    @property
    def conflict(self) -> bool:
        """Whether the rule had to decide."""
        return self.winner is not None


def merge(base: Value | Never, dynamics: Read, dotdigital: Read, rule: ConflictRule) -> Merged:
    """What becomes of a value. Of `newest` the side that was changed later wins; where that is not to be told,
    dotdigital, as with the default rule."""
    if same_value(dynamics.value, dotdigital.value):
        return Merged(dynamics.value)
    if isinstance(base, Never):
        if dotdigital.value is None:
            return Merged(dynamics.value, Side.DOTDIGITAL)
        if dynamics.value is None:
            return Merged(dotdigital.value, Side.DYNAMICS)
    elif same_value(base, dynamics.value):
        return Merged(dotdigital.value, Side.DYNAMICS)
    elif same_value(base, dotdigital.value):
        return Merged(dynamics.value, Side.DOTDIGITAL)
    if _winner(dynamics, dotdigital, rule) is Side.DYNAMICS:
        return Merged(dynamics.value, Side.DOTDIGITAL, Side.DYNAMICS)
    return Merged(dotdigital.value, Side.DYNAMICS, Side.DOTDIGITAL)


def undecided(
    labels: Mapping[str, LabelType], dynamics: Mapping[str, object], dotdigital: Mapping[str, Value]
) -> tuple[str, ...]:
    """Of what was never synchronised the labels of which dotdigital has a value that is another one than Dynamics': an
    empty side does not clear it, and of two values the rule has to decide."""
    there = {label: unless_empty(dotdigital.get(label.upper()), kind) for label, kind in labels.items()}
    return tuple(
        label
        for label, value in there.items()
        if label in dynamics and not same_value(value, None) and not same_value(value, dynamics[label])
    )


def _winner(dynamics: Read, dotdigital: Read, rule: ConflictRule) -> Side:
    if rule is ConflictRule.NEWEST:
        later = dynamics.changed_on > dotdigital.changed_on if dotdigital.changed_on else False
        return Side.DYNAMICS if later else Side.DOTDIGITAL
    return Side.DYNAMICS if rule is ConflictRule.DYNAMICS else Side.DOTDIGITAL


_OLD, _NEW, _OTHER = "a", "b", "c"
_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
# Of the table: what was synchronised last, what Dynamics has, what dotdigital has.
CASES: Final[tuple[tuple[Value | Never, Value, Value], ...]] = (
    (_OLD, _OLD, _OLD),
    (_OLD, _NEW, _OLD),
    (_OLD, None, _OLD),
    (_OLD, _OLD, _NEW),
    (_OLD, _OLD, None),
    (_OLD, _NEW, _NEW),
    (_OLD, None, None),
    (_OLD, _NEW, _OTHER),
    (_OLD, _NEW, None),
    (_OLD, None, _NEW),
    (None, None, None),
    (None, _NEW, None),
    (None, None, _NEW),
    (None, _NEW, _NEW),
    (None, _NEW, _OTHER),
    (NEVER, None, None),
    (NEVER, _NEW, None),
    (NEVER, None, _NEW),
    (NEVER, _NEW, _NEW),
    (NEVER, _NEW, _OTHER),
)
_SHOWN: Final[tuple[tuple[str, ConflictRule, str, str], ...]] = (
    ("dotdigital", ConflictRule.DOTDIGITAL, "", ""),
    ("dynamics", ConflictRule.DYNAMICS, "", ""),
    ("newest, Dynamics later", ConflictRule.NEWEST, _LATE, _EARLY),
    ("newest, dotdigital later", ConflictRule.NEWEST, _EARLY, _LATE),
)


def table() -> list[tuple[str, ...]]:
    """Every case under every rule, in words: a row of headings, then one for each case."""
    headings = ("last synchronised", "Dynamics", "dotdigital", *(name for name, *_ in _SHOWN))
    rows: list[tuple[str, ...]] = [headings]
    for base, dynamics, dotdigital in CASES:
        became = [
            _told(merge(base, Read(dynamics, when), Read(dotdigital, then), rule)) for _, rule, when, then in _SHOWN
        ]
        rows.append((*map(_word, (base, dynamics, dotdigital)), *became))
    return rows


def _word(value: Value | Never) -> str:
    if isinstance(value, Never):
        return "never"
    return "empty" if value is None else f"`{value}`"


def _told(merged: Merged) -> str:
    if merged.to is None:
        return "as it is"
    what = "cleared" if merged.value is None else f"becomes {_word(merged.value)}"
    conflict = f"; CONFLICT, {merged.winner} wins" if merged.winner is not None else ""
    return f"{merged.to} {what}{conflict}"
