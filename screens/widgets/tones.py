"""Which look a status, an outcome or a state has. Never colour alone: each has a sign or a word beside it."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.sync_types import outcome_word

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}

SIGNS: dict[Outcome, str] = {
    Outcome.ADDED: "+",
    Outcome.UPDATED: "~",
    Outcome.UNCHANGED: "=",
    Outcome.REMOVED: "-",
    Outcome.EXCLUDED: "○",
    Outcome.REJECTED: "✗",
    Outcome.HELD: "!",
}

_OUTCOMES: dict[Outcome, str] = {
    Outcome.ADDED: "good",
    Outcome.UPDATED: "good",
    Outcome.UNCHANGED: "muted",
    Outcome.REMOVED: "muted",
    Outcome.EXCLUDED: "warn",
    Outcome.REJECTED: "bad",
    Outcome.HELD: "bad",
}


def check_tone(state: str) -> str:
    """The look of a check's state."""
    return {"ok": "", "warning": "warn", "error": "bad"}.get(state, "warn")


def status_tone(status: RunStatus) -> str:
    """The look of a run's status."""
    if status is RunStatus.COMPLETED:
        return "good"
    if status is RunStatus.FAILED:
        return "bad"
    if not status.ended:
        return "accent"
    return "muted" if status is RunStatus.CANCELLED else "warn"


def outcome_tone(outcome: Outcome | None) -> str:
    """The look of a person's outcome."""
    return "muted" if outcome is None else _OUTCOMES[outcome]


def outcome_text(outcome: Outcome | None, kind: str = "") -> str:
    """An outcome with its sign, in the words of a kind of run."""
    return "" if outcome is None else f"{SIGNS[outcome]} {outcome_word(outcome, kind)}"
