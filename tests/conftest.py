from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.choice import left_out as others_run_too
from tests.not_about import left_out
from tests.sandbox_controls import SWITCHES
from tests.shared_statements import share_compiled_statements

# Folders and files of tests that take long.
_LONG = ("faults/test_kills", "faults/", "terminal/", "scenarios/")
# Longer than a service takes from its directory to its socket; seconds.
_NEW = 300


def pytest_configure(config: pytest.Config) -> None:
    # A suite that a script starts in the background is told to ignore Ctrl+C, and its children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    share_compiled_statements()
    # How long an example takes says how busy the machine is.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("thorough", settings.get_profile("any machine"), max_examples=500)
    settings.load_profile(config.getoption("--hypothesis-profile") or "any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With switches of the sandbox thrown, tests that are not about one of them are left out. What `make choose` wrote
    down is marked before pytest looks at the marks."""
    thrown = json.loads(os.environ.get(SWITCHES) or "{}")
    out = left_out((each.nodeid for each in items), thrown)
    config.hook.pytest_deselected(items=[each for each in items if each.nodeid in out])
    items[:] = sorted((each for each in items if each.nodeid not in out), key=_turn)
    others_run_too.mark(items, others_run_too.read())


def _turn(item: pytest.Item) -> int:
    """Long tests that cannot be divided among workers begin first, and short ones end the run: no worker is left alone
    with a long one."""
    return next((turn for turn, name in enumerate(_LONG) if name in item.nodeid), len(_LONG))


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: the garbage collector need not go through them again and again, and begins
    later than after 700 objects."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_sessionfinish(session: pytest.Session) -> None:
    _take_away_directories()
    # pytest collects five times at its end, for what objects say when they go: this once finds them, and leaves the
    # other times nothing to go through.
    gc.collect()
    gc.freeze()


def _take_away_directories() -> None:
    """Profiles in the long paths of tests keep their sockets in short directories of their own, which nobody else
    takes away. One in which there is still something is in use, and a new empty one may be another worker's or another
    run's service about to listen there."""
    for directory in Path("/tmp").glob(f"dyntui-{os.getuid()}-*"):
        with contextlib.suppress(OSError):
            if directory.stat().st_ctime < time.time() - _NEW:
                directory.rmdir()
