"""A choice of a marketing preference that one side has to be told, and what the audit keeps of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.model.changes import PREFERENCES, AppliedChange
from dyntui.model.merge import Side
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import UPDATE
from dyntui.model.preferences import Choice, Decided
from dyntui.store import applied_changes, outcomes
from dyntui.store.applied_changes import Done, Place
from dyntui.store.preferences import OfRecord, Pair
from dyntui.sync.preference_choices import item_of
from dyntui.sync.run_context import RunContext

IN_DOTDIGITAL, IN_DYNAMICS = PREFERENCES


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of which one side has to be told: the pair, and what was decided."""

    pair: Pair
    decided: Decided

    @property
    def key(self) -> tuple[int, str]:
        """Of which preference and record it is."""
        return self.record.preference_id, self.record.person_id

    @property
    def record(self) -> OfRecord:
        """Whose choice it is."""
        return self.pair.record

    @property
    def said(self) -> str:
        """As people read it."""
        record, there = self.pair.record, self.pair.dotdigital
        before = there.choice if self.decided.to is Side.DOTDIGITAL else record.choice
        change = f"{before or 'none'}, now {self.decided.choice} in {self.decided.to}"
        if self.decided.winner is None:
            return change
        both = f"{record.choice} in Dynamics, {there.choice} in dotdigital"
        return f"{change} ({both}: {self.decided.winner} wins)"


def name(c: Connection, ctx: RunContext, rows: Sequence[tuple[Due, Outcome, str, str]]) -> None:
    """What became of choices: each with the outcome, its reason and detail."""
    named: dict[int, list[PersonOutcome]] = {}
    for due, outcome, reason, detail in rows:
        conflict = ("CONFLICT",) if due.decided.winner is not None and reason != "CONFLICT" else ()
        record = due.record
        named.setdefault(record.preference_id, []).append(
            PersonOutcome(
                entity=record.entity,
                person=record.person_id,
                name=record.name,
                address=record.address,
                outcome=outcome,
                reason=reason,
                detail=detail,
                also=conflict,
            )
        )
    for preference_id, people in named.items():
        outcomes.record(c, ctx.run_id, item_of(preference_id), people)


def begin_changes(c: Connection, ctx: RunContext, target: str, due: Sequence[Due]) -> None:
    """A side (`target`) is about to be told: what it said before is kept first, as a run that is killed in between
    finds both sides alike."""
    for preference_id, rows in _changes(target, due).items():
        applied_changes.begin(c, Place(ctx.run_id, item_of(preference_id), target), rows)


def keep_changes(c: Connection, ctx: RunContext, target: str, told: Sequence[Due], others: Sequence[Due] = ()) -> None:
    """What a side was told, with what it said before. `others`: whom it was not told of."""
    for preference_id, rows in _changes(target, told).items():
        applied_changes.keep(c, Place(ctx.run_id, item_of(preference_id), target), rows)
    for preference_id, rows in _changes(target, others).items():
        place = Place(ctx.run_id, item_of(preference_id), target)
        applied_changes.settle(c, place, (), [each.person for each in rows])


def begun(c: Connection, ctx: RunContext, target: str, due: Sequence[Due]) -> dict[tuple[int, str], Choice]:
    """Of which preference and record this run had begun to tell a side before it was interrupted, and what."""
    found: dict[tuple[int, str], Choice] = {}
    for preference_id, rows in _changes(target, due).items():
        place = Place(ctx.run_id, item_of(preference_id), target)
        told = applied_changes.begun(c, place, [row.person for row in rows])
        found.update(((preference_id, person), Choice(after.get("choice") or "")) for person, after in told.items())
    return found


def settle_changes(c: Connection, ctx: RunContext, same: Sequence[Due]) -> frozenset[tuple[int, str]]:
    """Both sides say the same: what was begun of these was written, by this run before it was interrupted. Of which
    preference and record that is so."""
    written: set[tuple[int, str]] = set()
    for target in PREFERENCES:
        written.update(begun(c, ctx, target, same))
        for preference_id, rows in _changes(target, same).items():
            place = Place(ctx.run_id, item_of(preference_id), target)
            applied_changes.settle(c, place, [Done(each.person, None, False) for each in rows], ())
    return frozenset(written)


def _changes(target: str, due: Sequence[Due]) -> dict[int, list[AppliedChange]]:
    parts: dict[int, list[AppliedChange]] = {}
    for each in due:
        record = each.record
        before = each.pair.dotdigital.choice if target == IN_DOTDIGITAL else record.choice
        parts.setdefault(record.preference_id, []).append(
            AppliedChange(
                item_id=item_of(record.preference_id),
                target=target,
                person=record.person_id,
                entity=record.entity,
                name=record.name,
                address=record.address,
                effect=UPDATE,
                before={"choice": before.value or None},
                after={"choice": each.decided.choice.value},
            )
        )
    return parts
