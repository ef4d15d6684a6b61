"""How the console looks: a dozen frames, for the eye. What it does is asserted elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dyntui.screens.app import Console
from textual.pilot import Pilot

from .driving import NARROW, WIDE, settle
from .fake_service import FakeService

Snap = Callable[..., bool]


def targeted() -> FakeService:
    """A service whose first campaign has a target list."""
    service = FakeService()
    service.targets[101] = ["list-1"]
    return service


FRAMES: dict[str, tuple[tuple[int, int], str, str, Callable[[], FakeService]]] = {
    "home-80": (NARROW, "dyntui-dark", "", FakeService),
    "home-120": (WIDE, "dyntui-dark", "", FakeService),
    "lists-80": (NARROW, "dyntui-dark", "2", FakeService),
    "lists-120-light": (WIDE, "dyntui-light", "2", FakeService),
    "lists-80-ansi": (NARROW, "ansi-dark", "2", FakeService),
    "list-120": (WIDE, "dyntui-dark", "2 j enter", FakeService),
    "members-80": (NARROW, "dyntui-dark", "2 j enter m right right right", FakeService),
    "campaign-120": (WIDE, "dyntui-dark", "3 enter", targeted),
    "counts-80": (NARROW, "dyntui-dark", "3 w n n j", targeted),
    "summary-80": (NARROW, "dyntui-light", "3 w n n n n", targeted),
    "report-120": (WIDE, "dyntui-dark", "3 j v", FakeService),
    "run-80": (NARROW, "dyntui-dark", "4 enter", FakeService),
    "help-80": (NARROW, "dyntui-dark", "2 question_mark", FakeService),
    "sign-in-80": (NARROW, "dyntui-dark", "", lambda: FakeService(signed_in=False)),
}


@pytest.mark.parametrize("name", list(FRAMES))
def test_the_console_looks_as_it_did(name: str, snap_compare: Snap) -> None:
    size, theme, keys, make = FRAMES[name]

    async def connect() -> FakeService:
        return make()

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in keys.split():
            await pilot.press(key)
            await settle(pilot)

    app = Console(connect, first_steps=True)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=before)
