"""What all tests begin with is built by the first worker of the test runner that needs it; the others wait for it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def built_once(temporary: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """The folder of this name, in which `build` has laid what is only read from then on."""
    return built_in(folder_of_the_run(temporary), name, build)


def folder_of_the_run(temporary: pytest.TempPathFactory) -> Path:
    """Where all workers keep what they share."""
    folder = temporary.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def built_in(of_the_run: Path, name: str, build: Callable[[Path], None]) -> Path:
    """The folder of this name in the folder of the run, as `built_once`."""
    folder, finished = of_the_run / name, of_the_run / f"{name}.finished"
    with (of_the_run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            # What a worker left that failed over it.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            finished.touch()
    return folder
