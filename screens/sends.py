"""Sends of all campaigns: those that wait for their hour or for a person, those in waves, and those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.sync_types import SENDING
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as Rows_
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.sends import (
    ON_SENDS,
    SENDS_PAGE,
    SendRow,
    SendsQuery,
)

from .base import Page
from .bindings import bindings
from .grid_screen import GridScreen, Rows, page_of
from .places import SEND
from .send_actions import SendActions
from .send_standing import goes_out, how_divided, mailed, send_tone
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
_ELSEWHERE = replace(
    _WORDING,
    empty="Nothing was sent from here yet",
    next_step="w on an email campaign sends it.",
)


_COLUMNS: tuple[Column[SendRow], ...] = (
    Column(
        title="Email campaign", text=lambda row: row.campaign_name, width=16, flex=2, sort="campaign_name", whole=True
    ),
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
    elsewhere=_ELSEWHERE,
    preview="Send",
)


class SendsPage(GridScreen[SendRow], SendActions, Page[str]):
    """Enter opens the page of a send."""

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
        return name == "sends.changed" or (isinstance(value, RunChanged) and value.run.kind in SENDING)

    def opened(self, row: SendRow) -> None:
        """Its page."""
        self.console.open_page(SEND, row.id)

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
        facts[3:3] = how_divided(row)
        return [each for each in facts if each[1]]
