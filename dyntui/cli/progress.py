"""How far a run is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import Protocol

import click

from dyntui.cli.lazy import PLAIN
from dyntui.model.plain import plain
from dyntui.service.contract.runs import Progress, RunRow

_BAR = 24
_CLEAR = "\r\x1b[K"


class Display(Protocol):
    """Shows the states of a run as they come."""

    def show(self, run: RunRow) -> None:
        """The run as it is now."""

    def close(self) -> None:
        """Leaves the terminal as it was."""


def display() -> Display:
    """What suits standard error."""
    return Bar() if sys.stderr.isatty() and not PLAIN.get() else Lines()


class Bar:
    """One line that is drawn over."""

    def __init__(self) -> None:
        self._drawn = ""

    def show(self, run: RunRow) -> None:
        """The run as it is now."""
        line = f"{plain(run.title)}  {_bar(run.progress)}{_words(run)}"[: shutil.get_terminal_size().columns - 1]
        if line != self._drawn:
            click.echo(f"{_CLEAR}{line}", err=True, nl=False)
            self._drawn = line

    def close(self) -> None:
        """Leaves the terminal as it was."""
        if self._drawn:
            click.echo(_CLEAR, err=True, nl=False)


class Lines:
    """A line for every stage and every tenth of it."""

    def __init__(self) -> None:
        self._said = ""

    def show(self, run: RunRow) -> None:
        """The run as it is now."""
        step = run.progress.done * 10 // run.progress.of if run.progress.of else 0
        now = f"{run.id} {run.status} {run.progress.stage} {step}"
        if now != self._said:
            click.echo(f"{plain(run.title)}: {_words(run)}", err=True)
            self._said = now

    def close(self) -> None:
        """Nothing to restore."""


def _bar(progress: Progress) -> str:
    if not progress.of:
        return ""
    full = min(_BAR, progress.done * _BAR // progress.of)
    return f"[{'█' * full}{'·' * (_BAR - full)}] "


def _words(run: RunRow) -> str:
    progress = run.progress
    stage = plain(progress.stage) or str(run.status)
    return f"{stage} {progress.done:,} of {progress.of:,}" if progress.of else stage
