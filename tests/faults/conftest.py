"""Offices at work in frozen worlds, each in one of its own that goes on from where a common one was kept."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.built_once import built_once
from tests.faults.job import Ending, FrozenOffice, Job, make_ready_to_send, new_office, office_from
from tests.faults.waiting import make_everything_wait


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which dyntui is installed, and nothing else has happened."""

    def build(folder: Path) -> None:
        with new_office(folder):
            pass

    return built_once(tmp_path_factory, "connected-for-faults", build)


@pytest.fixture(scope="session")
def targeted(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which a list is synchronised, and a campaign waits to be sent to it."""
    return built_once(tmp_path_factory, "targeted-for-faults", lambda folder: make_ready_to_send(connected, folder))


@pytest.fixture(scope="session")
def waiting(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which something of everything waits for somebody's decision."""
    return built_once(tmp_path_factory, "waiting-for-faults", lambda folder: make_everything_wait(connected, folder))


@pytest.fixture(scope="session")
def undisturbed(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Ending:
    """How the job ends when nothing is in its way."""

    def build(folder: Path) -> None:
        with office_from(connected, folder) as office:
            (folder / "ending").write_bytes(pickle.dumps(Job(office).whole()))

    folder = built_once(tmp_path_factory, "undisturbed", build)
    ending: Ending = pickle.loads((folder / "ending").read_bytes())
    assert ending.state == "Sent" and len(ending.mailed) == ending.sendable > 50
    return ending


@pytest.fixture
def office(connected: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(connected, tmp_path) as opened:
        yield opened
