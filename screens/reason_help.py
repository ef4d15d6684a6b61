"""What a reason means, who can mend it, and how."""

from __future__ import annotations

from dyntui.model.reasons import BY_CODE

from .facts_dialog import FactsDialog
from .widgets.facts import Fact
from .wording import dated

_TONES = {"Reason": "strong", "What to do": "accent"}


def explained(*, code: str, outcome: str = "", address: str = "", detail: str = "", also: str = "") -> list[Fact]:
    """What became of somebody, what that means, who can mend it and how, from the catalogue."""
    entry = BY_CODE.get(code)
    facts = [("Address", address), ("Outcome", outcome)]
    if entry is not None:
        facts += [
            ("Reason", f"{entry.title}  ({entry.code})"),
            ("Meaning", entry.meaning),
            ("Detail", dated(detail)),
            ("Who can mend it", f"{entry.who[0].upper()}{entry.who[1:]}"),
            ("What to do", entry.remedy),
        ]
    elif code:
        facts += [("Reason", code), ("Detail", dated(detail))]
    else:
        facts.append(("What to do", "Nothing: this person is where they should be."))
    facts.append(("Also", also))
    return [(label, value, _TONES.get(label, "")) for label, value in facts if value]


class ReasonHelp(FactsDialog):
    """A person's outcome, or a reason alone, explained from the catalogue."""

    def __init__(self, *, code: str, outcome: str = "", name: str = "", address: str = "", detail: str = "") -> None:
        entry = BY_CODE.get(code)
        super().__init__(
            name or address or (entry.title if entry else code) or outcome.capitalize(),
            explained(code=code, outcome=outcome, address=address, detail=detail),
        )
