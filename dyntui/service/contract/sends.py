"""Sends: one dispatch of an email campaign each."""

from __future__ import annotations

import msgspec

from dyntui.model.roles import Ability
from dyntui.model.sends import SendRow as SendRow
from dyntui.service.contract.bounds import Number, Text
from dyntui.service.contract.calls import Call


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
