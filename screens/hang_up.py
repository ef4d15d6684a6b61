"""A terminal that goes away under the console must not keep the console from ending.

Textual 8.2.8 draws from a thread that dies of the first failed write; what is drawn after that waits for ever in its
queue, the end of the application included (textual/drivers/_writer_thread.py). And whenever the process is told to go
on, it begins to read the terminal from a further thread, also where nobody had stopped it
(textual/drivers/linux_driver.py): a terminal that hangs up tells so as well, and a thread that nobody ends reads
nothing from it, for ever, at the cost of a core.

Linux tells of a terminal that hangs up to the first process of its session alone. Where that is another one that stays,
as `make` does, the console is told by the terminal itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO

# What the kernel says of a write to a terminal that is gone, or to a pipe nobody reads.
_GONE = (errno.EIO, errno.EPIPE, errno.ENXIO)


class LastingTerminal:
    """A stream to a terminal; once the terminal is gone, what is written vanishes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes to the terminal, if there still is one."""
        with self._vanishing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Sends what is buffered to the terminal, if there still is one."""
        with self._vanishing():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _vanishing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _GONE:
                raise
            # What is still buffered goes there too, now and when the interpreter ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def terminal_may_go() -> Iterator[None]:
    """Within, Textual draws on a `LastingTerminal`: it takes standard error as the interpreter keeps it."""
    before = sys.__stderr__
    if before is not None:
        sys.__stderr__ = LastingTerminal(before)  # type: ignore[misc, assignment]
    try:
        with _told_of_its_end():
            yield
    finally:
        sys.__stderr__ = before  # type: ignore[misc]


@contextlib.contextmanager
def _told_of_its_end() -> Iterator[None]:
    """Within, a terminal that hangs up is a SIGHUP for this process, whoever else is told."""
    terminal = sys.__stdin__
    if terminal is None or terminal.closed or not terminal.isatty():
        yield
        return
    over, end = os.pipe()
    watched = select.poll()
    # Of the terminal nothing but its end.
    watched.register(terminal.fileno(), 0)
    watched.register(over, select.POLLIN)

    def watch() -> None:
        if over not in dict(watched.poll()):
            os.kill(os.getpid(), signal.SIGHUP)

    watching = threading.Thread(target=watch, name="terminal's end", daemon=True)
    watching.start()
    try:
        yield
    finally:
        os.write(end, b".")
        watching.join()
        os.close(end)
        os.close(over)


def go_on_only_after_a_stop() -> None:
    """From now on the handlers of SIGTSTP and SIGCONT, which are set, are called in turn: to go on after a stop alone.
    For the main thread; others have no signals to handle."""
    stop, go_on = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
    stopped = False

    def stopping(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        if callable(stop):
            stop(number, frame)

    def going_on(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped and callable(go_on):
            stopped = False
            go_on(number, frame)

    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTSTP, stopping)
        signal.signal(signal.SIGCONT, going_on)
