"""Email Campaigns: the campaigns of the connected email accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, ON_CAMPAIGNS, CampaignRow, CampaignsQuery
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged, StartRun
from dyntui.service.contract.situations import Situation

from .bindings import bindings
from .campaign_actions import CampaignActions
from .places import CAMPAIGN
from .running import start_run
from .widgets.choice import ChoiceBar
from .widgets.columns import Column
from .widgets.facts import Facts
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .wording import moment, number, share

VIEWS = (("all", "All", None), ("unsent", "Unsent", None), ("sent", "Sent", None))

_WORDING = Wording(
    one="email campaign",
    many="email campaigns",
    empty="No email campaign in this view",
    next_step="Campaigns are made in dotdigital; s synchronises them.",
)


def _status_tone(row: CampaignRow) -> str:
    return {"Sent": "good", "Sending": "accent", "Unsent": ""}.get(row.status, "warn")


COLUMNS: tuple[Column[CampaignRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=18, flex=2, sort="name"),
    Column(title="Subject", text=lambda row: row.subject, width=14, flex=2, priority=2, sort="subject"),
    Column(title="Status", text=lambda row: row.status, width=8, sort="status", tone=_status_tone),
    Column(
        title="Targets",
        text=lambda row: str(row.targets) if row.targets else "none",
        width=7,
        right=True,
        priority=1,
        tone=lambda row: "" if row.targets else "muted",
    ),
    Column(title="Sent", text=lambda row: number(row.sent) if row.sent else "", width=7, right=True),
    Column(title="Opens", text=lambda row: share(row.unique_opens, row.delivered), width=6, right=True, priority=1),
    Column(title="Clicks", text=lambda row: share(row.unique_clicks, row.delivered), width=6, right=True, priority=3),
    Column(title="Sent on", text=lambda row: moment(row.sent_on), width=17, priority=4, sort="sent_on"),
    Column(title="Account", text=lambda row: row.account, width=16, priority=5, sort="account"),
)


class CampaignsScreen(CampaignActions):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CAMPAIGNS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CAMPAIGNS)
    SECTION = "campaigns"
    TOP_LEVEL = True
    CSS_PATH = "../styles/campaigns.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._views = ChoiceBar(VIEWS, id="views")
        self._grid: Grid[CampaignRow] = Grid(
            COLUMNS, key=lambda row: f"{row.account} {row.id}", wording=_WORDING, id="campaigns-grid"
        )
        self._preview = Facts(id="preview-facts", columns=1)

    def compose_page(self) -> Iterable[Widget]:
        """Views, campaigns, and beside them, where there is room, the one in hand."""
        yield self._views
        with Horizontal():
            yield self._grid
            with Vertical(id="preview", classes="card") as preview:
                preview.border_title = "Email campaign"
                yield self._preview

    def begin(self) -> None:
        """Loads the first view."""
        self.trail.show_trail("Email Campaigns")
        self._grid.load(self._source, slice=self._views.chosen)
        self._grid.focus_rows()

    async def _source(self, window: Window) -> Page[CampaignRow]:
        query = CampaignsQuery(
            view=self._views.chosen,
            offset=window.offset,
            limit=window.limit,
            search=window.search,
            sort=window.sort,
        )
        return await self.console.call(CAMPAIGNS_PAGE, query)

    def refetch(self) -> None:
        """The campaigns again."""
        self._grid.reload()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Campaigns changed, or a run of campaigns or a send ended."""
        return name == "campaigns.changed" or (
            isinstance(value, RunChanged) and value.run.kind in ("campaigns", "send") and value.run.status.ended
        )

    def situation(self) -> Situation:
        """The campaign in hand, and those marked."""
        marked = tuple(self._grid.marks.values())
        chosen = marked[0] if len(marked) == 1 else self._grid.row()
        return super().situation().holding(chosen, marked=marked)

    @on(ChoiceBar.Changed)
    def _view_changed(self) -> None:
        self._grid.load(self._source, slice=self._views.chosen)

    @on(Grid.ViewStep)
    def _view_stepped(self, event: Grid.ViewStep) -> None:
        self._views.step(event.step)

    @on(Grid.Moved)
    def _show_preview(self) -> None:
        row = self._grid.row()
        if row is None:
            self._preview.show_facts([])
            return
        self._preview.show_facts(
            [
                ("", row.name, "strong"),
                ("Subject", row.subject, ""),
                ("Status", row.status, _status_tone(row)),
                ("Type", f"{row.type}{', split test' if row.split_test else ''}", ""),
                ("Account", row.account, ""),
                ("Target lists", number(row.targets) if row.targets else "none yet", "" if row.targets else "muted"),
                ("Sent on", moment(row.sent_on) or "—", ""),
                ("Sent to", number(row.sent) if row.sent else "—", ""),
                ("Opened by", f"{number(row.unique_opens)}  {share(row.unique_opens, row.delivered)}", ""),
                ("Clicked by", f"{number(row.unique_clicks)}  {share(row.unique_clicks, row.delivered)}", ""),
            ]
        )

    @on(Grid.Opened)
    def _open(self) -> None:
        row = self._grid.row()
        if row is not None:
            self.console.open_page(CAMPAIGN, row.id)

    def do_campaigns_synchronise(self) -> None:
        """Synchronises the marked campaigns, or all."""
        only = tuple(str(row.id) for row in self._grid.marks.values())
        start_run(self, StartRun(sync_type="campaigns", campaigns=only))
