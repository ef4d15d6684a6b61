"""What an answer leads to: a page, or the next question. Whoever has gone on before it was there - to another place, to
a question, or to a line in which they type - is told instead: the keys they press are for what they see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.widgets import Input

from dyntui.service.contract.runs import RunRow

from .base import Asking
from .dialogs import Dialog
from .places import PLAN, RUN, Place

R = TypeVar("R")
T = TypeVar("T")


def still_here(screen: Asking[Any]) -> bool:
    """Whether somebody waits on the screen for what they asked for there."""
    return screen.app.screen is screen and not isinstance(screen.focused, Input)


def lead_to(screen: Asking[Any], place: Place[T], about: T, *, title: str, said: str) -> None:
    """To the page of what was done; else `said` tells where it stands."""
    if still_here(screen):
        screen.console.open_page(place, about)
    else:
        screen.console.notify(said, title=title)


def lead_to_run(screen: Asking[Any], run: RunRow) -> None:
    """To the page of a run that was started."""
    lead_to(screen, RUN, run.id, title=run.title, said=f"{run.title} is under way: the audit shows it.")


def lead_to_plan(screen: Asking[Any], run: RunRow) -> None:
    """To the page of a plan that is being made."""
    lead_to(screen, PLAN, run.id, title=run.title, said=f"{run.title} is being made: the audit shows it.")


def ask_next(
    screen: Asking[Any], question: Dialog[R], answered: Callable[[R | None], None] | None = None, *, undone: str = ""
) -> None:
    """Asks what follows from an answer; else `undone` tells what was not done, `""`: that is not worth a word."""
    if still_here(screen):
        screen.app.push_screen(question, answered)
    elif undone:
        screen.console.notify(f"{undone}. You had gone on before the question was there.", severity="warning")
