"""How many of a send's people will bounce, as far as the account's own history tells, and when that is too many.

Nothing is guessed where there is no history: a forecast rests on what dotdigital has counted of the last campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from dyntui.model.counted import counted
from dyntui.model.waves import Limits

# So many campaigns of the account, the last ones that were sent, are the history; with fewer people there is none.
CAMPAIGNS: Final = 10
FEWEST: Final = 100


class Sent(msgspec.Struct, frozen=True):
    """A campaign of the history: how many people it went to, and how many of them bounced, hard or soft."""

    people: int
    bounced: int


class BounceForecast(msgspec.Struct, frozen=True, kw_only=True):
    """`expected` of the people of a send will bounce if it goes as the last `campaigns` went, to `history` people, of
    whom the share `rate` (0.0-1.0) bounced; 0 campaigns: there is no history. `never_mailed`: who has had no campaign
    of the account yet, `bounced_before`: whose last known mail bounced softly. `warning`: why to think again, `""`."""

    expected: int = 0
    rate: float = 0.0
    campaigns: int = 0
    history: int = 0
    never_mailed: int = 0
    bounced_before: int = 0
    warning: str = ""


def forecast(sendable: int, sent: Sequence[Sent], never_mailed: int, bounced_before: int) -> BounceForecast:
    """The forecast for so many people, by campaigns that were sent."""
    known = [each for each in sent if each.people > 0]
    history = sum(each.people for each in known)
    if history < FEWEST or not sendable:
        return BounceForecast(never_mailed=never_mailed, bounced_before=bounced_before)
    rate = min(1.0, sum(each.bounced for each in known) / history)
    # Whoever bounced last time is expected to do so again.
    again = min(bounced_before, sendable)
    likely = _likely(sendable, again, rate)
    expected = min(sendable, round(likely))
    limit = Limits().bounces
    warning = ""
    # Of few people a single one is a large share: what a rounded number says of them is no reason to warn.
    if expected and likely * 100 > limit * sendable:
        warning = (
            f"About {expected:,} of {sendable:,} will bounce, more than {limit:g} %: mailbox providers take that for a "
            "bad list. Send it in waves, which stop by themselves."
        )
    return BounceForecast(
        expected=expected,
        rate=rate,
        campaigns=len(known),
        history=history,
        never_mailed=never_mailed,
        bounced_before=bounced_before,
        warning=warning,
    )


def _likely(sendable: int, bounced_before: int, rate: float) -> float:
    again = min(bounced_before, sendable)
    return again + (sendable - again) * rate


def in_words(said: BounceForecast, sendable: int) -> str:
    """The forecast in a sentence; `""` where nobody would be mailed."""
    if not sendable:
        return ""
    new = counted(said.never_mailed, "was never mailed before", "were never mailed before")
    if not said.campaigns:
        return f"How many will bounce is not known: too few people were mailed so far. {new}."
    again = f", {said.bounced_before:,} bounced last time" if said.bounced_before else ""
    last = "campaign" if said.campaigns == 1 else f"{said.campaigns} campaigns"
    as_before = f"as {said.rate:.1%} did in the last {last}"
    return f"About {said.expected:,} will bounce, {as_before}; {new}{again}."


def in_short(said: BounceForecast, sendable: int) -> str:
    """The forecast in a few words; `""` where there is none."""
    if not said.campaigns or not sendable:
        return ""
    many = ", too many: send it in waves" if said.warning else ""
    share = _likely(sendable, said.bounced_before, said.rate) / sendable
    return f"about {said.expected:,}, {share:.1%}{many}"
