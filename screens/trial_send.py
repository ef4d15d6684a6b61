"""A test send of an email campaign: to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.model.people import is_address, normalise
from dyntui.service.contract.campaigns import CAMPAIGN_TEST, CampaignRow, TrialSend, TrialSent

from .base import FramedScreen
from .facts_question import FactsQuestion

_SEND = "send"


class _Address(FactsQuestion[str]):
    """Asks for the address of a contact that dotdigital has."""

    WORD = "Line"

    def __init__(self, campaign: str) -> None:
        super().__init__(f"Test {campaign}", told="A copy goes to one contact that dotdigital has; the campaign stays.")
        self._address = ""

    def begin(self) -> None:
        """The address cannot be missing."""
        self.begin_with("address")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The address."""
        return [("address", "To", self._address), (_SEND, "Send the test", "")]

    def meaning(self, key: str) -> str:
        """What is meant."""
        if key == _SEND:
            return "The copy is removed again once it was sent. Whoever must not be mailed gets no test either."
        return "Your own address, as dotdigital knows it."

    def change(self, key: str) -> None:
        """The address is typed."""
        if key == _SEND and self._address:
            self.dismiss(self._address)
        else:
            self.type_in("address", self._address)

    def typed(self, key: str, text: str) -> str:
        """An address."""
        if not is_address(normalise(text)):
            return "That is no address that can be mailed."
        self._address = normalise(text)
        return ""


def ask_for_trial(screen: FramedScreen, campaign: CampaignRow) -> None:
    """Asks to whom the test goes, and sends it."""

    def told(sent: TrialSent) -> None:
        left = f" {sent.copy!r} is still in dotdigital: it is removed once it was sent." if sent.copy else ""
        screen.notify(f"It was sent to {sent.address}.{left}", title="Test send", markup=False)

    def answered(address: str | None) -> None:
        if address:
            screen.notify("The test is being sent; that may take a minute.", title="Test send", markup=False)
            screen.ask(CAMPAIGN_TEST, TrialSend(id=campaign.id, account=campaign.account, address=address), told)

    screen.app.push_screen(_Address(campaign.name), answered)
