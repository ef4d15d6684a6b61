"""Standard input, output and error as commands use them: whatever they are connected to, the work goes on.

A character that the terminal's encoding lacks becomes a replacement; a reader that has gone away, or a stream that was
closed before the start, takes nothing more. Neither changes what a command does, nor its exit code. Where standard
output takes nothing for another reason, such as a disk that is full, the command ends by that name; standard error
falls silent.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from dyntui.model.errors import DyntuiError, Exit


class _Outlet(io.FileIO):
    """A file descriptor that falls silent once nobody reads it any more, or it failed. `called`: in words, where that
    it failed is to be heard; nobody hears it of standard error."""

    _silent = False
    called = ""

    def write(self, data: object) -> int:
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        if self._silent:
            return size
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            # What is still waiting in buffers would fail once more when Python ends.
            self._silent = True
            if self.called and not isinstance(error, BrokenPipeError):
                raise OSError(error.errno, error.strerror, self.called) from error
            return size


def open_streams() -> None:
    """Makes `sys.stdout` and `sys.stderr` as the module says. Streams that a program has put in their place stay."""
    sys.stdout = _outlet(sys.stdout, sys.__stdout__)
    sys.stderr = _outlet(sys.stderr, sys.__stderr__)
    if sys.stdin is None:
        # Closed before the start: there is nothing to read, and nobody to be asked.
        sys.stdin = io.TextIOWrapper(io.FileIO(os.devnull), encoding="utf-8")
    elif sys.stdin is sys.__stdin__:
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]


def _outlet(now: TextIO | None, original: TextIO | None) -> TextIO:
    if now is None:
        # Closed before the start: Python has no stream for it then.
        return Path(os.devnull).open("w", encoding="utf-8")
    if now is not original:
        return now
    now.flush()
    raw = _Outlet(now.fileno(), "w", closefd=False)
    raw.called = "" if now is sys.__stderr__ else "standard output"
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=now.encoding,
        errors="replace",
        line_buffering=now.isatty() or now is sys.__stderr__,
        write_through=now is sys.__stderr__,
    )


def check_arguments(arguments: Sequence[str]) -> None:
    """Raises DyntuiError ARGUMENT_UNREADABLE for an argument that is not text in the terminal's encoding: no name, id
    or address can be meant by it."""
    for place, argument in enumerate(arguments, 1):
        # Python keeps bytes that it could not decode as single surrogates (PEP 383).
        if any("\ud800" <= char <= "\udfff" for char in argument):
            shown = os.fsencode(argument).decode("utf-8", "replace")
            raise DyntuiError(
                "ARGUMENT_UNREADABLE",
                f"Argument {place}, {shown!r}, is not valid text.",
                not_done="Nothing was asked or changed.",
                remedy="Write it in the terminal's encoding, which should be UTF-8.",
                exit=Exit.USAGE,
            )
