"""The product and the oracle read one specification: they agree on everybody, in worlds that nobody has seen.

`DYNTUI_ORACLE_WORLDS=200` goes through so many; `DYNTUI_ORACLE_FIRST=1234` begins with that seed. A seed replays
exactly. `python -m tests.oracle.many FIRST WORLDS` does the same outside of pytest and sorts what it finds by kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.oracle.histories import history
from tests.oracle.many import empty_world
from tests.oracle.trial import Trial
from tests.scenarios.office import Office
from tests.scenarios.worlds import copied

FIRST = int(os.environ.get("DYNTUI_ORACLE_FIRST", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("DYNTUI_ORACLE_WORLDS", "1")))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_world(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def office(empty: Path, tmp_path: Path) -> Iterator[Office]:
    with copied(empty, tmp_path, Path("dyntui.db")) as sandbox, closing(Office(sandbox, tmp_path)) as opened:
        opened.take_over()
        yield opened


@pytest.mark.parametrize("seed", SEEDS)
def test_everybody_ends_as_the_specification_says(office: Office, seed: int) -> None:
    trial = Trial(office, history(seed))
    assert not trial.play(), trial.story()
    assert trial.figures["persons"]
