"""What can be done with an email campaign wherever it is in hand: in the grid, on its page, in its report."""

from __future__ import annotations

from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.runs import StartRun

from .base import FramedScreen
from .running import start_run


class CampaignActions(FramedScreen):
    """A screen with an email campaign in hand: its situation names it."""

    def do_campaigns_send(self) -> None:
        """Opens the send wizard."""
        if (row := self.situation().one(CampaignRow)) is not None:
            from .send_wizard import SendWizard

            self.console.open_page(SendWizard, row.id)

    def do_campaigns_count(self) -> None:
        """Counts the targets."""
        if (row := self.situation().one(CampaignRow)) is not None:
            from .count_page import CountPage

            self.console.open_page(CountPage, row.id)

    def do_campaigns_report(self) -> None:
        """Opens the report."""
        if (row := self.situation().one(CampaignRow)) is not None:
            from .report import ReportPage

            self.console.open_page(ReportPage, row.id)

    def do_campaign_synchronise(self) -> None:
        """Synchronises the campaign: its content, and the newest results."""
        if (row := self.situation().one(CampaignRow)) is not None:
            start_run(self, StartRun(sync_type="campaigns", campaigns=(str(row.id),)))
