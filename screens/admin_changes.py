"""Who changed what by hand: of every subject, or about email campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from dyntui.model.admin_changes import AdminChange
from dyntui.service.contract.administration import ADMINISTRATION, AdministrationQuery
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES, CampaignChangesQuery
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.events import Changed
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

A = TypeVar("A")

_OF_CAMPAIGNS = Wording(
    one="change",
    many="changes",
    empty="Nothing was changed yet",
    next_step="Target lists that are added or removed, sync levels and the archive stand here, with who did it.",
)
_OF_ALL = Wording(
    one="change",
    many="changes",
    empty="Nothing was changed yet",
    next_step="What is changed of accounts, users, labels, mappings, schedules, suppressions, campaigns and the "
    "environment stands here.",
)

_COLUMNS: tuple[Column[AdminChange], ...] = (
    Column(title="When", text=lambda row: moment(row.changed_on), width=17, sort="changed_on"),
    Column(title="Who", text=lambda row: row.changed_by, width=14, flex=1, sort="changed_by", whole=True),
    Column(title="What", text=lambda row: row.thing, width=20, flex=2, sort="thing"),
    Column(title="Before", text=lambda row: row.before, width=14, flex=1, priority=1),
    Column(title="After", text=lambda row: row.after, width=14, flex=1),
    Column(title="Account", text=lambda row: row.account, width=12, priority=2),
)
_SUBJECT: Column[AdminChange] = Column(
    title="Subject", text=lambda row: row.subject, width=12, priority=3, sort="subject"
)


def _rows(name: str, wording: Wording, columns: Sequence[Column[AdminChange]]) -> Rows[AdminChange]:
    return Rows(
        id=name,
        columns=columns,
        key=lambda row: f"{row.changed_on} {row.account} {row.subject} {row.thing} {row.before} {row.after}",
        wording=wording,
        preview="Change",
        roomy=True,
        enter="All of it",
    )


class _ChangesPage(GridScreen[AdminChange], Page[A]):
    """Enter shows a change whole."""

    def opened(self, row: AdminChange) -> None:
        """All of it: many target lists are more than fit into a line."""
        self.app.push_screen(FactsDialog(single_line(row.thing), self.previewed(row)))

    def previewed(self, row: AdminChange) -> Sequence[Fact]:
        """Before and after, whole."""
        facts: list[Fact] = [
            ("What", row.thing, "strong"),
            ("Subject", row.subject, ""),
            ("Who", row.changed_by or "not known", ""),
            ("When", moment(row.changed_on), ""),
            ("Before", row.before or "—", ""),
            ("After", row.after or "—", ""),
            ("Account", row.account, "muted"),
        ]
        return [each for each in facts if each[1]]


class CampaignChangesPage(_ChangesPage[CampaignRef]):
    """Of one campaign, or of all where its id is 0."""

    TRAIL = ("Email Campaigns", "Who changed what")

    def __init__(self) -> None:
        super().__init__(_rows("campaign-changes-grid", _OF_CAMPAIGNS, _COLUMNS))

    async def rows_in(self, window: Window) -> PageOfRows[AdminChange]:
        """The changes, newest first."""
        about = self.about or CampaignRef(0)
        query = CampaignChangesQuery(campaign=about.id, account=about.account)
        return await page_of(self.console, CAMPAIGNS_CHANGES, query, window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody changed something."""
        return name == "campaigns.changed"


class AdministrationPage(_ChangesPage[str]):
    """Of every subject."""

    TRAIL = ("Synchronisation Audit", "What administrators changed")

    def __init__(self) -> None:
        super().__init__(_rows("administration-grid", _OF_ALL, (*_COLUMNS[:2], _SUBJECT, *_COLUMNS[2:])))

    async def rows_in(self, window: Window) -> PageOfRows[AdminChange]:
        """The changes, newest first."""
        return await page_of(self.console, ADMINISTRATION, AdministrationQuery(), window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody changed something."""
        return isinstance(value, Changed)
