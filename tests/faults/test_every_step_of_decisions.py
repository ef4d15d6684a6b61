"""What carries out the decisions of people - held removals let go or kept, the record of a stranger, refused rows
offered again, the value of a conflict that had lost -, killed before each of its steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome
from dyntui.store.held import UNDONE
from tests.faults.every_step import EveryStep
from tests.faults.job import LIST, FrozenOffice, office_from
from tests.faults.test_every_step_of_other_runs import all_there_is
from tests.faults.waiting import held_people
from tests.scenarios.test_strangers import records


def some_go_and_the_others_stay(office: FrozenOffice) -> None:
    newsletter, people = office.list_named(LIST).id, held_people(office)
    office.decide_held(newsletter, *people[:5], remove=True)
    office.decide_held(newsletter, remove=False)


def all_go(office: FrozenOffice) -> None:
    office.decide_held(office.list_named(LIST).id, remove=True)


def a_record_is_picked(office: FrozenOffice) -> None:
    (row,) = office.refused(reason="AMBIGUOUS_MATCH")
    chosen, _ = records(office, "contact", row.address)
    office.pick(row.list, row.person, chosen)


def refused_rows_are_offered_again(office: FrozenOffice) -> None:
    row = next(each for each in office.refused() if each.reason != "AMBIGUOUS_MATCH")
    office.ignore_refused(row.list, row.person, days=10)
    office.change_in_dynamics("contact", row.person, emailaddress1="mended@example.org")
    office.retry_refused()
    assert row.person not in {each.person for each in (*office.refused(), *office.refused(ignored=True))}


def the_other_values_are_taken(office: FrozenOffice) -> None:
    run = office.take_other(*office.conflicts())
    office.run("lists")
    office.undo(run.run.id)


def undone_changes_are_made_again_or_not(office: FrozenOffice) -> None:
    newsletter = office.list_named(LIST).id
    office.decide_held(newsletter, remove=True)
    run = next(each for each in office.audit(kind="lists").rows if each.tally.of(Outcome.REMOVED))
    office.undo(run.id)
    office.run("lists")
    undone = [each.person for each in office.members(newsletter) if each.reason == UNDONE]
    assert len(undone) > 5
    office.decide_held(newsletter, *undone[:5], remove=True, undone=True)
    office.decide_held(newsletter, remove=False, undone=True)


# What is decided, and at how many steps of runs of which kind at least somebody was killed.
KINDS = {
    some_go_and_the_others_stay: {"lists": 100},
    all_go: {"lists": 50},
    a_record_is_picked: {"lists": 50},
    refused_rows_are_offered_again: {"lists": 50},
    undone_changes_are_made_again_or_not: {"lists": 200, "undo": 50},
    the_other_values_are_taken: {"conflicts": 10, "undo": 50},
}
Decision = Callable[[FrozenOffice], None]


def killed_as_if_never(killing: EveryStep, decision: Decision, waiting: Path, folder: Path) -> None:
    """Taken in two worlds that are alike, once with everything killed that carries the decision out, it ends the
    same."""
    endings: list[list[Any]] = []
    for name, how in (("straight", contextlib.nullcontext), ("killed", killing.of)):
        with office_from(waiting, folder / name) as office:
            with how(office):
                decision(office)
            endings.append([*all_there_is(office), office.decisions()])
    straight, killed = endings
    for one, other in zip(straight, killed, strict=True):
        assert one == other


@pytest.mark.thorough
@pytest.mark.parametrize("decision", KINDS, ids=lambda decision: decision.__name__)
def test_what_carries_a_decision_out_ends_as_if_nobody_had_killed_it(
    decision: Decision, waiting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    killed_as_if_never(killing, decision, waiting, tmp_path)
    assert all(killing.kills[kind] >= many for kind, many in KINDS[decision].items()), killing.kills


def test_what_takes_some_out_and_keeps_others_ends_as_if_nobody_had_killed_it_now_and_then(
    waiting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch, one_in=12)
    killed_as_if_never(killing, some_go_and_the_others_stay, waiting, tmp_path)
    assert killing.kills["lists"] > 5, killing.kills
