"""What can be done with a send wherever it is in hand: cancel or stop it, let go what was missed, settle a doubt."""

from __future__ import annotations

from dyntui.model.counted import counted, people_of
from dyntui.service.contract.sends import (
    HANDED_OVER,
    SEND_CANCEL,
    SEND_RELEASE,
    SEND_SETTLE,
    SendRef,
    SendRow,
    SettleSend,
)

from .base import FramedScreen
from .dialogs import Alternatives, Confirm
from .send_standing import between_waves
from .wording import moment

_NOT_OUT = "It does not go out. To send it after all, go through the wizard again."


class SendActions(FramedScreen):
    """A screen with a send in hand: its situation names it."""

    def hint_of(self, action_id: str) -> str | None:
        """A send that has begun can only be stopped."""
        row = self.situation().one(SendRow) if action_id == "sends.cancel" else None
        return "Stop" if row is not None and between_waves(row) else None

    def do_sends_cancel(self) -> None:
        """Keeps the send in hand, or its later waves, from going out, after a confirmation."""
        row = self.situation().one(SendRow)
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(SEND_CANCEL, SendRef(row.id), lambda _: self.refetch())

        stops = row.waves is not None and not row.waves_of and row.wave > 0
        if stops:
            left = row.sendable - row.mailed
            mailed = counted(row.mailed, "person is", "people are")
            lines = [
                f"{row.campaign_name}: {mailed} mailed, {counted(left, 'is', 'are')} not.",
                "No other wave begins. Whoever was not mailed is named so, and can be sent to again.",
            ]
            question = Confirm("Stop the send?", lines, yes="Stop", no="Let it go on", danger=True)
        elif row.waves_of:
            lines = [
                f"{row.campaign_name}, wave {row.wave}: {people_of(row.sendable)}.",
                "It does not go out, and no other wave begins: the send stops. Whoever was not mailed is named so, and "
                "can be sent to again.",
            ]
            question = Confirm("Stop the send?", lines, yes="Stop", no="Let it go on", danger=True)
        elif row.state == HANDED_OVER:
            lines = [
                f"{row.campaign_name}: {people_of(row.sendable)}.",
                "dotdigital has it, and has no call that takes it back. Its address book is emptied, so that it "
                "reaches nobody more. Cancel it there as well, under Campaigns > Email > Outbox; then settle it here.",
            ]
            question = Confirm("Take the send back?", lines, yes="Empty its book", no="Let it go out", danger=True)
        else:
            lines = [f"{row.campaign_name}: {people_of(row.sendable)}.", _NOT_OUT]
            question = Confirm("Cancel the send?", lines, yes="Cancel the send", no="Keep it", danger=True)
        self.app.push_screen(question, answered)

    def do_sends_release(self) -> None:
        """Lets a send that has missed its hour go out now, after a confirmation."""
        row = self.situation().one(SendRow)
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(SEND_RELEASE, SendRef(row.id), lambda _: self.refetch())

        what = "Its next wave goes out now." if row.wave else "It goes out now."
        lines = [
            f"{row.campaign_name}: {row.error}",
            f"{what} Suppressions and lists are synchronised first, and everybody is decided anew.",
        ]
        self.app.push_screen(Confirm("Send now?", lines, yes="Send now", danger=True), answered)

    def do_send_settle(self) -> None:
        """Asks what dotdigital's outbox says of a send in doubt."""
        send = self.situation().one(SendRow)
        if send is None:
            return

        def answered(answer: str | None) -> None:
            if answer:
                request = SettleSend(send.id, was_mailed=answer == "mailed")
                self.ask(SEND_SETTLE, request, lambda _: self.refetch())

        question = Alternatives(
            "What became of the send?",
            [
                f"{people_of(send.sendable)}, {moment(send.sent_on or send.created_on)}: {send.standing}.",
                "Look under Campaigns > Email > Outbox in dotdigital first. Until somebody says so, all of them count "
                "as mailed. Your answer is kept with your name and cannot be taken back.",
            ],
            (("not mailed", "It was not mailed"), ("mailed", "It was mailed")),
        )
        self.app.push_screen(question, answered)
