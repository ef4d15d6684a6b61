"""Plans: what a synchronisation would change, before anything is changed."""

from __future__ import annotations

from typing import Any

import msgspec

from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import ADD, EFFECTS, REMOVE, UPDATE, Effects, Fact, Plan, PlannedChange
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.lists import ON_LIST, ON_LISTS, synchronise_list
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import ON_PLAN, ON_RUN, RUN_PEOPLE, RunRow
from dyntui.service.contract.situations import Situation

# The kind of a run's items that are marketing lists.
LIST = "list"


class MakePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of `sync_type` (`lists`, `address-books`) in an email account, the default one where none is named; of
    these `lists` (ids), or of all that are due."""

    sync_type: Text
    account: Text = ""
    lists: tuple[Text, ...] = ()


class DiffList(msgspec.Struct, frozen=True):
    """Compare a marketing `list` (id) with its address book: everything is read on both sides, members and fields. What
    differs is a plan, which `plans.apply` carries out."""

    list: Text


class PlanRef(msgspec.Struct, frozen=True):
    """A plan by the id of the run that made it, or by its beginning."""

    run: Text


class PlannedList(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a plan - mostly a marketing list (`kind` list), else what is brought to Dynamics or written of opt-outs
    - by id and name, with how many people would be added, updated and removed. `done`: how many were, where the plan
    was carried out."""

    id: str
    name: str
    effects: Effects
    kind: str = LIST
    done: Effects | None = None


class PlanDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, the run that made it, and what it would do to each list. `fact`: what became of it, once a run carries it
    out."""

    run: RunRow
    plan: Plan
    lists: tuple[PlannedList, ...]
    fact: Fact | None = None


class ChangesQuery(Window, frozen=True, kw_only=True):
    """A window on a plan's changes: of one `list` (id) or `effect` (one of `dyntui.model.plans.EFFECTS`) where
    given."""

    run: Text
    list: Text = ""
    effect: Text = ""


PLAN_MAKE = Call("plans.make", MakePlan, RunRow, Ability.SYNCHRONISE)
PLAN_DIFF = Call("plans.diff", DiffList, RunRow, Ability.SYNCHRONISE)
PLAN_GET = Call("plans.get", PlanRef, PlanDetail, Ability.SEE)
PLAN_CHANGES = Call("plans.changes", ChangesQuery, Page[PlannedChange], Ability.SEE)
PLAN_APPLY = Call("plans.apply", PlanRef, RunRow, Ability.SYNCHRONISE)


def shown_effects(detail: PlanDetail) -> tuple[str, ...]:
    """The effects that a plan is told by: those of address books, and whatever else it has."""
    return tuple(
        each
        for each in EFFECTS
        if each in (ADD, UPDATE, REMOVE) or any(getattr(of.effects, each) for of in detail.lists)
    )


def forecast_and_fact(detail: PlanDetail) -> list[tuple[str, str, int, int]]:
    """Part by part and effect by effect how many were planned, and how many it became, where either is any."""
    rows: list[tuple[str, str, int, int]] = []
    for part in detail.lists:
        for effect in EFFECTS:
            planned = getattr(part.effects, effect)
            done = getattr(part.done, effect) if part.done is not None else 0
            if planned or done:
                rows.append((part.name, effect, planned, done))
    return rows


def change_text(change: PlannedChange) -> str:
    """What a change does, in a line: the fields before and after, or why somebody leaves, and what else there is to
    say."""
    return "; ".join(each for each in (_fields(change), change.detail) if each)


def _fields(change: PlannedChange) -> str:
    if change.after is None:
        return change.reason
    if change.before is None:
        return ", ".join(f"{label} {_value(value)}" for label, value in change.after.items())
    return ", ".join(
        f"{label} {_value(change.before.get(label))} → {_value(value)}"
        for label, value in change.after.items()
        if change.before.get(label) != value
    )


def _value(value: Any) -> str:
    return "empty" if value in (None, "") else str(value)


def planned_run(situation: Situation) -> str:
    """A run that has made its plan."""
    run = situation.one(RunRow)
    if run is None or not run.plan:
        return "This run is no plan: it has done what it decided."
    if not run.status.ended:
        return "The plan is being made."
    return "" if run.status not in (RunStatus.FAILED, RunStatus.CANCELLED) else "The plan was not made to its end."


def is_planned(situation: Situation) -> bool:
    """Whether the run in hand makes a plan."""
    run = situation.one(RunRow)
    return run is not None and run.plan


def to_apply(situation: Situation) -> str:
    """A plan in hand that has changes and was not carried out yet."""
    detail, run = situation.one(PlanDetail), situation.one(RunRow)
    if detail is None:
        return "The plan is not read yet." if run is None or run.status.ended else "The plan is being made."
    if detail.plan.applied_by:
        return "The plan was carried out already."
    changes = sum(each.effects.changes for each in detail.lists)
    return "" if changes else "There is nothing to be done."


ACTIONS = (
    Action(
        id="plans.make",
        title="Plan a synchronisation",
        scopes=(ON_LISTS, ON_LIST),
        keys=("P",),
        aside="Plan",
        call=PLAN_MAKE,
        command="dyntui plan lists --list LIST",
        tooltip="What a synchronisation would add, change and take out, without doing it",
        row=True,
        rule=synchronise_list,
    ),
    Action(
        id="plans.diff",
        title="Compare with the address book",
        scopes=(ON_LISTS, ON_LIST),
        keys=("equals_sign",),
        aside="Compare",
        call=PLAN_DIFF,
        command="dyntui diff LIST",
        tooltip="Reads both sides anew, members and fields; what differs is a plan that mends it",
        row=True,
        rule=synchronise_list,
    ),
    Action(
        id="plans.show",
        title="The plan",
        scopes=(ON_RUN,),
        keys=("v",),
        hint="The plan",
        call=PLAN_CHANGES,
        command="dyntui plan lists",
        tooltip="Whom the plan would change, field by field",
        rule=planned_run,
        hinted=is_planned,
    ),
    Action(
        id="plans.people",
        title="Everybody in the plan",
        scopes=(ON_PLAN,),
        keys=("p",),
        hint="People",
        call=RUN_PEOPLE,
        command="dyntui audit show RUN --people",
        tooltip="What would become of everybody, also of those whom nothing would be done of, and why",
    ),
    Action(
        id="plans.apply",
        title="Carry it out",
        scopes=(ON_PLAN,),
        keys=("a",),
        hint="Carry it out",
        call=PLAN_APPLY,
        command="dyntui apply RUN",
        tooltip="Does exactly what is planned; whoever has changed since is refused by name; asks first",
        rule=to_apply,
    ),
)
