"""Plans as people see them: made by a run that changes nothing, looked at, and carried out."""

from __future__ import annotations

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import RunStatus
from dyntui.model.paging import Page
from dyntui.model.plans import DIFFERENCE, OPT_OUTS, Effects, Plan, PlannedChange
from dyntui.model.roles import Ability
from dyntui.model.sync_types import LISTS, MEMBERS, UNDO
from dyntui.service import members
from dyntui.service.answering import answers
from dyntui.service.contract.plans import (
    PLAN_APPLY,
    PLAN_CHANGES,
    PLAN_DIFF,
    PLAN_GET,
    PLAN_MAKE,
    ChangesQuery,
    DiffList,
    MakePlan,
    PlanDetail,
    PlannedList,
    PlanRef,
)
from dyntui.service.contract.runs import RunRef, RunRow, StartRun
from dyntui.service.members import Members
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs
from dyntui.store import lists as list_store
from dyntui.store import planned_changes


class Plans:
    """The calls of `plans.*`."""

    def __init__(self, resources: Resources, runs: Runs, members: Members) -> None:
        self._resources = resources
        self._runs = runs
        self._members = members

    @answers(PLAN_MAKE)
    async def make(self, context: CallContext, request: MakePlan) -> RunRow:
        """Queues a run that decides everything and changes nothing. Raises NOT_PLANNED, and what `runs.start`
        raises."""
        asked = StartRun(sync_type=request.sync_type, account=request.account, lists=request.lists)
        return await self._runs.begin(context, asked, plan=True)

    @answers(PLAN_DIFF)
    async def diff(self, context: CallContext, request: DiffList) -> RunRow:
        """Queues a run that reads both sides of a list and changes nothing. Raises LIST_NOT_ACTIVATED."""
        stored = await self._resources.read(lambda c: list_store.stored(c, [request.list]))
        account = stored[0].account_id if stored else ""
        asked = StartRun(sync_type=LISTS.id, account=account, lists=(request.list,))
        return await self._runs.begin(context, asked, plan=True, diff=True)

    @answers(PLAN_GET)
    async def get(self, context: CallContext, request: PlanRef) -> PlanDetail:
        """A plan that is whole. Raises RUN_UNKNOWN, NO_PLAN."""
        detail = await self._runs.get(context, RunRef(request.run))
        made = await self._plan(detail.run.id)
        effects = await self._resources.read(lambda c: planned_changes.effects(c, detail.run.id))
        fact = await self._resources.read(lambda c: planned_changes.fact(c, made))
        found = {each.item_id: each for each in effects}
        done = {each.item_id: each for each in fact.effects} if fact is not None else {}
        items = [(each.id, each.kind, each.name) for each in detail.items if each.kind != DIFFERENCE]
        if OPT_OUTS in found or OPT_OUTS in done:
            # No item of a run: consent is exchanged before any begins.
            items.insert(0, (OPT_OUTS, "feed", "Opt-outs"))
        lists = tuple(
            PlannedList(
                id=id,
                kind=kind,
                name=name,
                effects=found.get(id, Effects(item_id=id)),
                done=None if fact is None else done.get(id, Effects(item_id=id)),
            )
            for id, kind, name in items
        )
        return PlanDetail(run=detail.run, plan=made, lists=lists, fact=fact)

    @answers(PLAN_CHANGES)
    async def changes(self, context: CallContext, request: ChangesQuery) -> Page[PlannedChange]:
        """The people whom a plan would change, field by field. Raises RUN_UNKNOWN."""
        run_id = (await self._runs.get(context, RunRef(request.run))).run.id
        return await self._resources.read(
            lambda c: planned_changes.window(c, request, run_id=run_id, item_id=request.list, effect=request.effect)
        )

    @answers(PLAN_APPLY)
    async def apply(self, context: CallContext, request: PlanRef) -> RunRow:
        """Queues a run that carries a plan out: who has changed since is refused by name. To undo takes the right to
        send. Raises RUN_UNKNOWN, NO_PLAN, PLAN_APPLIED, PLAN_FAILED, ACCOUNT_UNKNOWN."""
        detail = await self._runs.get(context, RunRef(request.run))
        undo = detail.run.kind == UNDO.id
        if undo:
            await context.require(Ability.SEND)
        made = await self._plan(detail.run.id)
        if made.applied_by:
            raise _refused(
                "PLAN_APPLIED",
                f"The plan was carried out already, by the run {made.applied_by}.",
                f"See `dyntui audit show {made.applied_by}`, or make another plan.",
            )
        if undo:
            undone = await self._runs.undone_by_plan(detail.run.id)
            return await self._runs.undo(context, undone, apply=detail.run.id)
        if detail.run.kind == MEMBERS.id:
            return await self._members.apply(context, detail.run.id)
        # What could not be planned is not carried out either: nothing is known of what would happen to it.
        lists = [each for each in detail.items if each.kind == "list"]
        planned = tuple(each.id for each in lists if each.status is not RunStatus.FAILED)
        if lists and not planned and detail.run.kind == LISTS.id:
            # Without a list that is named all of them would be gone through.
            raise _refused(
                "PLAN_FAILED",
                f"None of the marketing lists of the plan could be planned: {', '.join(each.name for each in lists)}.",
                f"See why: `dyntui audit show {detail.run.id}`. Once that is mended, make another plan.",
            )
        # Without an account that is named the default one would be meant.
        account = await self._runs.account_of(detail.run.id)
        asked = StartRun(sync_type=detail.run.kind, account=account, lists=planned)
        diff = await self._runs.is_diff(detail.run.id)
        return await self._runs.begin(context, asked, apply=detail.run.id, diff=diff)

    async def _plan(self, run_id: str) -> Plan:
        made = await self._resources.read(lambda c: planned_changes.plan(c, run_id))
        if made is None:
            raise _refused("NO_PLAN", f"The run {run_id} has no plan, or not yet.", "Make one: `dyntui plan lists`.")
        return made


def use_cases(parts: Parts) -> Plans:
    """What answers these calls."""
    return Plans(parts.resources, Runs(parts.resources, parts.identities, parts.enqueue), members.use_cases(parts))


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was started.", remedy=remedy, exit=Exit.USAGE)
