"""A test send of an email campaign: to whom, and what became of it."""

from __future__ import annotations

from dyntui.service.contract.campaigns import CAMPAIGN_TEST, CampaignRow, TrialSend, TrialSent

from .address_question import AddressQuestion
from .base import FramedScreen


def ask_for_trial(screen: FramedScreen, campaign: CampaignRow) -> None:
    """Asks to whom the test goes, and sends it."""

    def told(sent: TrialSent) -> None:
        left = f" {sent.copy!r} is still in dotdigital: it is removed once it was sent." if sent.copy else ""
        screen.notify(f"It was sent to {sent.address}.{left}", title="Test send", markup=False)

    def answered(address: str | None) -> None:
        if address:
            screen.notify("The test is being sent; that may take a minute.", title="Test send", markup=False)
            screen.ask(CAMPAIGN_TEST, TrialSend(id=campaign.id, account=campaign.of, address=address), told)

    question = AddressQuestion(
        f"Test {campaign.name}",
        told="A copy goes to one contact that dotdigital has; the campaign itself stays unsent.",
        take="Send the test",
        follows="The copy is removed again once it was sent. Whoever must not be mailed gets no test either.",
        whose="Your own address, as dotdigital knows it.",
    )
    screen.app.push_screen(question, answered)
