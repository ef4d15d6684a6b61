"""What each setting of a marketing list would do, before one is chosen."""

from __future__ import annotations

from dyntui.model.membership_actions import ACTIONS
from dyntui.service.contract.lists import ActionSimulated, Simulation

from .facts_dialog import FactsDialog
from .tally import reason_title
from .widgets.facts import Fact
from .wording import number


class SimulationShown(FactsDialog):
    """Actions, then parts of filters."""

    def __init__(self, name: str, found: Simulation) -> None:
        facts: list[Fact] = [
            ("In the book", number(found.in_book), ""),
            ("Not on the list", number(found.strangers), "strong"),
            *((ACTIONS[each.action].title, _became(each), "warn" if each.held else "") for each in found.actions),
            *((_filter(each.part), f"keeps out {number(each.people)}", "muted") for each in found.filters),
        ]
        super().__init__(f"What each setting would do: {name}", facts)


# As the settings of a list call them.
_FILTERS = {
    "bulk": "Skip do not allow bulk emails",
    "email": "Skip do not allow emails",
    "active": "Active records only",
    "view": "Only who the saved view finds",
}


def _filter(part: str) -> str:
    name, _, least = part.partition(":")
    return f"Opt-in at least {least}" if least else _FILTERS.get(name, part)


def _became(each: ActionSimulated) -> str:
    parts = (("stay", each.stay), ("leave", each.leave), ("join", each.join), ("become records", each.create))
    said = [f"{number(people)} {word}" for word, people in parts if people] or ["nobody"]
    said += [f"{reason_title(code)} {number(people)}" for code, people in each.reasons.items()]
    return ", ".join([*said, f"held: {each.held}"] if each.held else said)
