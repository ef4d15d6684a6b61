"""Starting a run, whose page follows it and stays when it has ended; and cancelling one wherever it is in hand."""

from __future__ import annotations

from dyntui.service.contract.changes import CHANGES_UNDO, UndoRun
from dyntui.service.contract.runs import RUN_CANCEL, RUN_START, RunRef, RunRow, StartRun

from .base import Asking, FramedScreen
from .gone_on import lead_to_plan, lead_to_run
from .shell import progress_text
from .widgets.bars import block_bar
from .widgets.line import Line, Part
from .wording import share


def start_run(screen: Asking[None], request: StartRun) -> None:
    """Starts a run and opens its page, from where Esc leads back to the screen."""

    screen.ask(RUN_START, request, lambda run: lead_to_run(screen, run))


def show_progress(line: Line, run: RunRow | None, width: int) -> None:
    """How far a run is, in a line with a bar of `width` cells; nothing of one that has ended."""
    line.display = run is not None and not run.status.ended
    if run is None:
        return
    done, of = run.progress.done, run.progress.of
    line.show(
        Part(f" {progress_text(run)}  ", ""),
        Part(block_bar(done / of if of else 0.0, width), "accent"),
        Part(f" {share(done, of)}", "strong"),
        right=[Part("Esc leaves it running ", "muted")],
    )


class RunActions(FramedScreen):
    """A screen with a run in hand: its situation names it."""

    def do_changes_undo(self) -> None:
        """Plans how to undo the run: the plan's page says so, and carries it out."""
        if (run := self.situation().one(RunRow)) is not None:
            self.ask(CHANGES_UNDO, UndoRun(run.id), lambda planned: lead_to_plan(self, planned))

    def do_runs_cancel(self) -> None:
        """Cancels the run."""
        if (run := self.situation().one(RunRow)) is not None:
            self.ask(RUN_CANCEL, RunRef(run.id), lambda _: self.refetch())
