"""An office in a frozen world of its own, and how the job ends there when nothing goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.job import Ending, FrozenOffice, Job, frozen_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[FrozenOffice]:
    with frozen_office(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Ending:
    """The same world, the same job, and nothing in the way."""
    with frozen_office(tmp_path_factory.mktemp("undisturbed")) as office:
        ending = Job(office).whole()
    assert ending.state == "Sent" and len(ending.mailed) == ending.sendable > 50
    return ending
