"""Counts of people as labelled bars: one for each outcome and reason, and the people that a bar opens."""

from __future__ import annotations

from collections.abc import Iterable

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.reasons import BY_CODE
from dyntui.model.sync_types import outcome_word
from dyntui.service.contract.target_counts import TargetCount

from .whose import Whose
from .widgets.bars import BarRow
from .widgets.tones import SIGNS, outcome_tone

_ORDER = list(Outcome)

# The slice of those who will be mailed, beside the reasons.
SENDABLE = "sendable"


def reason_title(code: str) -> str:
    """The title of a reason; a code this version does not know stays as it is."""
    return BY_CODE[code].title if code in BY_CODE else code


def count_key(count: ReasonCount) -> str:
    """`excluded:SUPPRESSED`, `added:`: names a bar and what it opens."""
    return f"{count.outcome.value}:{count.reason}"


def split_key(key: str) -> tuple[str, str]:
    """Outcome and reason of a bar's key."""
    outcome, _, reason = key.partition(":")
    return outcome, reason


def outcome_title(outcome: str, kind: str = "") -> str:
    """An outcome as a heading, in the words of a kind of run."""
    return outcome_word(Outcome(outcome), kind).capitalize()


def _title(count: ReasonCount, kind: str, *, twice: bool) -> str:
    if not count.reason:
        return outcome_title(count.outcome.value, kind)
    # Some were left out for it beforehand, others the platform refused for it.
    return reason_title(count.reason) + (f", {count.outcome.value}" if twice else "")


def tally_rows(counts: Iterable[ReasonCount], kind: str = "") -> list[BarRow]:
    """The bars of a tally: outcomes in their order, within one the greatest count first. `kind` is the run's."""
    rows = sorted(counts, key=lambda count: (_ORDER.index(count.outcome), -count.people, count.reason))
    reasons = [count.reason for count in rows]
    return [
        BarRow(
            count_key(count),
            _title(count, kind, twice=reasons.count(count.reason) > 1),
            count.people,
            outcome_tone(count.outcome),
            SIGNS[count.outcome],
        )
        for count in rows
    ]


def behind_slice(count: TargetCount, key: str, trail: tuple[str, ...]) -> Whose:
    """The people behind a slice of a target count: `SENDABLE`, or a reason code."""
    sendable = key == SENDABLE
    return Whose(
        title="Sendable" if sendable else reason_title(key),
        trail=trail,
        count=count.id,
        reason="" if sendable else key,
        sendable=sendable,
    )
