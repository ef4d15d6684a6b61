"""How much of the results of an email campaign is read.

The sync level of the email account says so for all of its campaigns: nothing (`NONE`), their totals (`SUMMARY`), or
besides what every recipient did (`DETAILED`), and of that only the kinds that are switched on. A campaign may have a
level of its own instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

# From nothing to everything.
LEVELS = ("NONE", "SUMMARY", "DETAILED")


class ResultKind(StrEnum):
    """What recipients do, by the feed that tells it. Who was mailed belongs to OPENS: it is told with them."""

    OPENS = "opens"
    CLICKS = "clicks"
    PAGE_VIEWS = "page views"
    ROI = "ROI"

    @property
    def words(self) -> str:
        """As people read it."""
        return "sends and opens" if self is ResultKind.OPENS else self.value


class Reading(msgspec.Struct, frozen=True):
    """What is read of a campaign: the level that counts for it, and the kinds of what recipients do. `own`: the level
    is the campaign's own, not its email account's."""

    level: str
    kinds: tuple[ResultKind, ...] = ()
    own: bool = False

    def holds(self, other: Reading) -> bool:
        """Whether everything is read that the other one reads."""
        return LEVELS.index(self.level) >= LEVELS.index(other.level) and set(self.kinds) >= set(other.kinds)


class CountedOnly(msgspec.Struct, frozen=True, kw_only=True):
    """What dotdigital's totals of a campaign count more than its results tell of people, such as `5 opens and 1 person
    who clicked`; `looked_for`: after that it is read from the beginning once more, `""`: no reading has found it."""

    what: str
    looked_for: str = ""


def reading(of_account: str, of_campaign: str, switched_on: Iterable[ResultKind]) -> Reading:
    """What is read where the levels are these (`of_campaign` `""`: as the account). At the level DETAILED with every
    kind switched off there are the totals alone."""
    level = of_campaign or of_account
    wanted = frozenset(switched_on) if level == "DETAILED" else frozenset()
    return Reading(level, tuple(each for each in ResultKind if each in wanted), bool(of_campaign))


def reading_text(read: Reading) -> str:
    """In words: `DETAILED without page views and ROI, as the email account says`."""
    off = [each.words for each in ResultKind if each not in read.kinds] if read.level == "DETAILED" else []
    without = f" without {', '.join(off[:-1])}{' and ' if off[1:] else ''}{off[-1]}" if off else ""
    return f"{read.level}{without}, {'of its own' if read.own else 'as the email account says'}"


def unread_text(read: Reading) -> str:
    """Where nothing is read of what recipients did, that it is so; `""` where something is."""
    if read.kinds:
        return ""
    if read.level == "NONE":
        return f"Nothing of the campaign's results is read ({reading_text(read)})."
    return f"What each recipient did is not read ({reading_text(read)}); the report of the campaign has its totals."
