"""Email campaigns side by side: what came of each, counts with rates."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.results import CAMPAIGNS_COMPARE, ON_COMPARISON, CampaignReport, CompareCampaigns
from dyntui.service.contract.situations import Situation

from .base import Page
from .bindings import bindings
from .campaign_actions import CampaignActions
from .grid_screen import GridScreen, Rows
from .places import REPORT
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import day, number, rate

_WORDING = Wording(
    one="email campaign",
    many="email campaigns",
    empty="No email campaign was sent yet",
    next_step="w on an email campaign sends it.",
)


def _both(of: CampaignReport, count: int, fraction: float | None) -> str:
    return "" if of.unread else f"{number(count)} {rate(fraction):>6}"


def _sent(each: CampaignReport) -> str:
    if each.unread:
        return "not read" if each.row.sent_on else ""
    return number(each.sent)


_COLUMNS: tuple[Column[CampaignReport], ...] = (
    Column(title="Email campaign", text=lambda each: each.row.name, width=16, flex=2),
    Column(title="Sent on", text=lambda each: day(each.row.sent_on), width=12, priority=2),
    Column(title="Sent", text=_sent, width=8, right=True),
    Column(
        title="Delivered",
        text=lambda each: _both(each, each.delivered, each.delivery_rate),
        width=15,
        right=True,
        priority=4,
    ),
    Column(title="Opened by", text=lambda each: _both(each, each.unique_opens, each.open_rate), width=14, right=True),
    Column(
        title="Clicked by", text=lambda each: _both(each, each.unique_clicks, each.click_rate), width=14, right=True
    ),
    Column(
        title="Click to open",
        text=lambda each: rate(each.click_to_open_rate),
        width=13,
        right=True,
        priority=5,
    ),
    Column(
        title="Bounced",
        text=lambda each: _both(each, each.hard_bounces + each.soft_bounces, each.bounce_rate),
        width=13,
        right=True,
        priority=1,
        tone=lambda each: "warn",
    ),
    Column(
        title="Unsubscribed",
        text=lambda each: _both(each, each.unsubscribes, each.unsubscribe_rate),
        width=13,
        right=True,
        priority=3,
        tone=lambda each: "warn",
    ),
)

_ROWS = Rows(
    id="comparison-grid",
    columns=_COLUMNS,
    key=lambda each: f"{each.row.account} {each.row.id}",
    wording=_WORDING,
    enter="Report",
)


class ComparisonPage(GridScreen[CampaignReport], CampaignActions, Page[tuple[CampaignRef, ...]]):
    """These campaigns, or the last ones that were sent; Enter opens the report of one."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_COMPARISON,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_COMPARISON)
    TRAIL = ("Email Campaigns", "Comparison")
    CSS_PATH = "../styles/campaigns.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    def begin(self) -> None:
        """Of what the rates are shares is said above them."""
        super().begin()
        self.trail.show_trail(*self.TRAIL, note="rates of delivered; delivered, bounced of sent")

    @property
    def slice(self) -> str:
        """Which campaigns."""
        return ",".join(f"{each.account} {each.id}" for each in self.about or ())

    async def rows_in(self, window: Window) -> PageOfRows[CampaignReport]:
        """All of them: there are few."""
        found = await self.console.call(CAMPAIGNS_COMPARE, CompareCampaigns(of=self.about or ()))
        return windowed(found.reports, window, lambda each: each.row.name)

    def situation(self) -> Situation:
        """The campaign in hand."""
        row = self.grid.row()
        return super().situation().holding(row.row if row is not None else None)

    def opened(self, row: CampaignReport) -> None:
        """Its report."""
        self.console.open_page(REPORT, CampaignRef(row.row.id, row.row.of))
