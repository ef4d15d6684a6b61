"""A kill between any two stored steps of strangers, address books to Dynamics, opt-in status and an undo in Dynamics
ends as the run that nobody interrupts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.membership_actions import MembershipAction
from dyntui.model.opt_in import CODE_OF, OptIn
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.runs import RunDetail
from tests.built_once import built_once
from tests.faults.every_step import EveryStep
from tests.faults.job import FrozenOffice, office_from
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, two_way
from tests.scenarios.test_opt_in import opt_in_of
from tests.scenarios.test_strangers import meet_strangers

LIST = "Newsletter"
# The kinds of runs, and at how many steps of each at least the run was killed.
STEPS = {"lists": 50, "address-books": 30, "opt-in": 8, "undo": 20}


@pytest.fixture(scope="module")
def busy(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which each of the runs has something to do: strangers of every kind in the book of a list that creates
    records, values that were changed in dotdigital, people who opted in there."""

    def build(folder: Path) -> None:
        with office_from(connected, folder) as office:
            two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
            list_id = meet_strangers(office)["list"]
            office.run("address-books")
            office.edit(EditList(id=list_id, membership_action=MembershipAction.CONTACTS))
            people = [each for each in office.members(list_id) if each.outcome is Outcome.ADDED][:6]
            for each in people[:3]:
                change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
            for each, text in zip(people[3:], ("Single", "Double", "VerifiedDouble"), strict=True):
                opt_in_of(office, each.address, text)
            office.change_in_dynamics("contact", people[5].person, dyntui_optintype=CODE_OF[OptIn.SINGLE])
            office.let_pass(minutes=30)

    return built_once(tmp_path_factory, "busy-for-every-step", build)


@dataclass(frozen=True)
class Ended:
    """What a run came to: its status, what became of whom, and both systems afterwards."""

    status: str
    people: tuple[tuple[str, str, str], ...]
    digest: dict[str, str]


def all_of_it(office: FrozenOffice) -> dict[str, Ended]:
    """Each of the runs, the second one undone at last."""
    ended: dict[str, Ended] = {}

    def through(kind: str, run: RunDetail) -> RunDetail:
        assert run.run.tally.adds_up and all(each.tally.adds_up for each in run.items), run
        # How the book was read is said once, and not anew with every attempt.
        assert all(each.note.count("the whole book was read") < 2 for each in run.items), run
        ended[kind] = Ended(run.run.status.value, named(office, run), office.digest())
        return run

    brought = through("address-books", office.run("address-books"))
    through("opt-in", office.run("opt-in"))
    through("undo", office.apply(office.plan_undo(brought.run.id)))
    for number in range(2):
        office.put_into_book(office.list_named(LIST).id, f"later{number}@strangers.example", LASTNAME="Later")
    through("lists", office.run("lists"))
    return ended


def named(office: Office, run: RunDetail) -> tuple[tuple[str, str, str], ...]:
    """Records that are made have ids of their own each time."""
    found = office.people(run.run.id)
    return tuple(sorted((each.address or each.person, each.outcome.value, each.reason) for each in found))


@pytest.mark.thorough
def test_a_run_that_is_killed_before_each_of_its_steps_ends_as_one_that_nobody_interrupts(
    busy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endings: list[dict[str, Any]] = []
    killing = EveryStep(monkeypatch)
    for name, how in (("straight", contextlib.nullcontext), ("killed", killing.of)):
        with office_from(busy, tmp_path / name) as office, how(office):
            endings.append(all_of_it(office))
    straight, killed = endings
    assert {"added", "rejected"} <= {each[1] for each in straight["lists"].people}
    for kind in STEPS:
        assert killed[kind] == straight[kind], kind
    assert all(killing.kills[kind] >= many for kind, many in STEPS.items()), killing.kills
