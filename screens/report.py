"""The report of an email campaign: totals with rates, opens and clicks by hour, links, recipients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.counted import amount, people_of
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import ON_REPORT, CampaignRef
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.people import KnownPerson
from dyntui.service.contract.results import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CampaignReport,
    RecipientRow,
    RecipientsQuery,
)
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.situations import Situation

from .archiving import archived_fact
from .base import Page
from .bindings import bindings
from .campaign_actions import CampaignActions
from .clipboard import copy
from .gathering import gather
from .grid_screen import GridScreen, Rows, page_of
from .perform import with_its_key
from .sync_level import counted_only, narrowed
from .widgets.bars import BarList, BarRow
from .widgets.cells import single_line
from .widgets.columns import Column
from .widgets.facts import Fact, Facts
from .widgets.grid_words import Wording
from .widgets.hours import HourChart
from .wording import moment, number, rate

_SHORT = 70
_UNOPENED, _UNREAD = "Nobody has opened it yet.", "Not read yet."

FILTERS = (
    ("all", "All", None),
    ("opened", "Opened", None),
    ("unopened", "Unopened", None),
    ("clicked", "Clicked", None),
    ("bounced", "Bounced", None),
    ("unsubscribed", "Unsubscribed", None),
)

_WORDING = Wording(
    one="recipient",
    many="recipients",
    empty="Nobody here",
    next_step="← → changes the filter; s reads the newest results.",
)


def _did(row: RecipientRow) -> str:
    if row.hard_bounced:
        return "✗ hard bounced"
    if row.unsubscribed:
        return "○ unsubscribed"
    if row.soft_bounced:
        return "! soft bounced"
    if row.clicks:
        return "✓ clicked"
    if row.opens:
        return "✓ opened"
    return "not opened" if row.opens_read else "not read"


def _tone(row: RecipientRow) -> str:
    if row.hard_bounced:
        return "bad"
    if row.unsubscribed or row.soft_bounced:
        return "warn"
    return "good" if row.opens or row.clicks else "muted"


COLUMNS: tuple[Column[RecipientRow], ...] = (
    Column(title="Address", text=lambda row: row.address, width=22, flex=2, sort="address", whole=True),
    Column(title="Name", text=lambda row: row.name, width=14, flex=1, priority=5),
    Column(title="Result", text=_did, width=14, tone=_tone),
    Column(
        title="Opens",
        text=lambda row: number(row.opens) if row.opens else "",
        width=5,
        right=True,
        priority=2,
        sort="opens",
    ),
    Column(
        title="Clicks",
        text=lambda row: number(row.clicks) if row.clicks else "",
        width=6,
        right=True,
        priority=2,
        sort="clicks",
    ),
    Column(title="First opened", text=lambda row: moment(row.first_opened), width=17, priority=4, sort="first_opened"),
    Column(title="Last opened", text=lambda row: moment(row.last_opened), width=17, priority=6, sort="last_opened"),
)


_ROWS = Rows(
    id="recipients-grid",
    columns=COLUMNS,
    key=lambda row: str(row.contact_id),
    wording=_WORDING,
    views=FILTERS,
    views_id="recipient-filters",
    enter="",
)


class ReportPage(GridScreen[RecipientRow], CampaignActions, Page[CampaignRef]):
    """The report of one campaign, by its id."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_REPORT,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_REPORT)
    CSS_PATH = "../styles/report.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._report: CampaignReport | None = None
        self._totals = Facts(id="report-totals", columns=3, cuts=False)
        self._hours = HourChart(id="report-hours")
        self._with = BarList(id="report-with", enter="")
        self._links = BarList(id="report-links", shares=False, enter="Copy")

    def compose_page(self) -> Iterable[Widget]:
        """Overview and recipients: side by side where there is room, else one at a time."""
        with Horizontal():
            with Vertical(id="overview"):
                with Vertical(classes="card", id="totals-card") as totals:
                    totals.border_title = "Totals"
                    totals.border_subtitle = "rates of delivered; delivered, bounced of sent"
                    yield self._totals
                with Vertical(classes="card", id="hours-card") as hours:
                    hours.border_title = "By hour"
                    yield self._hours
                with Vertical(classes="card", id="with-card") as read_with:
                    read_with.border_title = "Read with, and ROI"
                    yield self._with
                with Vertical(classes="card", id="links-card") as links:
                    links.border_title = "Links by clicks"
                    yield self._links
            with Vertical(id="recipients"):
                yield self.views
                yield self.grid

    def aimed(self) -> None:
        """Another campaign: nothing is known of it yet."""
        self._report = None
        self.trail.show_trail("Email Campaigns", "…", "Report")
        self._totals.show_facts([])
        self._hours.show_hours([])
        self._links.show_rows([])
        self._with.show_rows([])
        self.views.set("all")
        self.remove_class("-recipients", "-charts")

    def begin(self) -> None:
        """Starts on the overview."""
        self.load()
        self.set_focus(self._links)
        self.read()

    @property
    def slice(self) -> str:
        """Whose recipients, and which."""
        return f"{self.about} {self.views.chosen}"

    async def rows_in(self, window: Window) -> PageOfRows[RecipientRow]:
        """The recipients that the filter takes."""
        of = self.about or CampaignRef(0)
        query = RecipientsQuery(id=of.id, account=of.account, filter=self.views.chosen)
        return await page_of(self.console, CAMPAIGN_RECIPIENTS, query, window)

    def read(self) -> None:
        """Totals, hours and links."""
        if self.about is not None:
            self.look(CAMPAIGN_REPORT, self.about, self._show)

    def do_members_gather(self) -> None:
        """A list of the marked recipients, or of all whom the filter takes."""
        marked = [
            KnownPerson(person="", entity="", name=row.name, address=row.address) for row in self.grid.marks.values()
        ]
        of = self.about or CampaignRef(0)
        shown = PeopleSlice(campaign=of.id, account=of.account, did=self.views.chosen, search=self.grid.listing.search)
        gather(self, marked, shown)

    def refetch(self) -> None:
        """Everything in the report again."""
        self.read()
        self.grid.reload()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Campaigns changed, or a run of campaigns or a send ended."""
        return name == "campaigns.changed" or (
            isinstance(value, RunChanged) and value.run.kind in ("campaigns", "send") and value.run.status.ended
        )

    def situation(self) -> Situation:
        """The campaign of the report."""
        return super().situation().holding(self._report.row if self._report else None)

    def _show(self, report: CampaignReport) -> None:
        self._report = report
        read = f"as of {moment(report.as_of)}" if report.as_of else "not read yet"
        self.trail.show_trail(
            "Email Campaigns",
            report.row.name,
            "Report",
            note=("archived · " if report.row.archived_on else "") + read,
        )
        waiting = [("Results", self._unread(report), "warn")]
        waiting += archived_fact(report.row)
        self._totals.show_facts(_totals(report) if report.as_of else waiting)
        for bars, empty in ((self._with, _UNOPENED), (self._links, "No link has been clicked yet.")):
            bars.say_when_empty(empty if report.as_of else _UNREAD)
        self._hours.show_hours(report.hours, _UNOPENED if report.as_of else _UNREAD)
        self.query_one("#hours-card").set_class(not report.hours, "-nothing")
        self._with.show_rows(read_with_rows(report), sum(each.opens for each in report.clients))
        self._links.show_rows(
            [
                BarRow(link.url, self._link_text(link.url), link.clicks, "slice-1", note=f"{people_of(link.people)}")
                for link in sorted(report.links, key=lambda link: -link.clicks)
            ]
        )
        self.refresh_hints()

    def _unread(self, report: CampaignReport) -> str:
        """Why there are no results, with the key that reads them where one does."""
        if not (report.row.sent or report.row.sent_on):
            return "none: it has not been sent yet."
        if report.reads_nothing:
            return f"none are read: its sync level is {report.reads}."
        return with_its_key(self, "not read from dotdigital yet", "campaign.synchronise")

    def _link_text(self, url: str) -> str:
        """Where there is little room it is for what tells links apart."""
        return url.removeprefix("https://") if self.app.size.width < _SHORT else url

    def hint_of(self, action_id: str) -> str | None:
        """Where `m` leads from here."""
        if action_id != "report.panes":
            return super().hint_of(action_id)
        if self.grid.body.has_focus:
            return "Overview"
        return "Charts" if self.has_class("-narrow") and not self.has_class("-charts") else "Recipients"

    def do_report_panes(self) -> None:
        """To the recipients, or back to the overview; on a narrow screen by way of the charts."""
        if self.grid.body.has_focus:
            self._to_overview()
        elif self.has_class("-narrow") and not self.has_class("-charts"):
            self.add_class("-charts")
            self.refresh_hints()
        else:
            self.remove_class("-charts")
            self.add_class("-recipients")
            self.grid.focus_rows()

    def _to_overview(self) -> None:
        self.remove_class("-recipients", "-charts")
        self.set_focus(self._links)

    def leave(self) -> None:
        """To the overview first, where not all is side by side."""
        if (self.has_class("-recipients") or self.has_class("-charts")) and not self.has_class("-wide"):
            self._to_overview()
        else:
            super().leave()

    @on(BarList.Opened, "#report-links")
    def _copy_link(self, event: BarList.Opened) -> None:
        copy(self.app, [single_line(event.key)], "The link")


def read_with_rows(report: CampaignReport) -> list[BarRow]:
    """Kinds of devices and mail clients by opens, then the versions of a split test, and what came of it."""
    rows = []
    for each in report.devices:
        title = each.name.capitalize() or "Device not known"
        rows.append(BarRow(f"device {each.name}", title, each.opens, "slice-0", "▪"))
    for each in report.clients:
        title = each.name or "Mail client not known"
        rows.append(BarRow(f"client {each.name}", title, each.opens, "slice-1", "▫"))
    for version in report.versions:
        note = (
            f"Version {version.name}: {amount(version.results)} {report.split_metric.casefold()}, {rate(version.share)}"
        )
        won = "won" if version.won else ""
        rows.append(BarRow(f"version {version.name}", note, None, "good" if version.won else "", "◆", won))
    for marker in report.roi:
        note = f"ROI {marker.marker}: {marker.total}, {number(marker.times)} times"
        rows.append(BarRow(f"roi {marker.marker}", note, None, "good", "+", f"{people_of(marker.people)}"))
    return rows


def _totals(report: CampaignReport) -> list[Fact]:
    def with_rate(count: int, fraction: float | None) -> str:
        return f"{number(count):>7}  {rate(fraction):>6}"

    return [
        ("Sent", f"{number(report.sent):>7}", "strong"),
        ("Delivered", with_rate(report.delivered, report.delivery_rate), "strong"),
        ("Opened by", with_rate(report.unique_opens, report.open_rate), "good"),
        ("Clicked by", with_rate(report.unique_clicks, report.click_rate), "good"),
        ("Click to open", f"{'':7}  {rate(report.click_to_open_rate):>6}", ""),
        ("Opens", f"{number(report.opens):>7}", "muted"),
        ("Clicks", f"{number(report.clicks):>7}", "muted"),
        ("Bounced", with_rate(report.hard_bounces + report.soft_bounces, report.bounce_rate), "warn"),
        ("  of them hard", f"{number(report.hard_bounces):>7}", "muted"),
        ("Blocked", f"{number(report.mail_blocks):>7}", "warn" if report.mail_blocks else "muted"),
        ("Unsubscribed", with_rate(report.unsubscribes, report.unsubscribe_rate), "warn"),
        ("Complained", f"{number(report.complaints):>7}", "bad" if report.complaints else "muted"),
        ("Besides", f"{number(report.forwards)} forwarded, {number(report.replies)} replied", "muted"),
        *narrowed(report.reads),
        *counted_only(report.counted_only),
        *archived_fact(report.row),
    ]
