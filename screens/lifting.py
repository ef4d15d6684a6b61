"""Suppressing an address, and ending what only dyntui still knows against one: an address and a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple, TypeVar

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


class Words(NamedTuple):
    """What a question says: its title, what an answer does, what the reason is for, the word of its key, and what is
    said without a reason."""

    title: str
    asks: str
    why: str
    word: str
    lacks: str


class AddressAndReason(Dialog[R]):
    """Asks for an address and a reason; nothing is taken without one. `made` makes the answer of both."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)

    def __init__(self, words: Words, made: Callable[[str, str], R], address: str = "") -> None:
        super().__init__(words.title, tone="-danger")
        self._words = words
        self._made = made
        self._address = Field(address, id="lift-address", compact=True, select_on_focus=False)
        self._reason = Field(id="lift-reason", compact=True, select_on_focus=False)
        for field in (self._address, self._reason):
            field.cursor_blink = False
        self._asked = bool(address)

    def compose_body(self) -> Iterable[Widget]:
        """What it does, and two fields."""
        yield Static(self._words.asks, id="question", markup=False)
        yield Static("Address", classes="label", markup=False)
        yield self._address
        yield Static(self._words.why, classes="label", markup=False)
        yield self._reason

    def on_mount(self) -> None:
        """To the first field that is empty."""
        self.set_focus(self._reason if self._asked else self._address)
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys of the field in which something is typed."""
        self.show_keys(("Enter", "Next" if self.focused is self._address else self._words.word), ("Esc", "Cancel"))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        address, reason = self._address.value.strip(), self._reason.value.strip()
        if not address:
            self.set_focus(self._address)
        elif not reason:
            if event.input is self._reason:
                self.console.notify(self._words.lacks, title=self._words.word, severity="warning")
            self.set_focus(self._reason)
        else:
            self.dismiss(self._made(address, reason))


def lift_question(address: str) -> AddressAndReason[LiftSuppression]:
    """Asks which address may be mailed again, and why."""
    words = Words(
        title="Lift a suppression",
        asks="Ends what only dyntui still knows against an address, such as the opt-out of a record that was deleted. "
        "What dotdigital or Dynamics says itself stays, and is named with what would end it.",
        why="Why it may be mailed again; kept with your name",
        word="Lift",
        lacks="A suppression ends with a reason only.",
    )
    return AddressAndReason(words, lambda said, reason: LiftSuppression(address=said, reason=reason), address)


def suppress_question() -> AddressAndReason[AddSuppression]:
    """Asks which address is not to be mailed any more, and why."""
    words = Words(
        title="Suppress an address",
        asks="No email account mails the address any more: a row in Dynamics says so, dotdigital is told in every "
        "account, and records with it are marked. Only the person can take that back, by subscribing again in "
        "dotdigital.",
        why="Why it is not to be mailed; kept with your name",
        word="Suppress",
        lacks="An address is suppressed with a reason only.",
    )
    return AddressAndReason(words, lambda said, reason: AddSuppression(address=said, reason=reason))


def ask_question(address: str, account: str) -> AddressAndReason[AskToSubscribe]:
    """Asks whom dotdigital is to ask whether they want to be mailed again, and how it is known that they do."""
    words = Words(
        title="Ask whether to subscribe again",
        asks="dotdigital mails this suppressed person and asks whether they want to be mailed again. Nothing changes "
        "until they confirm; a complaint is never taken back.",
        why="How it is known that they want to; kept with your name",
        word="Ask",
        lacks="Nobody is asked without evidence that they want to.",
    )
    return AddressAndReason(
        words, lambda said, reason: AskToSubscribe(address=said, evidence=reason, account=account), address
    )


class LiftOutcome(FactsDialog):
    """What ended, and what stays with what would end it."""

    def __init__(self, lifted: Lifted) -> None:
        facts: list[Fact] = [("Ended", each, "good") for each in lifted.lifted] or [("Ended", "nothing", "muted")]
        super().__init__(lifted.address, [*facts, *(("Stays", each, "warn") for each in lifted.stays)])


def in_a_line(lifted: Lifted) -> str:
    """The same for whoever has gone on."""
    ended = f"ended: {', '.join(lifted.lifted)}" if lifted.lifted else "nothing ended"
    stays = f"; stays: {', '.join(lifted.stays)}" if lifted.stays else ""
    return f"{lifted.address}: {ended}{stays}."
