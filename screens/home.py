"""Home: who I am, how both systems stand, what runs, and for a newcomer the way through the main job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import ListRow, ListsQuery
from dyntui.service.contract.methods import CAMPAIGNS, LISTS, RUNS, STATUS
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RunRow, RunsQuery
from dyntui.service.contract.session import Nothing, Status

from .base import FramedScreen
from .first_steps import STEPS, Known, follow, step_rows
from .shell import progress_text
from .tally import errors_words
from .widgets.bars import BarList, BarRow
from .widgets.facts import Fact, Facts
from .widgets.tones import MARKS, check_tone, status_tone
from .wording import moment

_RUNS = 6


class HomeScreen(FramedScreen):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (Scope.HOME,)
    SECTION = "home"
    TOP_LEVEL = True
    CSS_PATH = "../styles/home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._facts = Facts(id="home-facts", columns=2)
        self._steps = BarList(id="first-steps")
        self._runs = BarList(id="home-runs", empty="Nothing has run yet: press 2 for the lists.")
        self._known = Known()
        self._latest: tuple[RunRow, ...] = ()

    def compose_page(self) -> Iterable[Widget]:
        """Three cards."""
        with Vertical(id="home-status", classes="card") as status:
            status.border_title = "Status"
            yield self._facts
        with Horizontal(id="home-lower"):
            if self.console.first_steps:
                with Vertical(id="home-steps", classes="card") as steps:
                    steps.border_title = "First steps"
                    steps.border_subtitle = "after a send, half an hour passes every second"
                    yield self._steps
            with Vertical(id="home-latest", classes="card") as latest:
                latest.border_title = "Latest runs"
                yield self._runs

    def begin(self) -> None:
        """Starts on the first steps, or on the runs."""
        self.trail.show_trail("Home")
        self.set_focus(self._steps if self.console.first_steps else self._runs)
        self.read()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Everything is summed up here."""
        return True

    def read(self) -> None:
        """Status, runs, and what the first steps depend on."""
        self._show_facts(None)
        self.ask(STATUS, Nothing(), self._show_facts)
        self.ask(RUNS, RunsQuery(limit=50), self._show_runs)
        if self.console.first_steps:
            self.ask(LISTS, ListsQuery(view="activated", limit=50), self._know_lists)
            self.ask(CAMPAIGNS, CampaignsQuery(limit=200), self._know_campaigns)
            self._show_steps()

    def _show_facts(self, status: Status | None) -> None:
        hello = self.console.hello
        if hello is None:
            return
        facts: list[Fact] = [
            ("Organisation", hello.organisation, "strong"),
            ("", hello.organisation_url.removeprefix("https://"), "muted"),
            ("You", hello.user, "strong"),
            ("Role", ", ".join(hello.roles) or "none of the connector", "" if hello.roles else "warn"),
        ]
        for account in hello.accounts:
            default = ", default" if account.is_default else ""
            facts.append(("Account", f"{account.name}{default}", ""))
        if status is not None:
            well = [check.name.removeprefix("Email account ") for check in status.checks if check.state == "ok"]
            if well:
                facts.append(("In order", f"✓ {', '.join(well)}", "good"))
            for check in status.checks:
                if check.state != "ok":
                    facts.append((check.name, f"{MARKS.get(check.state, '?')} {check.text}", check_tone(check.state)))
        self._facts.show_facts(facts)

    def _show_runs(self, page: Page[RunRow]) -> None:
        self._latest = page.rows
        self._known = msgspec.structs.replace(self._known, runs=page.rows)
        rows = []
        for run in page.rows[:_RUNS]:
            if run.status.ended:
                note = f"{errors_words(run) or run.status}  {moment(run.ended_on)}"
            else:
                note = progress_text(run)
            rows.append(BarRow(run.id, run.title, None, status_tone(run.status), _sign(run.status), note))
        self._runs.show_rows(rows)
        if self.console.first_steps:
            self._show_steps()

    def _know_lists(self, page: Page[ListRow]) -> None:
        self._known = msgspec.structs.replace(self._known, lists=page.rows)
        self._show_steps()

    def _know_campaigns(self, page: Page[CampaignRow]) -> None:
        self._known = msgspec.structs.replace(self._known, campaigns=page.rows)
        self._show_steps()

    def _show_steps(self) -> None:
        rows = step_rows(self._known)
        before = self._steps.rows
        self._steps.show_rows(rows)
        if not before or [row.swatch for row in before] != [row.swatch for row in rows]:
            done = [step.key for step in STEPS if step.done(self._known)]
            self._steps.choose(next((step.key for step in STEPS if step.key not in done), STEPS[-1].key))

    @on(BarList.Opened, "#first-steps")
    def _open_step(self, event: BarList.Opened) -> None:
        follow(self.console, event.key, self._known)

    @on(BarList.Opened, "#home-runs")
    def _open_run(self, event: BarList.Opened) -> None:
        from .run_page import RunPage

        self.console.open_page(RunPage, event.key)


def _sign(status: RunStatus) -> str:
    if not status.ended:
        return "▶"
    return "✓" if status is RunStatus.COMPLETED else "!" if status is not RunStatus.FAILED else "✗"
