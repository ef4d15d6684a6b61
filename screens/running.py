"""A run from its start to its outcome: a dialog with determinate progress, which may be left while the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.methods import RUN_CANCEL, RUN_GET, RUN_START
from dyntui.service.contract.runs import RunChanged, RunDetail, RunRef, RunRow, StartRun, run_status
from dyntui.service.contract.situations import Situation

from .base import Asking
from .bindings import bindings
from .dialogs import Dialog
from .shell import progress_text
from .tally import outcome_title, reason_title, split_key, tally_rows
from .widgets.bars import BarList, block_bar
from .widgets.cells import single_line
from .widgets.line import Line, Part
from .widgets.tones import status_tone
from .wording import lasted, number, share

_BAR = 40


def _nothing_more(run: RunRow) -> None:
    pass


class RunProgress(Dialog[None]):
    """Follows one run. Once it is closed `then` gets the run as it is: ended, or left running in the service."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (Scope.PROGRESS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.PROGRESS)

    def __init__(self, run: RunRow, then: Callable[[RunRow], None] = _nothing_more) -> None:
        super().__init__(run.title)
        self.run_row = run
        self._then = then
        self._status = Line(id="run-status")
        self._bar = Line(id="run-bar")
        self._outcome = BarList(id="run-outcome")
        self._error = Static("", id="run-error", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        """Status, bar, and at the end the counts or the error."""
        yield self._status
        yield self._bar
        yield self._outcome
        yield self._error

    def on_mount(self) -> None:
        """Follows the run from here on."""
        self.console.follow(self.run_row.id, True)
        self._show()
        # It may have got on before anybody listened.
        self.refetch()

    def on_unmount(self) -> None:
        """Its end is told by a notice again."""
        self.console.follow(self.run_row.id, False)

    def refetch(self) -> None:
        """Asks how the run stands."""
        self.ask(RUN_GET, RunRef(self.run_row.id), self._take)

    def _take(self, detail: RunDetail) -> None:
        self.run_row = detail.run
        self._show()

    def situation(self) -> Situation:
        """The run is what the actions are about."""
        return msgspec.structs.replace(super().situation(), run=self.run_row)

    def hinting(self) -> tuple[Scope, ...]:
        """Once there are outcomes, each opens its people."""
        return (Scope.CHOICES, *self.SCOPES) if self._outcome.display else self.SCOPES

    def hint_of(self, action_id: str) -> str:
        """Esc leaves a run that goes on, or closes one that has ended."""
        if action_id == "progress.close" and not self.run_row.status.ended:
            return "Leave it running"
        return super().hint_of(action_id)

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """The run got on."""
        if isinstance(value, RunChanged) and value.run.id == self.run_row.id and self.is_mounted:
            self.run_row = value.run
            self._show()

    def _show(self) -> None:
        run = self.run_row
        ended = run.status.ended
        parts = [Part(run_status(run.status, run.tally), status_tone(run.status))]
        if ended:
            taken = lasted(run.started_on, run.ended_on)
            parts.append(Part(f"  {number(run.tally.read)} people" if run.tally.read else "", "strong"))
            parts.append(Part(f"  in {taken}" if taken else "", "muted"))
        else:
            parts.append(Part(f"  {progress_text(run)}"))
        self._status.show(*parts)
        self._bar.display = not ended
        progress = run.progress
        fraction = progress.done / progress.of if progress.of else 0.0
        self._bar.show(
            Part(block_bar(fraction, _BAR), "accent"), Part(f"  {share(progress.done, progress.of)}", "strong")
        )
        self._outcome.display = ended and bool(run.tally.counts)
        self._outcome.show_rows(tally_rows(run.tally.counts, run.kind), run.tally.read)
        if self._outcome.display and not self._outcome.has_focus:
            self.set_focus(self._outcome)
        self._error.display = bool(run.error or run.error_code)
        self._error.update(
            "\n".join(single_line(part) for part in (run.error_code, run.error, run.not_done, run.remedy) if part)
        )
        self._error.set_class(run.status is RunStatus.FAILED, "-bad")
        self.refresh_hints()

    def do_progress_cancel(self) -> None:
        """Asks the service to stop the run at the next safe point."""
        self.ask(RUN_CANCEL, RunRef(self.run_row.id), self._take_row)

    def _take_row(self, run: RunRow) -> None:
        if not self.run_row.status.ended:
            self.run_row = run
            self._show()

    def do_progress_audit(self) -> None:
        """To the run's page."""
        from .run_page import RunPage

        self._close()
        self.console.open_page(RunPage, self.run_row.id)

    @on(BarList.Opened)
    def _open_people(self, event: BarList.Opened) -> None:
        from .people import PeoplePage, Whose

        run = self.run_row
        outcome, reason = split_key(event.key)
        title = reason_title(reason) if reason else outcome_title(outcome, run.kind)
        about = Whose(title=title, trail=(run.title,), run=run.id, kind=run.kind, outcome=outcome, reason=reason)
        self._close()
        self.console.open_page(PeoplePage, about)

    def do_progress_close(self) -> None:
        """Closes the dialog; a run under way goes on."""
        self._close()

    def _close(self) -> None:
        # Whoever asked for the run leaves first, so that what is opened next is opened from where one comes back to.
        self.dismiss(None)
        self._then(self.run_row)


def start_run(screen: Asking[None], request: StartRun, then: Callable[[RunRow], None] = _nothing_more) -> None:
    """Starts a run and follows it; `then` gets the run as it is when the dialog is closed."""

    def started(run: RunRow) -> None:
        screen.app.push_screen(RunProgress(run, then))

    screen.ask(RUN_START, request, started)
