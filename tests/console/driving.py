"""Driving the console as a person does: keys in, the text of the screen out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dyntui.screens.address import Address
from dyntui.screens.app import Console
from dyntui.screens.remembered import Memory
from dyntui.screens.typing_ahead import TypingAhead
from dyntui.screens.whose import Whose
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.keymap import Keymap

from .service import Service
from .worlds import Opening, opened

NARROW = (80, 24)
WIDE = (120, 40)

# Workers that live as long as the connection.
_LASTING = ("events",)


def frame(app: App[object]) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def _to_be_drawn(screen: Screen[object]) -> bool:
    """Whether something is to be drawn, or to be done once it is."""
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


async def settle(pilot: Pilot[object]) -> None:
    """Waits until every question is answered, every message handled and everything drawn."""
    quiet = 0
    while quiet < 3:
        await pilot.pause()
        workers = pilot.app.workers
        passing = [worker for worker in workers if worker.group not in _LASTING]
        typed = isinstance(pilot.app, TypingAhead) and pilot.app.keys_under_way
        drawn = not pilot.app.is_running or not _to_be_drawn(pilot.app.screen)
        quiet = 0 if passing or typed or not drawn else quiet + 1
        # Nothing to wait for would mean everything.
        if passing:
            await workers.wait_for_complete(passing)


class Heard(Console):
    """The console, with what its toasts said."""

    told: list[str]

    def notify(self, message: str, **how: Any) -> None:  # type: ignore[override]
        self.told = [*getattr(self, "told", []), message]
        super().notify(message, **how)


class Driver:
    """A console, its service, and the hands on its keyboard."""

    def __init__(self, app: Console, pilot: Pilot[object], service: Service, banners: list[str]) -> None:
        self.app = app
        # What stood over every page whenever the service was reached for again.
        self.banners = banners
        self.pilot = pilot
        self.service = service

    async def settle(self) -> None:
        """See `settle`."""
        await settle(self.pilot)

    async def press(self, *keys: str) -> None:
        """Presses keys, each after the effect of the one before."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def to(self, section: str, row: str) -> None:
        """Goes to a row of a section, or where that is `""` of what is open, by what stands on it."""
        if section:
            await self.press(section)
        if not row:
            return

        def place(of: str, besides: str) -> int | None:
            lines = enumerate(self.text.splitlines())
            return next((place for place, line in lines if line.lstrip(besides).startswith(of)), None)

        def places() -> tuple[int | None, int | None]:
            return place("▌", " │"), place(row, " │▌●")

        # A machine that is busy may not have asked for the rows yet.
        await self.until(lambda _: None not in places())
        here, there = places()
        assert here is not None and there is not None
        await self.type(("j" if there > here else "k") * abs(there - here))

    async def paste(self, text: str) -> None:
        """Pastes a text into what has the focus."""
        self.app.post_message(events.Paste(text))
        await self.settle()

    async def type(self, text: str) -> None:
        """Types a text, faster than its effects are shown."""
        await self.pilot.press(*text)
        await self.settle()

    async def until(self, seen: Callable[[str], bool]) -> None:
        """Waits until the screen shows something, while questions are unanswered."""
        for _ in range(6000):
            if seen(self.text):
                return
            await self.pilot.pause(0.01)
        raise AssertionError(self.text)

    async def finish(self) -> None:
        """Lets every run come to its end."""
        await self.service.finish()
        await self.settle()

    async def step(self) -> None:
        """Lets the runs get on to what they save next."""
        await self.service.step()
        await self.settle()

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return frame(self.app)  # type: ignore[arg-type]

    @property
    def notices(self) -> list[str]:
        """The texts of all toasts so far."""
        return list(getattr(self.app, "told", []))

    def mailed(self) -> int:
        """How many mails dotdigital has sent since the world was made, by its own truth."""
        return len(self.service.sandbox.control.get("/mailed").raise_for_status().json())

    def asked(self, method: str) -> list[object]:
        """The requests of a method so far."""
        return [request for name, request in self.service.asked if name == method]


@asynccontextmanager
async def driving(
    opening: Opening | None = None,
    size: tuple[int, int] = NARROW,
    *,
    first_steps: bool = False,
    memory: Memory | None = None,
    patience: float = 600.0,
    silence: float = 600.0,
    refusals: list[DyntuiError] | None = None,
    at: Callable[[Service], Whose | Address] | None = None,
    keymap: Keymap | None = None,
) -> AsyncIterator[Driver]:
    """A console on its first screen, or on the run that it is opened for (`at`). The service is not reached while there
    are `refusals`, one for each attempt."""
    banners: list[str] = []
    with tempfile.TemporaryDirectory(prefix="dyntui-console-") as folder:
        async with opened(opening or Opening(), Path(folder)) as service:

            async def connect() -> Service:
                if app.banner:
                    banners.append(app.banner)
                if refusals:
                    raise refusals.pop(0)
                service.connect()
                return service

            app = Heard(
                connect,
                first_steps=first_steps,
                retry_after=(0.0,),
                memory=memory,
                patience=patience,
                silence=silence,
                at=None if at is None else at(service),
                keymap=keymap,
                clock=service.sandbox.now,
            )
            async with app.run_test(size=size) as pilot:
                driver = Driver(app, pilot, service, banners)  # type: ignore[arg-type]
                await driver.settle()
                yield driver
