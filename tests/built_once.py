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
    of_the_run = temporary.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        of_the_run = of_the_run.parent
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
