"""Sends: one dispatch of an email campaign each."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import ReasonCount
from dyntui.model.roles import Ability
from dyntui.service.contract.bounds import Number, Text
from dyntui.service.contract.calls import Call


class SendRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatch; `potential` is `sendable` + the sum of `excluded`.

    `state`: Queued, Preparing, Sending, Sent, Failed, Refused, Cancelled. `doubt`: why it is not known who was mailed -
    `cancelled`: in dotdigital, which does not tell whom it reached; `unproved`: dotdigital did not answer and does not
    show the send; `stopped`: it says `Sent` and shows fewer people as mailed - or `""`. `decision`: `mailed` or
    `not mailed`, as `decided_by` found in dotdigital's outbox on `decided_on`; `""` as long as nobody has said so.
    """

    id: str
    campaign: int
    campaign_name: str
    run: str
    state: str
    created_by: str
    created_on: str
    sent_on: str
    potential: int
    sendable: int
    excluded: tuple[ReasonCount, ...]
    lists: tuple[str, ...]
    error: str = ""
    doubt: str = ""
    decision: str = ""
    decided_by: str = ""
    decided_on: str = ""

    @property
    def undecided(self) -> bool:
        """Who was mailed is not known, and nobody has said so."""
        return bool(self.doubt) and not self.decision

    @property
    def standing(self) -> str:
        """The state in words, with what is not known of it."""
        if self.decision:
            return f"{self.state}, {self.decision} as {self.decided_by or 'somebody'} found"
        return _DOUBTS.get(self.doubt, self.state)


_DOUBTS = {
    "cancelled": "Cancelled in dotdigital, nobody knows whom it reached",
    "unproved": "Not known whether it was made",
    "stopped": "Sent or stopped, see the outbox",
}


class SendCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Send to exactly the people of a target count. `confirm` is the number typed by the person where one is asked."""

    count: Text
    confirm: Number | None = None


class SendRef(msgspec.Struct, frozen=True):
    """A send by its id."""

    id: Text


class SettleSend(msgspec.Struct, frozen=True):
    """What somebody found in dotdigital's outbox (Campaigns > Email > Outbox) about a send in doubt: whether its people
    were mailed."""

    id: Text
    was_mailed: bool


SEND_GET = Call("sends.get", SendRef, SendRow, Ability.SEE)
SEND_SETTLE = Call("sends.settle", SettleSend, SendRow, Ability.SEND)
