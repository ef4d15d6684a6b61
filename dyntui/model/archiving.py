"""What keeps an email campaign from being archived: a send of it of which something is still to come, or to be said."""

from __future__ import annotations

from typing import Final

import msgspec

from dyntui.model.sends import HANDED_OVER, HELD

# Nothing more becomes of a send in one of these states by itself.
_OVER: Final = ("Sent", "Stopped", "Failed", "Refused", "Cancelled")
_SEE_HELD: Final = "`dyntui sends list --view held` names it."


class Obstacle(msgspec.Struct, frozen=True):
    """Why a campaign cannot be archived, and what to do about it."""

    why: str
    remedy: str


_SETTLE = "Say what became of it with `dyntui campaigns settle SEND --was-mailed`, or x on the campaign's page"
_UNKNOWN = "it is not known whom a send of it reached"
_IN_DOUBT = Obstacle(_UNKNOWN, f"{_SETTLE}; {_SEE_HELD}")
# Its run has ended before it did.
_LEFT = Obstacle(
    _UNKNOWN, f"Synchronise the email campaigns: that asks dotdigital again. {_SETTLE}; `dyntui sends list` names it."
)
_HELD = Obstacle("a send of it waits for its hour, or for a person", f"Wait until it is out, or cancel it; {_SEE_HELD}")
_HANDED = Obstacle("dotdigital has a send of it, and mails it later", f"Wait until it is out; {_SEE_HELD}")
_UNDER_WAY = Obstacle("a send of it is under way", "Wait until it is out; `dyntui sends list` shows how far it is.")
# What dotdigital said when campaigns were read last.
SENDING = Obstacle(
    "dotdigital is sending it", "Wait until it is out, and synchronise the email campaigns; nothing is sent twice."
)


def obstacle(state: str, *, undecided: bool, left: bool = False) -> Obstacle | None:
    """What a send in this state has against it; None for one that is over and of which everything is known. `left`: the
    run that carried it out has ended."""
    if undecided:
        return _IN_DOUBT
    if state == "Sending" and left:
        return _LEFT
    if state in HELD:
        return _HELD
    if state == HANDED_OVER:
        return _HANDED
    return None if state in _OVER else _UNDER_WAY
