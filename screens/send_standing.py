"""How a send stands, for whoever shows one: its look, and when more of it goes out."""

from __future__ import annotations

from dyntui.service.contract.sends import SendRow

_TONES = {
    "Sent": "good",
    "Missed": "warn",
    "Stopped": "warn",
    "Failed": "bad",
    "Refused": "bad",
    "Cancelled": "muted",
}


def send_tone(send: SendRow) -> str:
    """The look of a send's state."""
    return "warn" if send.undecided else _TONES.get(send.state, "accent")


def goes_out(send: SendRow) -> str:
    """When it, or its next wave, begins (ISO 8601 UTC); `""` where nothing more does."""
    if send.held and not send.wave:
        return send.send_at
    return send.next_on if send.state in ("In waves", "Missed") else ""
