"""Asking before something is done that somebody may not have meant."""

from __future__ import annotations

import sys

import click

from dyntui.cli.lazy import Choices
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.plain import plain


def confirm(chosen: Choices, question: str, *, not_done: str) -> None:
    """Goes on when the person says yes, or said `--yes`. Raises click.Abort when they say no, DyntuiError
    CONFIRMATION_MISSING where nobody is there to be asked."""
    if chosen.yes:
        return
    if not sys.stdin.isatty():
        raise DyntuiError(
            "CONFIRMATION_MISSING",
            f"Nobody is there to be asked: {question}",
            not_done=not_done,
            remedy="Add --yes.",
            exit=Exit.USAGE,
        )
    click.confirm(plain(question), abort=True, err=True)
