"""Time in the demo: after a send, days pass in minutes, so that opens and clicks arrive while somebody looks on."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from dyntui.model.errors import DyntuiError

# Four days, in which everybody has reacted, go by in about three minutes. A step is half the life of a sign-in token,
# so that none expires between being renewed and being used.
STEP_SECONDS = 1800
PAUSE_SECONDS = 1.0
STEPS_AFTER_A_SEND = 192

log = logging.getLogger(__name__)


class PassingTime:
    """Watches how many mails went out; each time it was more than before, the clock runs for four days."""

    def __init__(self, control: Callable[[str, str, object], Any]) -> None:
        self._control = control
        self._mails = 0
        self._steps = 0

    def step(self) -> None:
        """Looks once, and lets half an hour pass where a send is fresh."""
        mails = int(self._control("GET", "/state", None)["mails"])
        if mails > self._mails:
            self._mails, self._steps = mails, STEPS_AFTER_A_SEND
        if self._steps:
            self._steps -= 1
            self._control("POST", "/clock", {"advance_seconds": STEP_SECONDS})


@contextlib.contextmanager
def passing_time(control: Callable[[str, str, object], Any]) -> Iterator[None]:
    """Within, time passes. A sandbox that is gone ends it: whoever talks to it says so themselves."""
    over = threading.Event()
    passing = PassingTime(control)

    def go_on() -> None:
        while not over.wait(PAUSE_SECONDS):
            try:
                passing.step()
            except DyntuiError as error:
                log.info("time stands still: %s", error)
                return

    thread = threading.Thread(target=go_on, name="passing-time", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
