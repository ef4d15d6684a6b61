"""A dialog that tells facts, and scrolls where there are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import VerticalScroll
from textual.widget import Widget

from .dialogs import Dialog
from .widgets.facts import Fact, Facts


class FactsDialog(Dialog[None]):
    """Facts under a title."""

    def __init__(self, title: str, facts: Sequence[Fact]) -> None:
        super().__init__(title)
        self._facts = tuple(facts)

    def compose_body(self) -> Iterable[Widget]:
        """The facts, nothing cut."""
        with VerticalScroll(id="reason-facts", can_focus=True):
            yield Facts(self._facts, wraps=True)
