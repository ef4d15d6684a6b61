"""An undo that is killed between any two of its stored steps ends as the uninterrupted one. With `DYNTUI_FAULT_SEEDS`
above 1 it is killed after each step as well as before."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.plans import PlanDetail
from dyntui.service.contract.runs import RunDetail
from dyntui.store.schema import list_member
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office

# Killed before what was done is stored, the run does it again; killed after, it goes on. The first is the harder one.
THOROUGH = int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")) > 1
MOMENTS = (True, False) if THOROUGH else (True,)
# Each kill takes a second.
STRIDE = 1 if THOROUGH else 8


class Killed:
    """Lets a run go at one of its stored steps: before what was done is stored, or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps, self.at, self.before = 0, 0, False
        for name in ("save", "write"):
            monkeypatch.setattr(RunContext, name, self._killing(getattr(RunContext, name)))

    def _killing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def stored(ctx: RunContext, *given: Any, **named: Any) -> Any:
            self.steps += 1
            if self.before and self.steps == self.at:
                raise asyncio.CancelledError
            answer = await real(ctx, *given, **named)
            if not self.before and self.steps == self.at:
                raise asyncio.CancelledError
            return answer

        return stored

    def apply(self, office: Office, plan: PlanDetail, at: int, *, before: bool) -> RunDetail:
        """The plan carried out, let go once and taken up again; `steps` are those of the first attempt."""
        self.steps, self.at, self.before = 0, at, before
        drain = office.engine.drain

        def drained() -> list[str]:
            while True:
                with contextlib.suppress(concurrent.futures.CancelledError):
                    return drain()
                self.at = 0

        office.engine.drain = drained  # type: ignore[method-assign]
        try:
            return office.apply(plan)
        finally:
            office.engine.drain = drain  # type: ignore[method-assign]


def known(office: Office, list_id: str) -> list[tuple[Any, ...]]:
    """What is known of the members, without what tells when."""
    m = list_member.c
    with office.db.read() as c:
        columns = (m.person_id, m.outcome, m.reason, m.sent_address, m.sent_fingerprint, m.sent_fields)
        return sorted(tuple(map(str, row)) for row in c.execute(list_member.select().with_only_columns(*columns)))


@pytest.mark.timeout(300)
@pytest.mark.thorough
def test_an_undo_that_is_killed_at_any_step_ends_as_the_uninterrupted_one(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    office.leave(newsletter.id, [each.person for each in people[:4]])
    office.run("lists")
    office.join(newsletter.id, [each.person for each in people[:4]])
    office.leave(newsletter.id, [each.person for each in people[4:8]])
    for place, each in enumerate(people[8:14]):
        office.change_in_dynamics("contact", each.person, firstname=f"Renamed {place}")
    for place, each in enumerate(people[14:16]):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"moved-{place}@example.com")
    office.change_in_dynamics("contact", people[16].person, donotemail=1)
    start = office.digest()
    run = office.run("lists").run.id
    done = office.digest()

    killed = Killed(monkeypatch)
    undone = killed.apply(office, office.plan_undo(run), 0, before=False)
    ending, told, members = office.digest(), undone.run.tally, known(office, newsletter.id)
    assert undone.run.status is RunStatus.COMPLETED and told.of(Outcome.EXCLUDED) == 1 and start != ending
    redone = office.undo(undone.run.id)
    assert office.digest() == done
    again = redone.run.tally
    kills: list[tuple[int, bool]] = []
    for at, before in ((at, before) for at in itertools.count(1, STRIDE) for before in MOMENTS):
        undone = killed.apply(office, office.plan_undo(run), at, before=before)
        if killed.at:
            break  # it has fewer steps
        kills.append((at, before))
        assert (office.digest(), undone.run.tally, undone.run.status) == (ending, told, RunStatus.COMPLETED), at
        assert known(office, newsletter.id) == members
        redone = killed.apply(office, office.plan_undo(undone.run.id), at, before=before)
        assert (office.digest(), redone.run.tally) == (done, again), at
    assert len(kills) > 20 * len(MOMENTS) // STRIDE
