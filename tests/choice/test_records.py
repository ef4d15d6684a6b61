from __future__ import annotations

from pathlib import Path

import msgspec

from tests.choice.__main__ import always, measured
from tests.choice.recorder import Record, read

IN_PROCESSES = Record("tests/a.py::test_console", seconds=0.2, seconds_of_processes=1.0, branches={"x.py": [1]})
CHEAP = Record("tests/a.py::test_rule", seconds=0.01, seconds_of_processes=0.0, branches={"x.py": [1, 2], "y.py": [1]})
DEAR = Record("tests/a.py::test_run", seconds=2.0, seconds_of_processes=0.0, branches={"y.py": [1]})


def test_a_branch_has_one_bit_in_every_test_that_runs_it() -> None:
    console, rule, run = measured([IN_PROCESSES, CHEAP, DEAR])

    assert console.branches.bit_count() == run.branches.bit_count() == 1
    assert rule.branches == console.branches | run.branches | rule.branches
    assert rule.branches.bit_count() == 3
    assert not console.branches & run.branches


def test_processes_of_a_test_cost_what_they_take() -> None:
    assert [each.seconds for each in measured([IN_PROCESSES, CHEAP])] == [1.2, 0.01]


def test_cheap_tests_and_those_that_start_processes_stay_in_any_case() -> None:
    assert always([IN_PROCESSES, CHEAP, DEAR], 0.1) == {IN_PROCESSES.name, CHEAP.name}


def test_every_record_of_a_folder_is_read(tmp_path: Path) -> None:
    for n, each in enumerate((CHEAP, DEAR)):
        (tmp_path / str(n)).write_bytes(msgspec.msgpack.encode(each))

    assert list(read(tmp_path)) == [CHEAP, DEAR]
