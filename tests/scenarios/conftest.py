"""A world and an office of its own for every scenario, going on from where a common one was connected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.scenarios.office import Office
from tests.scenarios.worlds import copied, world
from tests.simulation.sandbox import InProcessSandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[InProcessSandbox]:
    with world(tmp_path, people=300, audience=True) as running:
        yield running


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which dyntui is installed, and nothing else has happened."""
    folder = tmp_path_factory.mktemp("connected")
    with world(folder, people=300, audience=True) as sandbox:
        Office.open(sandbox, folder).close()
    return folder


@pytest.fixture
def office(connected: Path, tmp_path: Path) -> Iterator[Office]:
    with (
        copied(connected, tmp_path, Path("dyntui.db"), audience=True) as sandbox,
        closing(Office(sandbox, tmp_path)) as opened,
    ):
        opened.take_over()
        yield opened
