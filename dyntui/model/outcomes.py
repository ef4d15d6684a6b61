"""The accounting identity: rows read = added + updated + unchanged + removed + excluded + rejected + held."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec


class Outcome(enum.StrEnum):
    """What became of one person in one run item. Exactly one each."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    EXCLUDED = "excluded"
    REJECTED = "rejected"
    HELD = "held"


class PersonOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one person. `person` is their id, or their address where that is all there is; `also` lists the
    further reasons behind the first one."""

    entity: str = ""
    person: str
    name: str = ""
    address: str = ""
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    also: tuple[str, ...] = ()


class ReasonCount(msgspec.Struct, frozen=True):
    """How many people share an outcome and a reason code (`""` where the outcome needs none)."""

    outcome: Outcome
    reason: str
    people: int


class Tally(msgspec.Struct, frozen=True):
    """Counts of one run or run item: `read` people against what became of them."""

    read: int = 0
    counts: tuple[ReasonCount, ...] = ()

    def of(self, outcome: Outcome) -> int:
        """People with this outcome, whatever the reason."""
        return sum(count.people for count in self.counts if count.outcome is outcome)

    @property
    def named(self) -> int:
        """People who ended in a named outcome."""
        return sum(count.people for count in self.counts)

    @property
    def adds_up(self) -> bool:
        """Whether the accounting identity holds. A run for which it does not is `Failed`."""
        return self.read == self.named


def total(tallies: Iterable[Tally]) -> Tally:
    """The tally of a run from those of its items, in a stable order."""
    read = 0
    sums: dict[tuple[Outcome, str], int] = {}
    for tally in tallies:
        read += tally.read
        for count in tally.counts:
            key = (count.outcome, count.reason)
            sums[key] = sums.get(key, 0) + count.people
    counts = tuple(ReasonCount(outcome, reason, people) for (outcome, reason), people in sorted(sums.items()))
    return Tally(read, counts)


class RunStatus(enum.StrEnum):
    """Status of a run as the audit shows it (spec section 9); `Queued` before it starts."""

    QUEUED = "Queued"
    IN_PROCESS = "In process"
    COMPLETED = "Completed"
    COMPLETED_WITH_ERRORS = "Completed with errors"
    FAILED = "Failed"
    HELD = "Held"
    CANCELLED = "Cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen in a run of this status."""
        return self not in (RunStatus.QUEUED, RunStatus.IN_PROCESS)


def status_of(tally: Tally) -> RunStatus:
    """The status that a run which went through earns by its counts alone."""
    if not tally.adds_up:
        return RunStatus.FAILED
    if tally.of(Outcome.HELD):
        return RunStatus.HELD
    if tally.of(Outcome.REJECTED):
        return RunStatus.COMPLETED_WITH_ERRORS
    return RunStatus.COMPLETED
