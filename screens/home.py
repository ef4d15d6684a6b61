"""Home: who I am, how both systems stand, what runs, and for a newcomer the way through the main job."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import msgspec
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.budgets import Meter
from dyntui.model.held import waits_in_words
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import SEND as SEND_KIND
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.console import ON_HOME
from dyntui.service.contract.lists import LISTS_PAGE, ListRow, ListsQuery
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RUNS_PAGE, RunRow, RunsQuery, plan_waits, run_text
from dyntui.service.contract.schedules import SCHEDULES_LIST, Schedules, SchedulesOf
from dyntui.service.contract.sends import SENDS_PAGE, SendRow, SendsQuery
from dyntui.service.contract.session import STATUS, Check, Hello, Nothing, Status

from .base import FramedScreen
from .first_steps import STEPS, Known, follow, step_rows
from .places import LIST, REPORT, RUN, SECTIONS, SEND, SENDS
from .runs_under_way import run_tone
from .send_standing import goes_out, in_a_line, in_short
from .shell import LOW, WIDE, progress_text
from .widgets.bars import BarList, BarRow
from .widgets.facts import Fact, Facts
from .widgets.tones import MARKS, check_tone
from .wording import dated, hour, moment, number, rate, share

_RUNS = 6
# Cells for the names of what is in order on a low screen, where the status has one column.
_LOW_NAMES = 38
_COMING = 3
# Where the screen is tall: as many runs, lists and campaigns as their cards may hold.
_MORE = 16
_URGENT = "sends that somebody has to decide about"
# The key that leads to what waits for a person.
_DECISIONS = 1 + [each.name for each in SECTIONS].index("held")


class HomeScreen(FramedScreen):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_HOME,)
    SECTION = "home"
    TOP_LEVEL = True
    CSS_PATH = "../styles/home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._facts = Facts(id="home-facts", columns=2)
        self._wrong = Facts(id="home-wrong", wraps=True)
        self._steps = BarList(id="first-steps")
        self._runs = BarList(id="home-runs", empty="Nothing has run yet: press 2 for the lists.")
        self._lists = BarList(id="home-lists", empty="No list is activated for email yet: press 2.", shares=False)
        self._sent = BarList(id="home-sent", empty="No campaign has been sent yet: press 3.", shares=False)
        self._known = Known()
        self._status: Status | None = None
        self._latest: tuple[RunRow, ...] = ()
        self._coming: list[str] = []
        self._sends: Fact | None = None

    def compose_page(self) -> Iterable[Widget]:
        """Three cards."""
        with Vertical(id="home-status", classes="card") as status:
            status.border_title = "Status"
            yield self._facts
            yield self._wrong
        with Horizontal(id="home-lower"):
            if self.console.first_steps:
                with Vertical(id="home-steps", classes="card") as steps:
                    steps.border_title = "First steps"
                    steps.border_subtitle = "after a send, half an hour passes every second"
                    yield self._steps
            with Vertical(id="home-latest", classes="card") as latest:
                latest.border_title = "Latest runs"
                yield self._runs
        with Horizontal(id="home-more"):
            with Vertical(id="home-lists-card", classes="card") as lists:
                lists.border_title = "Activated lists, by members"
                yield self._lists
            with Vertical(classes="card") as sent:
                sent.border_title = "Campaigns sent, the last one first"
                yield self._sent

    def begin(self) -> None:
        """Starts on the first steps, or on the runs."""
        self.trail.show_trail("Home")
        # Once the first steps are done, the last sends have the room of them.
        self.set_class(not self.console.first_steps, "-settled")
        self.set_focus(self._steps if self.console.first_steps else self._runs)
        self.read()

    def refresh_frame(self) -> None:
        """On a low screen the status is shorter."""
        super().refresh_frame()
        self._show_facts(self._status)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Everything is summed up here."""
        return True

    def read(self) -> None:
        """Status, runs, and what the first steps depend on."""
        self.console.ask_for_roles()
        self._show_facts(self._status)
        self.look(STATUS, Nothing(), self._show_facts)
        self.look(SCHEDULES_LIST, SchedulesOf(), self._know_schedules)
        self.look(SENDS_PAGE, SendsQuery(view="held", limit=_MORE), self._know_sends)
        self.look(RUNS_PAGE, RunsQuery(limit=50), self._show_runs)
        self.look(LISTS_PAGE, ListsQuery(view="activated", limit=50, sort="-members"), self._know_lists)
        self.look(CAMPAIGNS_PAGE, CampaignsQuery(limit=200, sort="-sent_on"), self._know_campaigns)
        if self.console.first_steps:
            self._show_steps()

    def _show_facts(self, status: Status | None) -> None:
        self._status = status
        hello = self.console.hello
        if hello is None:
            return
        if status is not None:
            self.console.waiting.process = status.process
        facts: list[Fact] = [
            ("Organisation", hello.organisation, "strong"),
            ("", hello.organisation_url.removeprefix("https://"), "muted"),
            ("You", hello.user, "strong"),
            ("Role", _roles(hello), "" if hello.roles and hello.roles_known else "warn"),
        ]
        low = (self.size.height or self.app.size.height) < LOW
        brief = self._brief
        if low:
            # There is room for who and where, hardly for the rest.
            facts = [facts[0], ("You", ", ".join((hello.user, *hello.roles)), "strong")]
        for account in () if low else hello.accounts:
            default = ", default" if account.is_default else ""
            facts.append(("Account", f"{account.name}{default}", ""))
        if self._coming:
            facts.append(("Coming", self._coming[0] if brief else ", ".join(self._coming), ""))
        if self._sends is not None:
            facts.append(self._sends)
        if status is not None and (waits := waits_in_words(status.waiting)):
            facts.append(("Decisions", f"{waits} ({_DECISIONS})", "warn"))
        if status is not None and not low:
            facts += _budgets((each for each in status.budgets if each.account_id in self._of_account()), brief=brief)
            facts += _consent(status, brief=brief)
        if status is not None:
            well = [check.name.removeprefix("Email account ") for check in status.checks if check.state == "ok"]
            if well:
                names = ", ".join(well)
                if brief and len(names) > (_LOW_NAMES if low else 0):
                    names = f"{number(len(well))} {'part' if len(well) == 1 else 'parts'} (H)"
                facts.append(("In order", f"✓ {names}", "good"))
            wrong = [check for check in status.checks if check.state != "ok"]
            self._wrong.display = bool(wrong)
            self._wrong.show_facts([(check.name, _what_is_wrong(check), check_tone(check.state)) for check in wrong])
        self._facts.show_facts(facts)
        self._facts.line_up(self._wrong)

    @property
    def _brief(self) -> bool:
        """Where there is no room for whole sentences."""
        return (self.size.width or self.app.size.width) < WIDE

    def _of_account(self) -> tuple[str, ...]:
        """The ids of the email accounts that are shown, and `""` for the organisation."""
        chosen, hello = self.console.account, self.console.hello
        everybody = tuple(each.id for each in hello.accounts) if hello is not None else ()
        return ("", *((chosen,) if chosen else everybody))

    def _know_schedules(self, known: Schedules) -> None:
        """The next runs, where this service starts them: a private one says on their own page that it does not."""
        rows = sorted((row for row in known.rows if row.next_run), key=lambda row: row.next_run)[:_COMING]
        now = datetime.fromisoformat(self.console.now())
        coming = [
            f"{'now' if datetime.fromisoformat(row.next_run) <= now else hour(row.next_run)} {row.title}"
            for row in rows
        ]
        self._coming = coming if known.run_here else []
        self._show_facts(self._status)

    def _know_sends(self, page: Page[SendRow]) -> None:
        """The send of which somebody has to say what became, one that waits for a person, or the next that goes out."""
        missed = [row for row in page.rows if row.state == "Missed"]
        doubtful = [row for row in page.rows if row.undecided]
        view, urgent = ("undecided", doubtful) if doubtful else ("missed", missed)
        if urgent and page.matching > len(page.rows):
            # They come first: how many there are stands in a listing of them alone.
            query = SendsQuery(view=view, limit=1)
            self.look(SENDS_PAGE, query, lambda them: self._say_sends(urgent[0], view, them.matching), kind=_URGENT)
        elif urgent:
            self._say_sends(urgent[0], view, len(urgent))
        else:
            following = min(page.rows, key=lambda row: goes_out(row) or "9", default=None)
            self._say_sends(following, "", page.matching)

    def _say_sends(self, first: SendRow | None, view: str, all_of_them: int) -> None:
        more = f"{number(all_of_them - 1)} more" if all_of_them > 1 else ""
        others = f" and {more}" if more else ""
        if first is None:
            self._sends = None
        elif view == "undecided":
            self._sends = ("Sends", f"{first.campaign_name}{others}: say who was mailed (W)", "warn")
        elif view == "missed":
            self._sends = ("Sends", f"{first.campaign_name}{others} missed the hour (W)", "warn")
        else:
            others = f", {more}" if more else ""
            said = f"{in_short(first, 'W')}{others}" if self._brief else f"{in_a_line(first)}{others} (W)"
            self._sends = ("Sends", said, "accent")
        self._show_facts(self._status)

    def _show_runs(self, page: Page[RunRow]) -> None:
        self._latest = page.rows
        self._known = msgspec.structs.replace(self._known, runs=page.rows)
        rows = []
        for run in page.rows[: _MORE if self.has_class("-tall") else _RUNS]:
            if run.status.ended:
                note = f"{run_text(run)}  {moment(run.ended_on)}"
            else:
                note = progress_text(run)
            rows.append(BarRow(run.id, run.title, None, run_tone(run), _sign(run), note))
        self._runs.show_rows(rows)
        self._show_steps()

    def _know_lists(self, page: Page[ListRow]) -> None:
        self._known = msgspec.structs.replace(self._known, lists=page.rows)
        rows = sorted(page.rows, key=lambda row: -(row.members or 0))[:_MORE]
        self._lists.show_rows(
            [
                BarRow(
                    row.id, row.name, row.members or 0, "accent", "•", moment(row.last_synced) or "never synchronised"
                )
                for row in rows
            ],
            max((row.members or 0 for row in rows), default=0),
        )
        self._show_steps()

    def _know_campaigns(self, page: Page[CampaignRow]) -> None:
        self._known = msgspec.structs.replace(self._known, campaigns=page.rows)
        rows = sorted((row for row in page.rows if row.sent), key=lambda row: row.sent_on, reverse=True)[:_MORE]
        self._sent.show_rows(
            [BarRow(f"{row.account} {row.id}", row.name, row.sent, "good", "•", _opened_by(row)) for row in rows],
            max((row.sent for row in rows), default=0),
        )
        self._show_steps()

    def _show_steps(self) -> None:
        if not self.console.first_steps:
            return
        hello = self.console.hello
        rows = step_rows(self._known, hello.abilities if hello else ())
        before = self._steps.rows
        self._steps.show_rows(rows)
        if not before or [row.swatch for row in before] != [row.swatch for row in rows]:
            done = [step.key for step in STEPS if step.done(self._known)]
            self._steps.choose(next((step.key for step in STEPS if step.key not in done), STEPS[-1].key))

    @on(BarList.Opened, "#first-steps")
    def _open_step(self, event: BarList.Opened) -> None:
        follow(self.console, event.key, self._known)

    def do_sends_open(self) -> None:
        """Sends; where Home speaks of one that waits, those that do."""
        self.console.open_page(SENDS, "", view="held" if self._sends is not None else None)

    @on(BarList.Opened, "#home-lists")
    def _open_list(self, event: BarList.Opened) -> None:
        self.console.go("lists")
        self.console.open_page(LIST, event.key)

    @on(BarList.Opened, "#home-sent")
    def _open_report(self, event: BarList.Opened) -> None:
        self.console.go("campaigns")
        row = next(each for each in self._known.campaigns if f"{each.account} {each.id}" == event.key)
        self.console.open_page(REPORT, CampaignRef(row.id, row.of))

    @on(BarList.Opened, "#home-runs")
    def _open_run(self, event: BarList.Opened) -> None:
        is_send = any(run.id == event.key and run.kind == SEND_KIND.id for run in self._latest)
        self.console.open_page(SEND if is_send else RUN, event.key)


def _budgets(meters: Iterable[Meter], *, brief: bool) -> list[Fact]:
    """Of each remote account the limit that is nearest to being used up."""
    fullest: dict[str, Meter] = {}
    for each in meters:
        known = fullest.setdefault(each.account_id, each)
        if each.used * known.most > known.used * each.most:
            fullest[each.account_id] = each
    return [("Calls", *(_budget_in_short if brief else _budget)(each)) for each in fullest.values()]


def _consent(status: Status, *, brief: bool) -> list[Fact]:
    """Until when opt-outs are known, where they are watched; what cannot be watched is said below."""
    known = [each.as_of for each in status.watched if not each.in_turn]
    if not status.long_lived or not known:
        return []
    failing = any(each.failing_since for each in status.watched)
    since = (hour if brief else moment)(min(known)) if min(known) else "never"
    return [("Opt-outs", f"known as of {since}", "warn" if failing else "good")]


def _budget(meter: Meter) -> tuple[str, str]:
    """How full it is, and until when where it will be used up."""
    text = f"{meter.account}: {number(meter.used)} of {number(meter.most)} {meter.limit}"
    if meter.used_up_on:
        return f"{text}, used up {moment(meter.used_up_on)}", "warn"
    return text, ""


def _budget_in_short(meter: Meter) -> tuple[str, str]:
    """The same where there is room for a share."""
    if meter.used_up_on:
        return f"{meter.account} used up {moment(meter.used_up_on)}", "warn"
    _, _, span = meter.limit.partition(" in ")
    return f"{meter.account} {share(meter.used, meter.most)} in {span}", ""


def _roles(hello: Hello) -> str:
    roles = ", ".join(hello.roles)
    if hello.roles_known:
        return roles or "none of the connector"
    return f"{roles}, as last read" if roles else "not known just now"


# Which address was asked matters less than what came of it, and stands above.
_ADDRESS = re.compile(r"^https?://\S+: ")


def _what_is_wrong(check: Check) -> str:
    return f"{MARKS.get(check.state, '?')} {_ADDRESS.sub('', dated(check.text))}"


def _sign(run: RunRow) -> str:
    status = run.status
    if not status.ended:
        return "▶"
    if plan_waits(run):
        return "!"
    return "✓" if status is RunStatus.COMPLETED else "!" if status is not RunStatus.FAILED else "✗"


def _opened_by(row: CampaignRow) -> str:
    return f"opened by {rate(row.open_rate)} of delivered" if row.delivered else "results not read yet"
