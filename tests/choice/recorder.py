"""Records the branches of dyntui that each test runs, and its processor time: a plugin for pytest.

`CHOICE_RECORDS` names the folder that takes one file for each test. What runs in processes of their own is counted as
time alone: their branches are not seen.
"""

from __future__ import annotations

import hashlib
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import msgspec
import pytest

RECORDS = "CHOICE_RECORDS"
ROOT = Path(__file__).resolve().parent.parent.parent
# A branch is two lines: one number for both, as no file has so many.
_MOST_LINES = 100_000


class Record(msgspec.Struct):
    """What a test took, in seconds of a processor, and by file the branches that it ran, as numbers."""

    name: str
    seconds: float
    seconds_of_processes: float
    branches: dict[str, list[int]]


def read(folder: Path) -> Iterator[Record]:
    """The records in the folder."""
    for each in sorted(folder.iterdir()):
        yield msgspec.msgpack.decode(each.read_bytes(), type=Record)


class Recorder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[pytest.Item, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before the groups in which tests are given to processes become parts of their ids."""
        self._names = {each: each.nodeid for each in items}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[object]:
        """Around the test and its fixtures: whoever sets up what several share, has run it."""
        at_work = coverage.Coverage(
            data_file=None, branch=True, source=[str(ROOT / "dyntui"), str(ROOT / "screens")], config_file=False
        )
        of_itself, of_processes = time.process_time(), _processes()
        with at_work.collect():
            result = yield
        took, processes_took = time.process_time() - of_itself, _processes() - of_processes
        record = Record(self._names[item], took, processes_took, _branches(at_work.get_data()))
        name = hashlib.blake2b(record.name.encode(), digest_size=16).hexdigest()
        (self._folder / name).write_bytes(msgspec.msgpack.encode(record))
        return result


def _branches(run: coverage.CoverageData) -> dict[str, list[int]]:
    found = {file: run.arcs(file) for file in run.measured_files()}
    return {
        str(Path(file).relative_to(ROOT)): [_number(*lines) for lines in of_file]
        for file, of_file in found.items()
        if of_file
    }


def _number(before: int, after: int) -> int:
    # Lines are negative where a function begins or ends.
    return (before + _MOST_LINES) * 2 * _MOST_LINES + after + _MOST_LINES


def _processes() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        config.pluginmanager.register(Recorder(Path(os.environ[RECORDS])))
