"""The console's tests look the same wherever they run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.built_once import folder_of_the_run
from tests.console.quick_waits import paint_less, wait_less
from tests.console.shared_styles import share_parsed_styles
from tests.console.worlds import Worlds

# Read when Textual is imported.
for _name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
    os.environ.pop(_name, None)


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Colours and UTC, whatever the machine says."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def styles_are_parsed_once() -> None:
    share_parsed_styles()


@pytest.fixture(scope="session", autouse=True)
def pauses_are_short() -> None:
    wait_less()
    paint_less()


@pytest.fixture(scope="session", autouse=True)
def worlds_are_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where `tests.console.worlds` keeps them."""
    Worlds.folder = folder_of_the_run(tmp_path_factory)
