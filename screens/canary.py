"""A canary import: with which address, and what it has shown of the email account."""

from __future__ import annotations

from collections.abc import Callable

from dyntui.service.contract.setup import CANARY, Canary, CanaryReport

from .address_question import AddressQuestion
from .base import FramedScreen

_TITLE = "Canary import"


def ask_for_canary(screen: FramedScreen, look_again: Callable[[], None]) -> None:
    """Asks for the address, imports it and says what that has shown; `look_again` where it is shown as well."""

    def told(report: CanaryReport) -> None:
        if report.double_opt_in == "all":
            shown = f"{report.account} mails everybody who is imported: nobody is, until that is switched off."
        else:
            shown = f"{report.account} took {report.address} without a mail: lists can be synchronised."
        screen.notify(shown, title=_TITLE, markup=False)
        look_again()

    def answered(address: str | None) -> None:
        if address:
            screen.notify("One address is being imported; that may take a minute.", title=_TITLE, markup=False)
            screen.ask(CANARY, Canary(address=address), told)

    question = AddressQuestion(
        _TITLE,
        told="One address of your own is imported into the address book dyntui canary, before anybody else is.",
        take="Import it",
        follows="Its status in dotdigital tells whether everybody who is imported gets a mail to confirm.",
        whose="One that the email account does not know yet, such as name+canary@your.example.",
    )
    screen.app.push_screen(question, answered)
