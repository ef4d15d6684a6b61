"""How the console looks: a dozen frames, for the eye. What it does is asserted elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from dyntui.screens.app import Console
from textual.pilot import Pilot

from .driving import NARROW, WIDE, settle
from .service import Service
from .worlds import Opening, opened

Snap = Callable[..., bool]


def later(service: Service) -> None:
    """So much later that no call which made the world counts against a limit, and no id depends on it."""
    service.time_passes.clear()
    service.sandbox.advance(2 * 86_400)
    service.sandbox.state.ids.counter = 10**9


WORKED, TARGETED = Opening(prepare=later), Opening("targeted", prepare=later)
LIST, CAMPAIGN = "2 j j j j j j j", "3 j j j j j j"
FRAMES: dict[str, tuple[tuple[int, int], str, str, Opening]] = {
    "home-80": (NARROW, "dyntui-dark", "", WORKED),
    "home-120": (WIDE, "dyntui-dark", "", WORKED),
    "lists-80": (NARROW, "dyntui-dark", "2", WORKED),
    "lists-120-light": (WIDE, "dyntui-light", "2", WORKED),
    "lists-80-ansi": (NARROW, "ansi-dark", "2", WORKED),
    "list-120": (WIDE, "dyntui-dark", f"{LIST} enter", WORKED),
    "members-80": (NARROW, "dyntui-dark", f"{LIST} enter m right right right", WORKED),
    "campaign-120": (WIDE, "dyntui-dark", f"{CAMPAIGN} enter", TARGETED),
    "counts-80": (NARROW, "dyntui-dark", f"{CAMPAIGN} w n n j", TARGETED),
    "summary-80": (NARROW, "dyntui-light", f"{CAMPAIGN} w n n n n", TARGETED),
    "report-120": (WIDE, "dyntui-dark", "3 G v", WORKED),
    "run-80": (NARROW, "dyntui-dark", "4 enter", WORKED),
    "help-80": (NARROW, "dyntui-dark", "2 question_mark", WORKED),
    "sign-in-80": (NARROW, "dyntui-dark", "", Opening(signed_in=False, prepare=later)),
}


class Shown(Console):
    """A console with a service of its own, which ends with it."""

    def __init__(self, opening: Opening, folder: Path) -> None:
        self.ends = AsyncExitStack()
        self.service: Service | None = None

        async def connect() -> Service:
            self.service = await self.ends.enter_async_context(opened(opening, folder))
            self.service.connect()
            return self.service

        super().__init__(connect, first_steps=True, clock=self.moment)

    def moment(self) -> datetime:
        """Now, where the service is."""
        assert self.service is not None
        return self.service.sandbox.now()

    async def on_unmount(self) -> None:
        """The service ends on the loop that it ran on."""
        await self.ends.aclose()


@pytest.mark.parametrize("name", list(FRAMES))
def test_the_console_looks_as_it_did(name: str, snap_compare: Snap, tmp_path: Path) -> None:
    size, theme, keys, opening = FRAMES[name]

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in keys.split():
            await pilot.press(key)
            await settle(pilot)

    app = Shown(opening, tmp_path)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=before)
