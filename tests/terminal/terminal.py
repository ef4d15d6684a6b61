"""A real terminal: a program on a pty, and the screen that a person would see."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import pyte

# How long anything may take before a test is given up, on a slow and busy machine too; not what it should take.
PATIENCE = 180.0

# What a full-screen program switches on, and must switch off before it ends: alternate screen, mouse, focus reports,
# bracketed paste. The cursor is the other way round.
MODES = ("1049", "1000", "1003", "1006", "1004", "2004")

# Makes the terminal the program's own before it becomes the program.
_LOG_IN = "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"


class Terminal:
    """Runs a program as the session leader of its own terminal."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], *, columns: int = 80, lines: int = 24
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._slave = slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LOG_IN, str(slave), *command],
            env={**environ, "TERM": "xterm-256color"},
            pass_fds=(slave,),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def close(self) -> None:
        """The terminal goes away, as when a connection drops."""
        for descriptor in (self._slave, self._master):
            if descriptor >= 0:
                os.close(descriptor)
        self._slave = self._master = -1

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, seen: Callable[[], bool] | str) -> None:
        """Reads until a text is on the screen, or a condition holds."""
        condition = (lambda: seen in self.text) if isinstance(seen, str) else seen
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"never seen: {seen}\n{self.text}"
            assert self._read(0.5) or self.process.poll() is None or condition(), f"ended without {seen}\n{self.text}"

    def type(self, text: str) -> None:
        """Keys, as the terminal sends them."""
        os.write(self._master, text.encode())

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program alone."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Reads on until the program has ended; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"never ended\n{self.text}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.wait()

    def ended_by_ctrl_c(self) -> int:
        """Presses ctrl+c until the program has ended; its exit code. Python takes no notice of the key in the moment
        between a prompt and the reading of its line, and a person presses it again."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"never ended\n{self.text}"
            self.type("\x03")
            again = time.monotonic() + 1.0
            while self.process.poll() is None and time.monotonic() < again:
                self._read(0.05)
        return self.ended()

    @property
    def left_on(self) -> list[str]:
        """Terminal modes that the program switched on and left on."""
        return [mode for mode in MODES if self.raw.rfind(f"?{mode}h".encode()) > self.raw.rfind(f"?{mode}l".encode())]

    @property
    def cursor_hidden(self) -> bool:
        """Whether the cursor was left hidden."""
        return self.raw.rfind(b"?25l") > self.raw.rfind(b"?25h")

    @property
    def after(self) -> list[object]:
        """The line discipline's settings as they are."""
        return termios.tcgetattr(self._slave)

    def _read(self, wait: float) -> bool:
        if self._master < 0 or not select.select([self._master], [], [], wait)[0]:
            return False
        read = os.read(self._master, 65536)
        self.raw += read
        self._stream.feed(read)
        return bool(read)
