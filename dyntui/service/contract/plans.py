"""Plans: what a synchronisation would change, before anything is changed."""

from __future__ import annotations

import msgspec

from dyntui.model.plans import Effects, Plan, PlannedChange
from dyntui.model.roles import Ability
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunRow


class MakePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of `sync_type` (`lists`) in an email account, the default one where none is named; of these `lists` (ids),
    or of all that are due."""

    sync_type: Text
    account: Text = ""
    lists: tuple[Text, ...] = ()


class PlanRef(msgspec.Struct, frozen=True):
    """A plan by the id of the run that made it, or by its beginning."""

    run: Text


class PlannedList(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list in a plan, by id and name, with how many people would be added, updated and removed."""

    id: str
    name: str
    effects: Effects


class PlanDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, the run that made it, and what it would do to each list."""

    run: RunRow
    plan: Plan
    lists: tuple[PlannedList, ...]


class ChangesQuery(Window, frozen=True, kw_only=True):
    """A window on a plan's changes: of one `list` (id) or `effect` (add, update, remove) where given."""

    run: Text
    list: Text = ""
    effect: Text = ""


PLAN_MAKE = Call("plans.make", MakePlan, RunRow, Ability.SYNCHRONISE)
PLAN_GET = Call("plans.get", PlanRef, PlanDetail, Ability.SEE)
PLAN_CHANGES = Call("plans.changes", ChangesQuery, Page[PlannedChange], Ability.SEE)
PLAN_APPLY = Call("plans.apply", PlanRef, RunRow, Ability.SYNCHRONISE)
