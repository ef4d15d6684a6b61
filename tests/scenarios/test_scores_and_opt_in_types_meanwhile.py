"""Scores and opt-in types, where something happens while records are told."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dyntui.dataverse import bulk
from dyntui.model.opt_in import OptIn
from dyntui.model.outcomes import Outcome
from dyntui.model.scores import SCORE
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_opt_in import in_dynamics as opted_in
from tests.scenarios.test_opt_in import opt_in_of
from tests.scenarios.test_scoring import in_dynamics, scored

LATER = "taken.later@example.org"


def once_a_record_was_told(office: Office, do: Callable[[], None]) -> None:
    """Something happens right after the first record was written."""
    done: list[str] = []

    def meanwhile(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not done and request.url.path.endswith("$batch") and b"PATCH" in request.content:
            done.append("")
            do()
        return answer

    office.sandbox.doctor(meanwhile)


def test_who_takes_an_address_while_the_first_scores_are_told_gets_its_score(
    office: Office, newsletter: ListRow
) -> None:
    ada, ben = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.sandbox.state.db.execute("DELETE FROM dd_score")
    office.put_into_book(newsletter.id, LATER)
    for each in (ada.address, LATER):
        scored(office, each, 70)

    def meanwhile() -> None:
        office.change_in_dynamics("contact", ben.person, emailaddress1=LATER)
        office.let_pass(hours=2)

    once_a_record_was_told(office, meanwhile)
    office.run("scoring")
    assert in_dynamics(office, ada.person)[SCORE] == 70
    office.let_pass(hours=2)
    office.run("scoring")
    assert in_dynamics(office, ben.person)[SCORE] == 70


def test_who_takes_an_address_while_the_first_opt_in_types_are_told_gets_its_own(
    office: Office, newsletter: ListRow
) -> None:
    ada, ben = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    opt_in_of(office, ada.address, "Single")
    opt_in_of(office, LATER, "Double")
    office.let_pass(hours=3)

    def meanwhile() -> None:
        office.change_in_dynamics("contact", ben.person, emailaddress1=LATER)
        office.let_pass(hours=2)

    once_a_record_was_told(office, meanwhile)
    office.run("opt-in")
    assert opted_in(office)[ada.address] == [OptIn.SINGLE]
    office.let_pass(hours=2)
    office.run("opt-in")
    assert opted_in(office)[LATER] == [OptIn.DOUBLE]


@pytest.mark.parametrize("kind", ["scoring", "opt-in"])
def test_of_who_took_an_address_it_is_said_and_can_be_undone_what_a_run_wrote_before_it_was_killed(
    kind: str, office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    opt_in_of(office, LATER, "VerifiedDouble")
    scored(office, LATER, 70)
    office.let_pass(hours=3)
    for _ in range(2):
        office.run(kind)
        office.let_pass(hours=3)
    before = in_dynamics(office, ben.person)
    office.change_in_dynamics("contact", ben.person, emailaddress1=LATER)
    real = bulk.update_unmoved

    async def killed(*given: Any, **more: Any) -> Any:
        done = await real(*given, **more)
        if given[2]:
            raise asyncio.CancelledError
        return done

    run = office.start(kind)
    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(bulk, "update_unmoved", killed)
        office.engine.drain()
    office.engine.drain()
    assert [(each.person, each.outcome) for each in office.people(run)] == [(ben.person, Outcome.UPDATED)]
    assert [each.person for each in office.written(run)] == [ben.person]
    office.undo(run)
    assert in_dynamics(office, ben.person) == before and opted_in(office)[LATER] != [OptIn.VERIFIED_DOUBLE]
