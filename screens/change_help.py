"""A change of one person, field by field: as it was, and as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dyntui.service.contract.changes import value_text

from .facts_dialog import FactsDialog
from .widgets.facts import Fact


def fields_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """Every field with its value before and after, as people read them."""
    was, now = before or {}, after or {}
    return [(label, value_text(was.get(label)), value_text(now.get(label))) for label in dict.fromkeys((*was, *now))]


class ChangeHelp(FactsDialog):
    """What was written of somebody. `fields`: label, value before, value after."""

    def __init__(self, *, title: str, facts: Sequence[tuple[str, str]], fields: Sequence[tuple[str, str, str]]) -> None:
        shown: list[Fact] = [(label, value, "") for label, value in facts if value]
        shown += [(label, f"{before} → {after}", "strong") for label, before, after in fields]
        super().__init__(title, shown)
