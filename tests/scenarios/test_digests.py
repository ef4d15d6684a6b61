"""The digest tells two worlds apart by what is in them, not by when and under which ids it came there."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path

import pytest

from tests.scenarios.office import Office
from tests.scenarios.worlds import world


def worked(folder: Path, hours: int, first_id: int) -> dict[str, str]:
    """What a world looks like after a first day's work, begun at another hour and with other ids of dyntui's own."""
    with world(folder, people=300, audience=True) as sandbox, closing(Office(sandbox, folder)) as office:
        office._numbers = itertools.count(first_id)
        office.let_pass(hours=hours)
        office.set_up()
        for each in ("suppressions", "campaigns"):
            office.run(each)
        office.activated("Newsletter")
        office.run("lists")
        return office.digest()


@pytest.mark.thorough
def test_the_same_work_at_another_hour_leaves_the_same_digest(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    first = worked(folders[0], hours=0, first_id=1)
    assert worked(folders[1], hours=3, first_id=70_000) == first
