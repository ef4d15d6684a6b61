"""What a run wrote on either side, person by person and field by field, with what was there before."""

from __future__ import annotations

from typing import Any

import msgspec

from dyntui.model.changes import AppliedChange as AppliedChange
from dyntui.model.plans import ADD, FLAG, REMOVE, SUPPRESS, UNFLAG
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import ON_AUDIT, ON_RUN, RunRow
from dyntui.service.contract.situations import Situation


class WrittenQuery(Window, frozen=True, kw_only=True):
    """A window on what a `run` (id, or its beginning) wrote: of one `item`, one `person` (id, or an address that
    they had before or after) or `effect` (add, update, remove, suppress, flag, unflag) where given."""

    run: Text
    item: Text = ""
    person: Text = ""
    effect: Text = ""


class UndoRun(msgspec.Struct, frozen=True):
    """Undo what a `run` (id, or its beginning) wrote: its plan is made first, and carried out by `plans.apply`."""

    run: Text


CHANGES_PAGE = Call("changes.page", WrittenQuery, Page[AppliedChange], Ability.SEE)

CHANGES_UNDO = Call("changes.undo", UndoRun, RunRow, Ability.SEND)

_EFFECTS = {
    ADD: "added",
    REMOVE: "taken out",
    SUPPRESS: "suppressed",
    FLAG: "opted out in Dynamics",
    UNFLAG: "opt-out in Dynamics taken back",
}


def effect_text(change: AppliedChange) -> str:
    """What was done, in a word or two."""
    return _EFFECTS.get(change.effect, "updated")


def fields_text(change: AppliedChange) -> str:
    """The fields before and after, in a line: `FIRSTNAME Ann → Anne`; where there was nothing before, those that were
    written; that of a removal is nothing."""
    parts: list[str] = []
    if change.before_address and change.before_address != change.address:
        parts.append(f"address {change.before_address} → {change.address}")
    for label, value in (change.after or {}).items():
        was = "" if change.before is None else f"{value_text(change.before.get(label))} → "
        parts.append(f"{label} {was}{value_text(value)}")
    if not change.known and not change.consent and change.after is not None:
        parts.append("what was there before is not known")
    return ", ".join(parts)


def value_text(value: Any) -> str:
    """A value of a field as people read it."""
    return "empty" if value in (None, "") else str(value)


def has_written(situation: Situation) -> str:
    """A run that is no plan."""
    run = situation.one(RunRow)
    if run is None:
        return "No run is selected."
    return "A plan writes nothing; `v` shows what it would write." if run.plan else ""


def may_have_written(situation: Situation) -> bool:
    """Whether the run in hand does what it decides, and no mere plan of it, and has written to either side."""
    run = situation.one(RunRow)
    return run is not None and not run.plan and bool(run.dataverse_writes or run.dotdigital_writes)


def undo(situation: Situation) -> str:
    """A run that has ended and changed something."""
    run = situation.one(RunRow)
    if run is None:
        return "No run is selected."
    if run.plan:
        return "A plan changes nothing, so there is nothing to undo."
    return "" if run.status.ended else "The run goes on: cancel it, or wait for its end."


# Kinds of runs that change more than consent and what dyntui itself keeps.
_WRITE = ("lists", "members", "address-books", "opt-in", "scoring", "forms", "send", "undo")


def can_be_undone(situation: Situation) -> bool:
    """Whether the run in hand can have changed something that is ever undone."""
    run = situation.one(RunRow)
    return run is not None and may_have_written(situation) and run.kind in _WRITE


ON_CHANGES = Scope("What a run wrote")

ACTIONS = (
    Action(
        id="changes.show",
        title="What it wrote",
        scopes=(ON_RUN,),
        keys=("w",),
        hint="What it wrote",
        call=CHANGES_PAGE,
        command="dyntui audit show RUN --changes",
        tooltip="Whom the run changed on either side, with the fields before and after",
        rule=has_written,
        hinted=may_have_written,
    ),
    Action(
        id="changes.undo",
        title="Undo",
        scopes=(ON_AUDIT, ON_RUN),
        keys=("u",),
        hint="Undo",
        call=CHANGES_UNDO,
        command="dyntui undo RUN",
        tooltip="Plans to put back what the run changed; the plan says what cannot be, and nothing is done yet",
        row=True,
        rule=undo,
        hinted=can_be_undone,
    ),
)
