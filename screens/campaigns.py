"""Email Campaigns: the campaigns of the connected email accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, ON_CAMPAIGNS, CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged, StartRun

from .archiving import Archiving, archived_fact
from .bindings import bindings
from .campaign_actions import CampaignActions
from .grid_screen import GridScreen, Rows, page_of
from .places import CAMPAIGN, CAMPAIGN_CHANGES, COMPARISON
from .running import start_run
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import moment, number, rate

# In this view a search looks at all campaigns, and says so.
_CURRENT = "current"
VIEWS = (
    (_CURRENT, "Current", None),
    ("unsent", "Unsent", None),
    ("sent", "Sent", None),
    ("archived", "Archived", None),
    ("all", "All", None),
)

_WORDING = Wording(
    one="email campaign",
    many="email campaigns",
    empty="No email campaign in this view",
    next_step="Campaigns are made in dotdigital; s synchronises them.",
)


_OF_ALL = replace(_WORDING, searched=", archived or not")
_OF_ARCHIVED = replace(
    _WORDING, empty="No email campaign is archived", next_step="← goes back; a archives the one in hand, or all marked."
)


def _status(row: CampaignRow) -> str:
    return "Archived" if row.archived_on else row.status


def _status_tone(row: CampaignRow) -> str:
    if row.archived_on:
        return "muted"
    return {"Sent": "good", "Sending": "accent", "Unsent": ""}.get(row.status, "warn")


COLUMNS: tuple[Column[CampaignRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=18, flex=2, sort="name", whole=True),
    Column(title="Subject", text=lambda row: row.subject, width=14, flex=2, priority=2, sort="subject"),
    Column(title="Status", text=_status, width=9, sort="status", tone=_status_tone),
    Column(
        title="Targets",
        text=lambda row: str(row.targets) if row.targets else "none",
        width=7,
        right=True,
        priority=1,
        tone=lambda row: "" if row.targets else "muted",
    ),
    Column(title="Sent", text=lambda row: number(row.sent) if row.sent else "", width=7, right=True),
    # Of those to whom it was delivered, as the details say.
    Column(title="Opened", text=lambda row: rate(row.open_rate), width=6, right=True, priority=1),
    Column(title="Clicked", text=lambda row: rate(row.click_rate), width=7, right=True, priority=3),
    Column(title="Sent on", text=lambda row: moment(row.sent_on), width=17, priority=4, sort="sent_on"),
    Column(title="Account", text=lambda row: row.account, width=16, priority=5, sort="account"),
)


def _of_delivered(people: int, fraction: float | None) -> str:
    return f"{number(people)}  {rate(fraction)} of delivered" if fraction is not None else "—"


def _key(row: CampaignRow) -> str:
    return f"{row.account} {row.id}"


_ROWS = Rows(
    id="campaigns-grid",
    columns=COLUMNS,
    key=_key,
    wording=_WORDING,
    views=VIEWS,
    preview="Email campaign",
)


class CampaignsScreen(GridScreen[CampaignRow], CampaignActions, Archiving):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CAMPAIGNS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CAMPAIGNS)
    SECTION = "campaigns"
    TOP_LEVEL = True
    TRAIL = ("Email Campaigns",)
    CSS_PATH = "../styles/campaigns.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> Page[CampaignRow]:
        """The campaigns of the view; what is searched for among the current ones, among all."""
        view = self.views.chosen
        asked = CampaignsQuery(view="all" if view == _CURRENT and window.search else view)
        return await page_of(self.console, CAMPAIGNS_PAGE, asked, window)

    def load(self) -> None:
        """Says of each view what it holds, and what a search looks at."""
        view = self.views.chosen
        self.grid.wording = _OF_ARCHIVED if view == "archived" else _OF_ALL if view in (_CURRENT, "all") else _WORDING
        super().load()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Campaigns changed, or a run of campaigns or a send ended."""
        return name == "campaigns.changed" or (
            isinstance(value, RunChanged) and value.run.kind in ("campaigns", "send") and value.run.status.ended
        )

    def previewed(self, row: CampaignRow) -> list[Fact]:
        """What it is, to whom, and what came of it."""
        return [
            ("", row.name, "strong"),
            ("Subject", row.subject, ""),
            ("Status", row.status, _status_tone(row)),
            *archived_fact(row),
            ("Type", f"{row.type}{', split test' if row.split_test else ''}", ""),
            ("Account", row.account, ""),
            ("Target lists", number(row.targets) if row.targets else "none yet", "" if row.targets else "muted"),
            ("Sync level", row.sync_level or "as the account", ""),
            ("Sent on", moment(row.sent_on) or "—", ""),
            ("Sent to", number(row.sent) if row.sent else "—", ""),
            ("Delivered", number(row.delivered) if row.delivered else "—", ""),
            ("Opened by", _of_delivered(row.unique_opens, row.open_rate), ""),
            ("Clicked by", _of_delivered(row.unique_clicks, row.click_rate), ""),
        ]

    def hint_of(self, action_id: str) -> str | None:
        """Where there is no campaign, there is none to compare."""
        if action_id == "campaigns.compare" and self.grid.row() is None:
            return ""
        return super().hint_of(action_id)

    def opened(self, row: CampaignRow) -> None:
        """Its page."""
        self.console.open_page(CAMPAIGN, CampaignRef(row.id, row.of))

    def archived(self, rows: Sequence[CampaignRow]) -> None:
        """Their marks have done their work."""
        self.done_with(rows)

    def do_campaigns_synchronise(self) -> None:
        """Synchronises the marked campaigns, or all."""
        if not self.grid.marks:
            start_run(self, StartRun(sync_type="campaigns"))
        # A run is of one email account.
        of_account: dict[str, list[str]] = {}
        for row in self.grid.marks.values():
            of_account.setdefault(row.account, []).append(str(row.id))
        for account, ids in of_account.items():
            start_run(self, StartRun(sync_type="campaigns", campaigns=tuple(ids), account=account))

    def do_campaigns_changes(self) -> None:
        """Who changed what about campaigns."""
        self.console.open_page(CAMPAIGN_CHANGES, CampaignRef(0))

    def do_campaigns_compare(self) -> None:
        """The marked campaigns side by side, or the last ones that were sent."""
        self.console.open_page(COMPARISON, tuple(CampaignRef(row.id, row.of) for row in self.grid.marks.values()))
