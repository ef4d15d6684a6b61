"""What each setting of a marketing list would do, before one is chosen."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from dyntui.model.membership_actions import ACTIONS
from dyntui.service.contract.lists import ActionSimulated, Simulation

from .dialogs import Dialog
from .tally import reason_title
from .widgets.facts import Fact, Facts
from .wording import number


class SimulationShown(Dialog[None]):
    """Actions, then parts of filters."""

    def __init__(self, name: str, found: Simulation) -> None:
        super().__init__(f"What each setting would do: {name}")
        self._facts: list[Fact] = [
            ("In the book", number(found.in_book), ""),
            ("Not on the list", number(found.strangers), "strong"),
            *((ACTIONS[each.action].title, _became(each), "warn" if each.held else "") for each in found.actions),
            *((f"Filter {each.part}", f"keeps out {number(each.people)}", "muted") for each in found.filters),
        ]

    def compose_body(self) -> Iterable[Widget]:
        """All of it."""
        yield Facts(self._facts, wraps=True)


def _became(each: ActionSimulated) -> str:
    parts = (("stay", each.stay), ("leave", each.leave), ("join", each.join), ("become records", each.create))
    said = [f"{number(people)} {word}" for word, people in parts if people] or ["nobody is concerned"]
    said += [f"{reason_title(code)} {number(people)}" for code, people in each.reasons.items()]
    return ", ".join([*said, f"held: {each.held}"] if each.held else said)
