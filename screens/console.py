"""What screens need of the app on which they stand, so that they need not know the app itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.calls import Call
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.session import Hello
from dyntui.service.contract.situations import Situation

from .answers import Answers
from .places import Place
from .remembered import Memory
from .waiting import Waiting

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
T = TypeVar("T")


class WentWrong(Message):
    """Errors of something that was asked on a screen, posted to the app, which tells the person."""

    def __init__(self, asked_on: Screen[Any], errors: Sequence[DyntuiError]) -> None:
        super().__init__()
        self.asked_on = asked_on
        self.errors = tuple(errors)


class ConsoleApp(Protocol):
    """The app: the connection, who is there, what is remembered, and the ways to other screens."""

    hello: Hello | None
    first_steps: bool
    answers: Answers
    memory: Memory

    @property
    def waiting(self) -> Waiting:
        """Questions that take long."""

    @property
    def active_runs(self) -> list[RunRow]:
        """The runs under way, oldest first."""

    @property
    def banner(self) -> str:
        """What stands over every page while there is no service; else `""`."""

    @property
    def account(self) -> str:
        """The id of the email account that is chosen; `""`: all of them."""

    @property
    def one_account(self) -> str:
        """The id of the email account that a page about one account shows: the chosen one, else the default one; `""`
        where none is known."""

    def account_name(self, *, one: bool) -> str:
        """What stands in the frame of the chosen account, `""` where there is only one. `one`: on a page that is about
        one account, the default one where none is chosen."""

    @property
    def section(self) -> str:
        """The section one is in."""

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks the service. Raises DyntuiError."""

    def now(self) -> str:
        """The time, ISO 8601 UTC."""

    def situation(self) -> Situation:
        """The person's abilities and whether the service is there."""

    def who(self) -> tuple[str, ...]:
        """Who is signed in: longest first."""

    @property
    def warned(self) -> bool:
        """Whether the shortest of that has to be read."""
        return False

    def ask_for_roles(self, *, anew: bool = False) -> None:
        """Asks again who is there, where Dynamics did not tell their roles before."""

    def admit(self, hello: Hello) -> None:
        """Goes where the person may go."""

    def attach(self) -> None:
        """Reaches for the service."""

    def go(self, section: str, view: str | None = None) -> None:
        """Goes to a section, in this `view` whichever was left."""

    def open_page(self, place: Place[T], about: T, view: str | None = None) -> None:
        """Opens the page of a thing, in this `view` whichever was left."""

    def come_to(self, page: object) -> None:
        """A page is looked at."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A toast of plain text."""
