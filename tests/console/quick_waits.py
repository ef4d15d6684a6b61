"""Pauses of tests that are as short as what they wait for, and no painting that nobody sees.

After each key Textual's pilot sleeps 20 ms at least, twice, and as long as the process is at work: a test that types a
path spends its time asleep. What tests of the console wait for is known (`tests.console.driving.settle`), so that the
pilot need not guess for long.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import textual.app
import textual.pilot
from textual._compositor import ChopsUpdate, Compositor

_SLICE = 0.002
_IDLE = _SLICE / 20


def wait_less() -> None:
    """From now on, in this process."""

    async def wait_for_idle(min_sleep: float = _SLICE, max_sleep: float = 1) -> None:
        began = time.monotonic()
        while True:
            busy = time.process_time()
            await asyncio.sleep(_SLICE)
            busy, elapsed = time.process_time() - busy, time.monotonic() - began
            if elapsed >= max_sleep or (elapsed > min_sleep and busy < _IDLE):
                return

    modules: tuple[Any, ...] = (textual.app, textual.pilot)
    for module in modules:
        module.wait_for_idle = wait_for_idle


def paint_less() -> None:
    """From now on, in this process: which parts of a screen have changed is for a terminal, and where there is none
    they are not painted one by one. Whole screens are, and whatever a test reads."""
    paint = Compositor.render_partial_update

    def unless_headless(compositor: Compositor) -> ChopsUpdate | None:
        if textual.app.active_app.get().is_headless:
            compositor._dirty_regions.clear()
            return None
        return paint(compositor)

    Compositor.render_partial_update = unless_headless  # type: ignore[method-assign]
