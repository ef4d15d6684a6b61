"""Who changed what about email campaigns: target lists, sync levels, the archive."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.admin_changes import AdminChange
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES, CampaignChangesQuery
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window

from .base import Page
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows, page_of
from .widgets.cells import single_line
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import moment

_WORDING = Wording(
    one="change",
    many="changes",
    empty="Nothing was changed yet",
    next_step="Target lists that are added or removed, sync levels and the archive stand here, with who did it.",
)

_COLUMNS: tuple[Column[AdminChange], ...] = (
    Column(title="When", text=lambda row: moment(row.changed_on), width=17),
    Column(title="Who", text=lambda row: row.changed_by, width=14, flex=1, whole=True),
    Column(title="What", text=lambda row: row.thing, width=20, flex=2),
    Column(title="Before", text=lambda row: row.before, width=14, flex=1, priority=1),
    Column(title="After", text=lambda row: row.after, width=14, flex=1),
    Column(title="Account", text=lambda row: row.account, width=12, priority=2),
)

_ROWS = Rows(
    id="campaign-changes-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.changed_on} {row.account} {row.thing} {row.before} {row.after}",
    wording=_WORDING,
    preview="Change",
    roomy=True,
    enter="All of it",
)


class CampaignChangesPage(GridScreen[AdminChange], Page[CampaignRef]):
    """Of one campaign, or of all where its id is 0. Enter shows a change whole."""

    TRAIL = ("Email Campaigns", "Who changed what")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[AdminChange]:
        """The changes, newest first."""
        about = self.about or CampaignRef(0)
        query = CampaignChangesQuery(campaign=about.id, account=about.account)
        return await page_of(self.console, CAMPAIGNS_CHANGES, query, window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody changed something."""
        return name == "campaigns.changed"

    def opened(self, row: AdminChange) -> None:
        """All of it: many target lists are more than fit into a line."""
        self.app.push_screen(FactsDialog(single_line(row.thing), self.previewed(row)))

    def previewed(self, row: AdminChange) -> Sequence[Fact]:
        """Before and after, whole."""
        return [
            ("What", row.thing, "strong"),
            ("Who", row.changed_by or "not known", ""),
            ("When", moment(row.changed_on), ""),
            ("Before", row.before, ""),
            ("After", row.after, ""),
            ("Account", row.account, "muted"),
        ]
