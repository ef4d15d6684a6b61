"""A synchronisation of one person that is killed before each of its steps ends as one that nobody interrupts."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.faults.every_step import EveryStep
from tests.faults.job import FrozenOffice, office_from
from tests.faults.test_every_step import LIST, Ended, named

STEPS = 20


def one_person(office: FrozenOffice) -> list[Ended]:
    """One who is added, and one who has left and is taken out of the book; then everybody."""
    list_id = office.activated(LIST).id
    change = office.planned(office.plan(list_id), effect="add")[0]
    ended: list[Ended] = []

    def through(**chosen: Any) -> None:
        run = office.run("lists", lists=(list_id,), **chosen)
        ended.append(Ended(run.run.status.value, named(office, run), office.digest()))

    through(only=change.address)
    # Whatever was asked for before somebody was killed has happened by then.
    office.let_pass(minutes=5)
    office.leave(list_id, [change.person])
    through(only=change.address)
    through()
    return ended


@pytest.mark.thorough
def test_one_person_is_synchronised_however_often_that_is_interrupted(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endings: list[list[Ended]] = []
    killing = EveryStep(monkeypatch)
    for name, how in (("straight", contextlib.nullcontext), ("killed", killing.of)):
        with office_from(connected, tmp_path / name) as office, how(office):
            endings.append(one_person(office))
    straight, killed = endings
    assert [each.people[0][1] for each in straight[:2]] == ["added", "removed"]
    assert killed == straight
    assert killing.kills["lists"] >= STEPS, killing.kills
