"""A fresh world and a fresh office for every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess
from tests.scenarios.office import Office


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess.start(people=300, seed=7) as running:
        yield running


@pytest.fixture
def office(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Office]:
    opened = Office.open(sandbox, tmp_path)
    yield opened
    opened.close()
