"""What can be done with an email campaign wherever it is in hand: in the grid, on its page, in its report."""

from __future__ import annotations

from dyntui.service.contract.campaigns import CAMPAIGN_EDIT, CampaignRef, CampaignRow, EditCampaign
from dyntui.service.contract.runs import StartRun

from .base import FramedScreen
from .places import COUNT, REPORT, SEND_WIZARD
from .running import start_run
from .sync_level import SyncLevelChoice


class CampaignActions(FramedScreen):
    """A screen with an email campaign in hand: its situation names it."""

    def do_campaigns_send(self) -> None:
        """Opens the send wizard."""
        if (row := self.situation().one(CampaignRow)) is not None:
            self.console.open_page(SEND_WIZARD, CampaignRef(row.id, row.of))

    def do_campaigns_edit(self) -> None:
        """Asks for the campaign's sync level."""
        row = self.situation().one(CampaignRow)
        if row is None:
            return

        def chosen(level: str | None) -> None:
            if level is not None and level != row.sync_level:
                change = EditCampaign(id=row.id, account=row.of, sync_level=level)
                self.ask(CAMPAIGN_EDIT, change, lambda after: None)

        self.app.push_screen(SyncLevelChoice(row), chosen)

    def do_campaigns_count(self) -> None:
        """Counts the targets."""
        if (row := self.situation().one(CampaignRow)) is not None:
            self.console.open_page(COUNT, CampaignRef(row.id, row.of))

    def do_campaigns_report(self) -> None:
        """Opens the report."""
        if (row := self.situation().one(CampaignRow)) is not None:
            self.console.open_page(REPORT, CampaignRef(row.id, row.of))

    def do_campaign_synchronise(self) -> None:
        """Synchronises the campaign: its content, and the newest results."""
        if (row := self.situation().one(CampaignRow)) is not None:
            start_run(self, StartRun(sync_type="campaigns", campaigns=(str(row.id),), account=row.of))
