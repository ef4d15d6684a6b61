"""What runs wrote, as people look at it."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.changes import AppliedChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.paging import Page
from dyntui.service.answering import answers
from dyntui.service.contract.changes import CHANGES_PAGE, CHANGES_UNDO, UndoRun, WrittenQuery
from dyntui.service.contract.runs import RunRef, RunRow
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs
from dyntui.store import applied_changes, undoing


class Changes:
    """The calls of `changes.*`."""

    def __init__(self, resources: Resources, runs: Runs) -> None:
        self._resources = resources
        self._runs = runs

    @answers(CHANGES_PAGE)
    async def page(self, context: CallContext, request: WrittenQuery) -> Page[AppliedChange]:
        """The changes that a run wrote. Raises RUN_UNKNOWN, RUN_AMBIGUOUS, SORT_UNKNOWN."""
        run_id = (await self._runs.get(context, RunRef(request.run))).run.id
        return await self._resources.read(
            lambda c: applied_changes.window(
                c, request, run_id=run_id, item_id=request.item, person=request.person, effect=request.effect
            )
        )

    @answers(CHANGES_UNDO)
    async def undo(self, context: CallContext, request: UndoRun) -> RunRow:
        """Queues a run that plans how to undo another one, and changes nothing. Raises RUN_UNKNOWN, RUN_AMBIGUOUS,
        NOTHING_TO_UNDO, RUN_GOES_ON, ALREADY_UNDONE."""
        run = (await self._runs.get(context, RunRef(request.run))).run
        await self._resources.read(lambda c: _check(c, run))
        return await self._runs.undo(context, run.id, plan=True)


def _check(c: Connection, run: RunRow) -> None:
    if not run.status.ended:
        raise _refused("RUN_GOES_ON", f"{run.title} has not ended yet.", "Wait for its end, or cancel it first.")
    wrote = undoing.standing(c, run.id)
    if wrote.stands:
        return
    if by := wrote.undone_by:
        raise _refused(
            "ALREADY_UNDONE",
            f"What {run.title} changed was undone already, by the run {by}.",
            f"See `dyntui audit show {by}`; `dyntui undo {by}` makes the changes again.",
        )
    # Of withdrawals of consent alone a plan says by name that they stay.
    if wrote.consent:
        return
    raise _refused(
        "NOTHING_TO_UNDO",
        f"{run.title} changed nothing that is known any more.",
        f"See what it wrote: `dyntui audit show {run.id} --changes`.",
    )


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was planned or undone.", remedy=remedy, exit=Exit.USAGE)


def use_cases(parts: Parts) -> Changes:
    """What answers these calls."""
    return Changes(parts.resources, Runs(parts.resources, parts.identities, parts.enqueue))
