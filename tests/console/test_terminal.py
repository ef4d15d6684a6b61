"""The console on a real pseudo-terminal: it leaves at once when it has to, and leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .worlds import Worlds

ROOT = Path(__file__).parent.parent.parent
# Generous, for busy machines; nothing waits for it when things go well.
PATIENCE = 180.0


class Terminal:
    """A pseudo-terminal of 80x24 with the console in it."""

    def __init__(self, *around: str, **environment_: str) -> None:
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **environment_,
        }
        self.process = subprocess.Popen(
            [*around, sys.executable, "-m", "tests.console.play", "--kept", str(Worlds.folder)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - this process has one thread
        )
        os.close(slave)
        self.seen = b""

    def read(self, patience: float = PATIENCE) -> bytes:
        """The next bytes; nothing when the terminal was closed or stays silent that long."""
        ready, _, _ = select.select([self.master], [], [], patience)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is gone
            return b""
        self.seen += data
        return data

    def read_until(self, done: Callable[[bytes], bool]) -> bytes:
        """Reads until what was read satisfies `done`."""
        got = b""
        while not done(got):
            data = self.read()
            assert data, f"silence after {self.seen[-400:]!r}"
            got += data
        return got

    def read_to_silence(self) -> bytes:
        """Everything until a second passes without a byte."""
        got = b""
        while data := self.read(1.0):
            got += data
        return got

    def send(self, keys: bytes) -> None:
        """Presses keys."""
        os.write(self.master, keys)


@contextmanager
def console(*around: str, **environment: str) -> Iterator[Terminal]:
    """The console, ready on Home; `around`: the command that starts it."""
    Worlds.kept("worked")
    terminal = Terminal(*around, **environment)
    try:
        terminal.read_until(lambda got: b"Latest runs" in got and b"Email campaigns" in got)
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
        terminal.process.wait()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGHUP, 129, marks=pytest.mark.thorough)]
)
def test_a_signal_ends_the_console_with_the_terminal_restored(number: signal.Signals, code: int) -> None:
    with console() as terminal:
        terminal.process.send_signal(number)
        rest = b""
        while data := terminal.read():
            rest += data
        assert terminal.process.wait(PATIENCE) == code
        for mode in (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?25h"):
            assert mode in rest, mode


def test_a_closed_terminal_ends_the_console() -> None:
    with console() as terminal:
        os.close(terminal.master)
        assert terminal.process.wait(PATIENCE) == 129


def test_a_closed_terminal_ends_the_console_also_where_another_process_is_told_of_it_and_stays() -> None:
    """As `make` does. The shell ends once the console has."""
    with console("/bin/sh", "-c", 'trap : HUP; "$@"; exit', "sh") as terminal:
        os.close(terminal.master)
        terminal.process.wait(PATIENCE)


def test_quitting_is_exit_code_zero() -> None:
    with console() as terminal:
        terminal.send(b"q")
        terminal.read_until(lambda got: b"Quit dyntui?" in got)
        terminal.send(b"y")
        while terminal.read():
            pass
        assert terminal.process.wait(PATIENCE) == 0


def test_ctrl_z_gives_the_terminal_back_until_the_console_is_called_again() -> None:
    with console() as terminal:
        terminal.send(b"\x1a")
        # The alternate screen is left, and the cursor shows again.
        terminal.read_until(lambda got: b"\x1b[?1049l" in got and b"\x1b[?25h" in got)
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.read_until(lambda got: b"\x1b[?1049h" in got and b"Latest runs" in got)


def test_a_process_that_was_not_stopped_does_not_begin_again_when_it_is_told_to_go_on() -> None:
    with console() as terminal:
        terminal.read_to_silence()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.send(b"2")
        got = terminal.read_until(lambda got: b"Winter leads" in got)
        assert b"\x1b[?1049h" not in got


def test_no_colour_means_that_none_is_sent() -> None:
    with console(NO_COLOR="1") as terminal:
        terminal.send(b"2")
        terminal.read_until(lambda got: b"Winter leads" in got)
        terminal.read_to_silence()
        styles = {number for style in re.findall(rb"\x1b\[([0-9;]*)m", terminal.seen) for number in style.split(b";")}
        colours = {b"38", b"48", *(str(n).encode() for n in (*range(30, 38), *range(40, 48), *range(90, 108)))}
        assert not styles & colours, styles & colours


def test_nothing_is_sent_while_nobody_does_anything_and_a_key_costs_little() -> None:
    with console() as terminal:
        terminal.read_to_silence()
        terminal.send(b"2")
        terminal.read_until(lambda got: b"Winter leads" in got)
        terminal.read_to_silence()
        assert terminal.read(1.0) == b""
        # Two rows, and the steps that the next list offers.
        terminal.send(b"j")
        assert 0 < len(terminal.read_to_silence()) < 1280
        terminal.send(b"/")
        terminal.read_to_silence()
        assert terminal.read(1.0) == b"", "a blinking cursor"
