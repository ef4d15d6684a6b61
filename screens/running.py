"""Starting a run: its page follows it, and stays when it has ended."""

from __future__ import annotations

from dyntui.service.contract.runs import RUN_START, RunRow, StartRun

from .base import Asking


def start_run(screen: Asking[None], request: StartRun) -> None:
    """Starts a run and opens its page, from where Esc leads back to the screen."""

    def started(run: RunRow) -> None:
        from .run_page import RunPage

        screen.console.open_page(RunPage, run.id)

    screen.ask(RUN_START, request, started)
