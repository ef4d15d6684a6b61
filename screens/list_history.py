"""What has happened to a marketing list, the last first: its last runs, and every email campaign sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dyntui.model.counted import people_of
from dyntui.model.sync_types import LISTS, SENDING
from dyntui.service.contract.runs import RunRow, run_text
from dyntui.service.contract.sends import SendRow

from .runs_under_way import run_tone
from .send_standing import goes_out, send_tone
from .widgets.bars import BarRow
from .wording import moment

# So many of the last runs are shown.
_RUNS = 4


@dataclass
class Happened:
    """Runs and sends, each as they were answered last."""

    runs: Sequence[RunRow] = ()
    sends: Sequence[SendRow] = ()

    def is_send(self, key: str) -> bool:
        """Whether a line is a send."""
        return any(send.id == key for send in self.sends)

    def bars(self) -> list[BarRow]:
        """A line for each. The run of a send is found through the send."""
        runs = [run for run in self.runs if run.kind not in SENDING][:_RUNS]
        lines = [
            *((run.ended_on or run.queued_on, _of_run(run)) for run in runs),
            *((goes_out(send) or send.sent_on or send.created_on, _of_send(send)) for send in self.sends),
        ]
        return [bar for _, bar in sorted(lines, key=lambda line: line[0], reverse=True)]


def _of_run(run: RunRow) -> BarRow:
    text = run_text(run) if run.kind == LISTS.id else run.title
    return BarRow(run.id, text, None, run_tone(run), "•", moment(run.ended_on or run.queued_on))


def _of_send(send: SendRow) -> BarRow:
    coming = goes_out(send)
    when = f"goes out {moment(coming)}" if coming else moment(send.sent_on or send.created_on)
    text = f"{send.campaign_name}: {send.standing}, {people_of(send.sendable)}"
    return BarRow(send.id, text, None, send_tone(send), "•", when)
