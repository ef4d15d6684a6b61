"""How a send stands, for whoever shows one: its look, and when more of it goes out."""

from __future__ import annotations

from dyntui.service.contract.sends import SendRow

from .widgets.facts import Fact
from .wording import day, in_both_times, number, when

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
    return send.goes_out


def between_waves(send: SendRow) -> bool:
    """Whether the first of its waves has begun, and others are to come."""
    return send.state == "In waves" and not send.waves_of and send.wave > 0


def mailed(send: SendRow) -> str:
    """How many people it has mailed so far; a dash where nothing has gone out."""
    return "–" if send.people_mailed is None else number(send.people_mailed)


def in_a_line(send: SendRow) -> str:
    """How it stands, with when it goes on."""
    if not goes_out(send):
        return f"{send.campaign_name} {send.standing.casefold()}"
    if between_waves(send):
        return f"{send.campaign_name} {send.standing.casefold()}, the next {when(goes_out(send))}"
    return f"{send.campaign_name} goes out {when(goes_out(send))}"


def in_short(send: SendRow, key: str) -> str:
    """The same where there is little room: whatever is cut there, it is neither when, nor which wave, nor the `key`."""
    parts = [day(goes_out(send))] if goes_out(send) else []
    if between_waves(send) and send.waves is not None:
        parts.append(f"wave {send.wave + bool(parts)}/{send.waves.count}")
    elif not parts:
        parts.append(send.standing)
    return " ".join([*parts, f"({key})", send.campaign_name])


def how_handed(send: SendRow) -> list[Fact]:
    """Of a send that dotdigital mails later: when, and how a split test picks its winner."""
    return [
        *([("Handed over", f"dotdigital mails it {in_both_times(send.handed_for)}", "")] if send.handed_for else []),
        *([("Split test", send.split.words, "")] if send.split is not None else []),
    ]


def how_divided(send: SendRow) -> list[Fact]:
    """The waves of a send, and what stops them; nothing of one that goes out all at once."""
    if send.waves is None:
        return []
    limits = send.waves.limits
    stops = f"above {limits.bounces:g} % bounces, {limits.complaints:g} % complaints, {limits.unsubscribes:g} %"
    return [
        ("Waves", f"{send.waves.words}, {number(send.waves.pause)} minutes apart", ""),
        ("Stops", f"{stops} unsubscribes", ""),
    ]
