"""Sends of all campaigns: those that wait for their hour or for a person, those in waves, and those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as Rows_
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.sends import (
    ON_SENDS,
    SEND_CANCEL,
    SEND_RELEASE,
    SENDS_PAGE,
    SendRef,
    SendRow,
    SendsQuery,
)

from .base import Page
from .bindings import bindings
from .dialogs import Confirm
from .grid_screen import GridScreen, Rows, page_of
from .places import CAMPAIGN, RUN
from .send_standing import goes_out, send_tone
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import day, in_both_times, moment, number

_WORDING = Wording(
    one="send",
    many="sends",
    empty="No send waits for its hour, and none is in waves",
    next_step="l shows all sends; w on an email campaign sends it.",
)


def mailed(send: SendRow) -> str:
    """How many people it has mailed so far."""
    if send.waves is not None and not send.waves_of:
        return number(send.mailed)
    return number(send.sendable) if send.state == "Sent" else "–"


_COLUMNS: tuple[Column[SendRow], ...] = (
    Column(title="Email campaign", text=lambda row: row.campaign_name, width=16, flex=2, sort="campaign_name"),
    Column(title="State", text=lambda row: row.standing, width=19, flex=1, tone=send_tone, sort="state"),
    Column(title="Goes out", text=lambda row: day(goes_out(row)) or "–", width=12, sort="send_at"),
    Column(title="People", text=lambda row: number(row.sendable), width=7, right=True, sort="sendable"),
    Column(title="Mailed", text=mailed, width=7, right=True, priority=1),
    Column(title="Sent on", text=lambda row: day(row.sent_on) or "–", width=12, priority=2, sort="sent_on"),
    Column(title="Lists", text=lambda row: ", ".join(row.lists), width=14, flex=1, priority=3),
    Column(title="By", text=lambda row: row.created_by, width=14, flex=1, priority=4, sort="created_by"),
)

_ROWS = Rows(
    id="sends-grid",
    columns=_COLUMNS,
    key=lambda row: row.id,
    wording=_WORDING,
    views=(("held", "Waiting", None), ("all", "All", None)),
    preview="Send",
)


class SendsPage(GridScreen[SendRow], Page[str]):
    """Enter opens the run of a send, or its email campaign while there is none."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SENDS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SENDS)
    TRAIL = ("Sends",)
    CSS_PATH = "../styles/sends.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> Rows_[SendRow]:
        """The sends of the chosen view."""
        return await page_of(self.console, SENDS_PAGE, SendsQuery(view=self.views.chosen), window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A send was scheduled, has begun, or has ended."""
        return name == "sends.changed" or (isinstance(value, RunChanged) and value.run.kind == "send")

    def opened(self, row: SendRow) -> None:
        """What became of its people, or what it is about."""
        if row.run:
            self.console.open_page(RUN, row.run)
        else:
            self.console.open_page(CAMPAIGN, row.campaign)

    def previewed(self, row: SendRow) -> Sequence[Fact]:
        """All of it."""
        facts: list[Fact] = [
            ("Email campaign", row.campaign_name, "strong"),
            ("State", row.standing, send_tone(row)),
            ("Goes out", in_both_times(goes_out(row)), ""),
            ("People", f"{number(row.sendable)} of {number(row.potential)}", ""),
            ("Mailed", mailed(row), ""),
            ("Lists", ", ".join(row.lists), ""),
            ("By", f"{row.created_by}, {moment(row.created_on)}", ""),
            ("Note", row.error, "warn"),
        ]
        if row.waves is not None:
            limits = row.waves.limits
            facts.insert(3, ("Waves", f"{row.waves.words}, {row.waves.pause} minutes apart", ""))
            stops = f"above {limits.bounces:g} % bounces, {limits.complaints:g} % complaints"
            facts.insert(4, ("Stops", f"{stops}, {limits.unsubscribes:g} % unsubscribes", ""))
        return [each for each in facts if each[1]]

    def do_sends_cancel(self) -> None:
        """Keeps the send in hand, or its later waves, from going out, after a confirmation."""
        row = self.situation().one(SendRow)
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(SEND_CANCEL, SendRef(row.id), lambda _: self.grid.reload())

        stops = row.waves is not None and not row.waves_of and row.wave > 0
        if stops:
            left = row.sendable - row.mailed
            lines = [
                f"{row.campaign_name}: {number(row.mailed)} people are mailed, {number(left)} are not.",
                "No other wave begins. Whoever was not mailed is named so, and can be sent to again.",
            ]
            question = Confirm("Stop the send?", lines, yes="Stop", no="Let it go on", danger=True)
        else:
            lines = [f"{row.campaign_name}: {number(row.sendable)} people.", "It does not go out; the count is lost."]
            question = Confirm("Cancel the send?", lines, yes="Cancel the send", no="Keep it", danger=True)
        self.app.push_screen(question, answered)

    def do_sends_release(self) -> None:
        """Lets a send that has missed its hour go out now, after a confirmation."""
        row = self.situation().one(SendRow)
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(SEND_RELEASE, SendRef(row.id), lambda _: self.grid.reload())

        what = "Its next wave goes out now." if row.wave else "It goes out now."
        lines = [
            f"{row.campaign_name}: {row.error}",
            f"{what} Suppressions and lists are synchronised first, and everybody is decided anew.",
        ]
        self.app.push_screen(Confirm("Send now?", lines, yes="Send now", danger=True), answered)
