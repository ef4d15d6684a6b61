"""The runs under way, as the service's events tell of them."""

from __future__ import annotations

from typing import Literal

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.runs import RunRow, outcomes_text, plan_waits, run_text

from .widgets.tones import status_tone

Severity = Literal["information", "warning", "error"]


class RunsUnderWay:
    """The runs that have not ended."""

    def __init__(self) -> None:
        self._runs: dict[str, RunRow] = {}

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def rows(self) -> list[RunRow]:
        """The runs, oldest first."""
        return list(self._runs.values())

    def take(self, run: RunRow) -> bool:
        """Takes in how far a run is; whether one that was under way has ended."""
        known = self._runs.pop(run.id, None)
        if not run.status.ended:
            self._runs[run.id] = run
        return run.status.ended and known is not None

    def forget(self) -> None:
        """What was known may be old."""
        self._runs.clear()


def severity_of(status: RunStatus) -> Severity:
    """How loudly the end of a run is told."""
    if status is RunStatus.FAILED:
        return "error"
    return "information" if status is RunStatus.COMPLETED else "warning"


def end_text(run: RunRow) -> str:
    """What became of a run, in one line; of a plan what would."""
    became = outcomes_text(run)
    if became and plan_waits(run):
        became = f"it would be {became}"
    return ": ".join(part for part in (run_text(run), became or run.error) if part)


def run_tone(run: RunRow) -> str:
    """The look of a run's status: a plan that can be carried out waits for a person."""
    return "warn" if plan_waits(run) else status_tone(run.status)
