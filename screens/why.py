"""Why somebody would be mailed or not: every closed gate, in its order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.people import ClosedGate, Verdict

from .facts_dialog import FactsDialog
from .widgets.facts import Fact
from .wording import dated, moment


class WhyDialog(FactsDialog):
    """Where a person stands on each of their lists. `person`: the record on whose page it is asked, which needs no id
    in it."""

    def __init__(self, verdicts: Sequence[Verdict], person: str) -> None:
        nowhere: list[Fact] = [("Lists", "On no activated marketing list: no send reaches them.", "")]
        super().__init__("Why?", [fact for each in verdicts for fact in _facts(each, person)] or nowhere)


def _facts(verdict: Verdict, person: str) -> list[Fact]:
    sendable = verdict.outcome is Outcome.ADDED
    said = "would be mailed" if sendable else "would not be mailed"
    facts: list[Fact] = [("Send to", f"{verdict.where}: {said}", "good" if sendable else "warn")]
    if sendable and verdict.detail:
        facts.append(("Note", verdict.detail, ""))
    for place, gate in enumerate(verdict.gates):
        facts.append(("Reason" if place == 0 else "Also", _told(gate, person), "strong" if place == 0 else ""))
        facts.append(("What to do", f"{gate.who[0].upper()}{gate.who[1:]}: {gate.remedy}", "accent"))
    facts.extend(
        ("Looked at", f"{each.source}, {moment(each.as_of) or 'never read'}", "muted") for each in verdict.asked
    )
    return facts


def _told(gate: ClosedGate, person: str) -> str:
    detail = (
        re.sub(rf"\b(account|contact|lead) {re.escape(person)}", r"this \1", gate.detail) if person else gate.detail
    )
    times = [f"since {moment(gate.since)}"] if gate.since else []
    times += [f"learned {moment(gate.learned_on)}"] if gate.learned_on else []
    return ", ".join(filter(None, (f"{gate.title} ({gate.code})", dated(detail), *times)))
