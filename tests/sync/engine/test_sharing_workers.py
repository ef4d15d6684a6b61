"""Several workers share a store: one of them may die, freeze or lose its network, and nothing is lost or done twice."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from dyntui.store.database import open_store
from dyntui.sync.worker_lease import LASTS_SECONDS, RENEWED_SECONDS
from tests import postgresql
from tests.sync.engine.sharing import Work

pytestmark = pytest.mark.xdist_group("postgresql")


def test_runs_of_a_dead_and_of_a_frozen_worker_go_on_elsewhere_and_the_frozen_one_wakes_up_to_nothing(
    tmp_path: Path,
) -> None:
    with (
        postgresql.database() as url,
        closing(open_store(url)) as db,
        closing(Work(db, url, tmp_path, lasts=2.0)) as work,
    ):
        killed, frozen = work.worker(), work.worker()
        work.queue("a", "b")
        work.until(lambda: work.has_called(killed) and work.has_called(frozen), 20)
        killed.kill()
        frozen.freeze()
        heir = work.worker()
        work.until(lambda: {"a", "b"} <= {run for process, run, _ in work.calls() if process == heir.process.pid}, 20)
        frozen.wake()
        work.queue("c")
        work.until(work.over, 30)
        work.prove_whole(accidents=2)
        work.prove_silent(frozen)


def test_a_worker_is_found_dead_within_ten_seconds() -> None:
    # It dies directly after a renewal; the others look as often as they renew, and again for runs that are free.
    assert LASTS_SECONDS + 2 * RENEWED_SECONDS <= 7.5
