"""The rates of a campaign's results: what each is a share of, once for reports, pages, files and commands.

As the trade reckons them: openings, clicks and unsubscribes of what was delivered, bounces of what was sent. dotdigital
gives percentages of its own (dotdigital_api.md 7.5) and says nowhere what they are of: they are not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Name = Literal["delivery", "open", "click", "click_to_open", "bounce", "unsubscribe"]

# Of what each is a share, as the field of `Counts` is called.
OF: Final[Mapping[Name, str]] = {
    "delivery": "sent",
    "open": "delivered",
    "click": "delivered",
    "click_to_open": "opened",
    "bounce": "sent",
    "unsubscribe": "delivered",
}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of people: to whom mails were sent and delivered, and what they did. `bounced`: hard and soft."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    unsubscribed: int = 0


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Fractions (of 1, and more where the counts are so) of what `OF` says; None where there is nothing to be a share
    of."""

    delivery: float | None
    open: float | None
    click: float | None
    click_to_open: float | None
    bounce: float | None
    unsubscribe: float | None


_PART: Final[Mapping[Name, str]] = {
    "delivery": "delivered",
    "open": "opened",
    "click": "clicked",
    "click_to_open": "clicked",
    "bounce": "bounced",
    "unsubscribe": "unsubscribed",
}


def delivered(sent: int, hard: int, soft: int) -> int:
    """To how many of those to whom it was sent a mail was delivered: who did not bounce."""
    return max(0, sent - hard - soft)


def rate(name: Name, counts: Counts) -> float | None:
    """One of them."""
    whole: int = getattr(counts, OF[name])
    part: int = getattr(counts, _PART[name])
    return part / whole if whole > 0 else None


def rates(counts: Counts) -> Rates:
    """All of them."""
    return Rates(**{name: rate(name, counts) for name in OF})


def of_each(*names: Name) -> str:
    """What these are shares of, in words."""
    return ", ".join(f"{name.replace('_', ' ')}: of {OF[name]}" for name in names)
