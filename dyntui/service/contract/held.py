"""What waits for a decision: removals from address books, and everything else that a person should look at."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.held import Decision as Decision
from dyntui.model.held import HeldRemovals as HeldRemovals
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.paging import Window
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.lists import LISTS_CHANGED
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.situations import Situation


class WaitingIn(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in an email account (id or name); in all of them where none is named."""

    account: Text = ""


class HeldLists(msgspec.Struct, frozen=True, kw_only=True):
    """All lists with removals that wait, by name."""

    rows: tuple[HeldRemovals, ...]


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that waits for a person: removals, undone changes, refused rows, ambiguous matches, conflicts,
    plans."""

    rows: tuple[Decision, ...]


class WaitingPeople(Window, frozen=True, kw_only=True):
    """A window on the people of a `list` (id) whose removal waits; `undone`: whose undone change does."""

    list: Text
    undone: bool = False


class DecideHeld(msgspec.Struct, frozen=True, kw_only=True):
    """The removals of a list that wait: `remove` lets the contacts go, otherwise they stay in the book. Only these
    `people` (ids of records), where any are named. `undone`: it is about undone changes that wait instead: `remove`
    lets them be made again, otherwise everybody stays as they are. `waiting`: how many of the list waited when somebody
    was asked; where others do by now nothing is decided (HELD_CHANGED). 0: however many it are."""

    list: Text
    remove: bool
    people: tuple[Text, ...] = ()
    undone: bool = False
    waiting: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class HeldDecided(msgspec.Struct, frozen=True, kw_only=True):
    """About how many `people` it was decided. `run`: the synchronisation that carries it out; where one is under way it
    comes after that."""

    people: int
    run: RunRow


HELD_LISTS = Call("held.lists", WaitingIn, HeldLists, Ability.SEE)
HELD_WAITING = Call("held.waiting", WaitingIn, Decisions, Ability.SEE)
HELD_PEOPLE = Call("held.people", WaitingPeople, Page[PersonOutcome], Ability.SEE)
HELD_DECIDE = Call("held.decide", DecideHeld, HeldDecided, Ability.SEND, changes=(LISTS_CHANGED,))


def waiting(situation: Situation) -> str:
    """A list with removals that wait is in hand."""
    chosen = situation.chosen(Decision)
    if not chosen:
        return "No removal waits for a decision."
    return "" if all(each.removal for each in chosen) else "It is no removal: Enter shows what can be done."


SECTION = Section(
    "held",
    title="Decisions",
    short="Decisions",
    tooltip="What waits for a person: removals, refused rows, conflicts, plans",
)
ON_HELD = Scope("Decisions")

ACTIONS = (
    Action(
        id="held.approve",
        title="Let them go",
        scopes=(ON_HELD,),
        keys=("a",),
        hint="Let them go",
        call=HELD_DECIDE,
        command="dyntui held approve LIST",
        tooltip="Takes them out of the address book with a synchronisation of the list; asks first",
        row=True,
        rule=waiting,
    ),
    Action(
        id="held.discard",
        title="Keep them",
        scopes=(ON_HELD,),
        keys=("K",),
        hint="Keep them",
        call=HELD_DECIDE,
        command="dyntui held discard LIST",
        tooltip="They stay in the address book, by name, and nobody is asked about them again; asks first",
        row=True,
        rule=waiting,
    ),
)
