"""What a reason means, who can mend it, and how."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from dyntui.model.reasons import BY_CODE

from .dialogs import Dialog
from .widgets.facts import Facts
from .wording import dated

_TONES = {"Reason": "strong", "What to do": "accent"}


class ReasonHelp(Dialog[None]):
    """A person's outcome, or a reason alone, explained from the catalogue."""

    def __init__(
        self, *, code: str, outcome: str = "", name: str = "", address: str = "", detail: str = "", also: str = ""
    ) -> None:
        entry = BY_CODE.get(code)
        super().__init__(name or address or (entry.title if entry else code) or outcome.capitalize())
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
        self._facts = [(label, value, _TONES.get(label, "")) for label, value in facts if value]

    def compose_body(self) -> Iterable[Widget]:
        """The explanation."""
        with VerticalScroll(id="reason-facts", can_focus=False):
            yield Facts(self._facts, wraps=True)
