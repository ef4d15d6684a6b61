"""Suppressing an address, and ending what only dyntui still knows against one: an address and a reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG
from dyntui.service.contract.suppressions import AddSuppression, AskToSubscribe, Lifted, LiftSuppression

from .bindings import bindings
from .dialogs import Dialog
from .facts_dialog import FactsDialog
from .widgets.facts import Fact
from .widgets.field import Field

R = TypeVar("R")


class AddressAndReason(Dialog[R]):
    """Asks for an address and a reason; nothing is taken without one. A subject says what it is about, and `made`
    makes the answer of both."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)
    ASKS: ClassVar[str] = ""
    WHY: ClassVar[str] = ""
    WORD: ClassVar[str] = ""
    LACKS: ClassVar[str] = ""

    def made(self, address: str, reason: str) -> R:
        """The answer."""
        raise NotImplementedError

    def __init__(self, title: str, address: str) -> None:
        super().__init__(title, tone="-danger")
        self._address = Field(address, id="lift-address", compact=True, select_on_focus=False)
        self._reason = Field(id="lift-reason", compact=True, select_on_focus=False)
        for field in (self._address, self._reason):
            field.cursor_blink = False
        self._asked = bool(address)

    def compose_body(self) -> Iterable[Widget]:
        """What it does, and two fields."""
        yield Static(self.ASKS, id="question", markup=False)
        yield Static("Address", classes="label", markup=False)
        yield self._address
        yield Static(self.WHY, classes="label", markup=False)
        yield self._reason

    def on_mount(self) -> None:
        """To the first field that is empty."""
        self.set_focus(self._reason if self._asked else self._address)
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys of the field in which something is typed."""
        self.show_keys(("Enter", "Next" if self.focused is self._address else self.WORD), ("Esc", "Cancel"))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        address, reason = self._address.value.strip(), self._reason.value.strip()
        if not address:
            self.set_focus(self._address)
        elif not reason:
            if event.input is self._reason:
                self.console.notify(self.LACKS, title=self.WORD, severity="warning")
            self.set_focus(self._reason)
        else:
            self.dismiss(self.made(address, reason))


class LiftQuestion(AddressAndReason[LiftSuppression]):
    """Asks which address may be mailed again, and why."""

    ASKS = (
        "Ends what only dyntui still knows against an address, such as the opt-out of a record that was deleted. "
        "What dotdigital or Dynamics says itself stays, and is named with what would end it."
    )
    WHY = "Why it may be mailed again; kept with your name"
    WORD = "Lift"
    LACKS = "A suppression ends with a reason only."

    def __init__(self, address: str) -> None:
        super().__init__("Lift a suppression", address)

    def made(self, address: str, reason: str) -> LiftSuppression:
        """The answer."""
        return LiftSuppression(address=address, reason=reason)


class SuppressQuestion(AddressAndReason[AddSuppression]):
    """Asks which address is not to be mailed any more, and why."""

    ASKS = (
        "No email account mails the address any more: a row in Dynamics says so, dotdigital is told in every account, "
        "and records with it are marked. Only the person can take that back, by subscribing again in dotdigital."
    )
    WHY = "Why it is not to be mailed; kept with your name"
    WORD = "Suppress"
    LACKS = "An address is suppressed with a reason only."

    def __init__(self) -> None:
        super().__init__("Suppress an address", "")

    def made(self, address: str, reason: str) -> AddSuppression:
        """The answer."""
        return AddSuppression(address=address, reason=reason)


class AskQuestion(AddressAndReason[AskToSubscribe]):
    """Asks whom dotdigital is to ask whether they want to be mailed again, and how it is known that they do."""

    ASKS = (
        "dotdigital mails this suppressed person and asks whether they want to be mailed again. Nothing changes until "
        "they confirm; a complaint is never taken back."
    )
    WHY = "How it is known that they want to; kept with your name"
    WORD = "Ask"
    LACKS = "Nobody is asked without evidence that they want to."

    def __init__(self, address: str, account: str) -> None:
        super().__init__("Ask whether to subscribe again", address)
        self._account = account

    def made(self, address: str, reason: str) -> AskToSubscribe:
        """The answer."""
        return AskToSubscribe(address=address, evidence=reason, account=self._account)


class LiftOutcome(FactsDialog):
    """What ended, and what stays with what would end it."""

    def __init__(self, lifted: Lifted) -> None:
        facts: list[Fact] = [("Ended", each, "good") for each in lifted.lifted] or [("Ended", "nothing", "muted")]
        super().__init__(lifted.address, [*facts, *(("Stays", each, "warn") for each in lifted.stays)])
