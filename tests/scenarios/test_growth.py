"""How much the store grows by synchronisations in which nothing changes, and that retention takes it back."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from dyntui.model.trust import Rule
from dyntui.service.housekeeping import forget
from dyntui.store import reading_places, settled_before
from dyntui.store.schema import metadata
from tests.scenarios.office import Office
from tests.scenarios.test_reading_only_what_changed import trusted
from tests.scenarios.worlds import copied

_RUNS = 4
# What a page more or less in each of the tables and their indexes takes.
_PAGES = 8 * 4096
# 200 runs of a list of any size are to add less than half a megabyte.
_MOST_BYTES_A_RUN = 500_000 // 200


def rows(office: Office) -> Counter[str]:
    """By table, how many there are."""
    with office.db.read() as c:
        return Counter({each: c.execute(text(f"SELECT count(*) FROM {each}")).scalar_one() for each in metadata.tables})


def used_bytes(office: Office) -> int:
    """What the store takes, without pages that are free for what comes next."""
    with office.db.read() as c:
        pages, free, size = (
            c.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def test_unchanged_runs_add_a_few_rows_and_nothing_for_a_person_and_retention_takes_them_back(
    connected: Path, tmp_path: Path
) -> None:
    with (
        copied(connected, tmp_path, Path("dyntui.db")) as sandbox,
        closing(Office(sandbox, tmp_path, trust=Rule(first_days=0))) as office,
    ):
        office.take_over()
        list_id = trusted(office)
        first, before = rows(office), used_bytes(office)
        for _ in range(_RUNS):
            office.let_pass(minutes=30)
            office.run("lists", lists=(list_id,))
        with office.db.read() as c:
            assert settled_before.stands_still(c, list_id, reading_places.place(c, list_id).base)
        assert used_bytes(office) - before < _RUNS * _MOST_BYTES_A_RUN + _PAGES
        added = rows(office) - first
        added.pop("budget_window", None)  # those of hours that are over are forgotten by themselves
        # Nothing for a person.
        assert added == {"run": _RUNS, "run_item": _RUNS}
        office.let_pass(days=31)
        kept, before = rows(office), used_bytes(office)
        assert office.wait(forget(office.resources, timedelta(days=30))) >= _RUNS
        gone = kept - rows(office)
        assert gone["run"] >= _RUNS and gone["run_item"] >= _RUNS and used_bytes(office) <= before
        assert rows(office)["list_member"] == first["list_member"]
