"""A change of one person, field by field: as it was, and as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import VerticalScroll
from textual.widget import Widget

from .dialogs import Dialog
from .widgets.facts import Fact, Facts


class ChangeHelp(Dialog[None]):
    """What was written of somebody. `fields`: label, value before, value after."""

    def __init__(self, *, title: str, facts: Sequence[tuple[str, str]], fields: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(title)
        shown: list[Fact] = [(label, value, "") for label, value in facts if value]
        shown += [(label, f"{before} → {after}", "strong") for label, before, after in fields]
        self._facts = shown

    def compose_body(self) -> Iterable[Widget]:
        """The facts, then the fields."""
        with VerticalScroll(id="reason-facts", can_focus=False):
            yield Facts(self._facts, wraps=True)
