"""What runs wrote, as people look at it."""

from __future__ import annotations

from dyntui.model.changes import AppliedChange
from dyntui.model.paging import Page
from dyntui.service.answering import answers
from dyntui.service.contract.changes import CHANGES_PAGE, WrittenQuery
from dyntui.service.contract.runs import RunRef
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs
from dyntui.store import applied_changes


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


def use_cases(parts: Parts) -> Changes:
    """What answers these calls."""
    return Changes(parts.resources, Runs(parts.resources, parts.identities, parts.enqueue))
