"""What a reason means, who can mend it, and how."""

from __future__ import annotations

from dyntui.model.reasons import BY_CODE

from .facts_dialog import FactsDialog
from .wording import dated

_TONES = {"Reason": "strong", "What to do": "accent"}


class ReasonHelp(FactsDialog):
    """A person's outcome, or a reason alone, explained from the catalogue."""

    def __init__(
        self, *, code: str, outcome: str = "", name: str = "", address: str = "", detail: str = "", also: str = ""
    ) -> None:
        entry = BY_CODE.get(code)
        facts: list[tuple[str, str]] = []
        if address:
            facts.append(("Address", address))
        if outcome:
            facts.append(("Outcome", outcome))
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
        if also:
            facts.append(("Also", also))
        super().__init__(
            name or address or (entry.title if entry else code) or outcome.capitalize(),
            [(label, value, _TONES.get(label, "")) for label, value in facts if value],
        )
