"""A change of one person, field by field: as it was, and as it is."""

from __future__ import annotations

from collections.abc import Sequence

from .facts_dialog import FactsDialog
from .widgets.facts import Fact


class ChangeHelp(FactsDialog):
    """What was written of somebody. `fields`: label, value before, value after."""

    def __init__(self, *, title: str, facts: Sequence[tuple[str, str]], fields: Sequence[tuple[str, str, str]]) -> None:
        shown: list[Fact] = [(label, value, "") for label, value in facts if value]
        shown += [(label, f"{before} → {after}", "strong") for label, before, after in fields]
        super().__init__(title, shown)
