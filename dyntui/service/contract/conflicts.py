"""Conflicts of values: what both sides had changed differently, and what the mapping's rule made of it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.conflicts import Conflict
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.held import ON_HELD
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.situations import Situation


class ConflictsQuery(Window, frozen=True, kw_only=True):
    """A window on the conflicts, the newest first: of one email `account` (id or name) where given; `settled`: those
    that somebody has looked at, instead of the others."""

    account: Text = ""
    settled: bool = False


class ConflictOf(msgspec.Struct, frozen=True, kw_only=True):
    """A data label of a person (the id of the record)."""

    person: Text
    label: Text


class SettleConflicts(msgspec.Struct, frozen=True, kw_only=True):
    """The conflicts `of` these people and labels of an email `account` (id or name; the default one where none is
    given) have been looked at; all of the account's where none is named. Nothing is written: the value stays the
    winner's."""

    account: Text = ""
    of: Annotated[tuple[ConflictOf, ...], msgspec.Meta(max_length=10_000)] = ()


class TakeOther(msgspec.Struct, frozen=True, kw_only=True):
    """The value that had lost counts in the conflicts `of` these people and labels of an email `account` (id or name;
    the default one where none is given): it is written to the side that lost it, and travels from there."""

    account: Text = ""
    of: Annotated[tuple[ConflictOf, ...], msgspec.Meta(min_length=1, max_length=10_000)]


class ConflictsSettled(msgspec.Struct, frozen=True, kw_only=True):
    """How many it were."""

    conflicts: int


CONFLICTS_CHANGED = Event("conflicts.changed", Changed)

CONFLICTS_PAGE = Call("conflicts.page", ConflictsQuery, Page[Conflict], Ability.SEE)
CONFLICTS_SETTLE = Call(
    "conflicts.settle", SettleConflicts, ConflictsSettled, Ability.SYNCHRONISE, changes=(CONFLICTS_CHANGED,)
)
CONFLICTS_TAKE = Call("conflicts.take", TakeOther, RunRow, Ability.SYNCHRONISE)


def met(situation: Situation) -> str:
    """A conflict that nobody has looked at is in hand."""
    chosen = situation.chosen(Conflict)
    if not chosen:
        return "No conflict is selected."
    return "Somebody has looked at it already." if any(each.settled_on for each in chosen) else ""


ON_CONFLICTS = Scope("Conflicts")

ACTIONS = (
    Action(
        id="conflicts.open",
        title="Conflicts",
        scopes=(ON_HELD,),
        keys=("c",),
        hint="Conflicts",
        call=CONFLICTS_PAGE,
        command="dyntui conflicts list",
        tooltip="Values that were changed in Dynamics and in dotdigital, and whose the mapping's rule took",
    ),
    Action(
        id="conflicts.settle",
        title="Agree with the winner",
        scopes=(ON_CONFLICTS,),
        keys=("a",),
        hint="Agree",
        call=CONFLICTS_SETTLE,
        command="dyntui conflicts settle --person ID --label LABEL",
        tooltip="It waits for nobody any more, and the value stays the winner's",
        row=True,
        rule=met,
    ),
    Action(
        id="conflicts.take",
        title="Take the other value",
        scopes=(ON_CONFLICTS,),
        keys=("t",),
        hint="Take the other",
        call=CONFLICTS_TAKE,
        command="dyntui conflicts take --person ID --label LABEL",
        tooltip="Writes what had lost back to its side, if the field was not changed since, undone like a run",
        row=True,
        rule=met,
    ),
)
