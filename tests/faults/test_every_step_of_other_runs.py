"""Runs that no other test kills at each of their steps - members put on a list and taken off it by hand, differences
mended, scores, page visits - and what undoes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import MemberRow
from tests.built_once import built_once
from tests.faults.every_step import EveryStep
from tests.faults.job import LIST, FrozenOffice, Job, office_from
from tests.scenarios.test_manage_members import ALPINE, signed_in
from tests.scenarios.test_members_and_books import in_dotdigital
from tests.scenarios.test_new_lists import GUIDES
from tests.scenarios.test_scoring import scored
from tests.scenarios.test_undo import contact_id
from tests.scenarios.test_web_behaviour import looked_at


@pytest.fixture(scope="module")
def synchronised(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which a list is synchronised."""

    def build(folder: Path) -> None:
        with office_from(connected, folder) as office:
            Job(office).synchronise()

    return built_once(tmp_path_factory, "synchronised-for-every-step", build)


def in_its_book(office: FrozenOffice) -> list[MemberRow]:
    return [each for each in office.members(office.list_named(LIST).id) if each.outcome is Outcome.ADDED]


def members_by_hand(office: FrozenOffice) -> None:
    signed_in(office)
    club = office.list_named(ALPINE)
    added = office.apply(office.plan_members(club.id, "add", query=GUIDES))
    kept = office.apply(office.plan_members(club.id, "keep", query=GUIDES))
    for each in (kept, added):
        office.undo(each.run.id)


def differences_mended(office: FrozenOffice) -> None:
    newsletter = office.list_named(LIST)
    book = office.book_of(newsletter.id)
    by_hand, missing, leaves, opted_out = in_its_book(office)[:4]
    office.change_in_dotdigital(by_hand.address, LASTNAME="By hand")
    in_dotdigital(office, "DELETE", f"/v2/address-books/{book}/contacts/{contact_id(office, missing.address)}")
    office.leave(newsletter.id, [leaves.person])
    office.change_in_dynamics("contact", opted_out.person, donotemail=1)
    office.change_in_dotdigital("stranger@example.com", book, LASTNAME="Stranger")
    office.until_told()
    office.undo(office.apply(office.diff(newsletter.id)).run.id)


def scores_and_visits(office: FrozenOffice) -> None:
    first, second, *_ = in_its_book(office)
    for number, each in enumerate((first, second)):
        scored(office, each.address, 20 + number)
        looked_at(office, f"session {number}", each.address, "tents", "boots", "tents")
    run = office.run("scoring")
    office.run("web-behaviour")
    office.undo(run.run.id)


KINDS = {
    members_by_hand: ("members", "undo"),
    differences_mended: ("lists", "undo"),
    scores_and_visits: ("scoring", "web-behaviour", "undo"),
}


def all_there_is(office: FrozenOffice) -> list[Any]:
    """Every run with what became of whom, item by item, and what it wrote; and both systems."""
    found: list[Any] = [office.digest()]
    for row in sorted(office.audit(limit=100).rows, key=lambda each: each.id):
        detail = office.detail(row.id)
        items = [(each.kind, each.name, each.status.value, each.tally) for each in detail.items]
        people = sorted((each.address or each.person, each.outcome, each.reason) for each in office.people(row.id))
        wrote = sorted((each.target, each.person, each.effect, str(each.before)) for each in office.written(row.id))
        found.append((row.kind, row.status.value, items, people, wrote))
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("job", KINDS, ids=lambda job: job.__name__)
def test_runs_that_are_killed_before_each_of_their_steps_end_as_those_that_nobody_interrupts(
    job: Callable[[FrozenOffice], None], synchronised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    endings: list[list[Any]] = []
    for name, how in (("straight", contextlib.nullcontext), ("killed", killing.of)):
        with office_from(synchronised, tmp_path / name) as office:
            with how(office):
                job(office)
            endings.append(all_there_is(office))
    straight, killed = endings
    assert len(straight) == len(killed) > len(KINDS[job])
    for one, other in zip(straight, killed, strict=True):
        assert one == other
    assert all(killing.kills[kind] > 5 for kind in KINDS[job]), killing.kills
