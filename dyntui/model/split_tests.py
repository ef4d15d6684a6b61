"""How a split test picks the version of a campaign that everybody else gets.

dotdigital sends the versions of a campaign to a share of the recipients, waits, and sends the rest the version that did
best. It takes these three values with the request to send (dotdigital_api.md 7.4), and no others.
"""

from __future__ import annotations

from typing import Final

import msgspec

from dyntui.model.mentioned import shown

METRICS: Final = ("Opens", "Clicks", "ROI")
# dotdigital takes any number of hours; a test of more than thirty days is a slip of the hand.
LONGEST: Final = 720


class SplitTest(msgspec.Struct, frozen=True, kw_only=True):
    """The version with most `metric` (`Opens`, `Clicks` or `ROI`) among `percentage` % of the recipients wins after
    `hours`; then the rest get it."""

    metric: str = METRICS[0]
    percentage: int = 20
    hours: int = 4

    @property
    def words(self) -> str:
        """In words."""
        after = "1 hour" if self.hours == 1 else f"{self.hours} hours"
        return f"{self.percentage} % get its versions; after {after} the rest get the one with most {self.by}"

    @property
    def by(self) -> str:
        """The metric within a sentence."""
        return self.metric if self.metric.isupper() else self.metric.casefold()


def wrong(split: SplitTest) -> str:
    """Why a campaign cannot be tested so; `""` when it can."""
    if split.metric not in METRICS:
        return f"{shown(split.metric)!r} is no metric; dotdigital knows {', '.join(METRICS)}."
    if not 1 <= split.percentage <= 100:
        return "The share is 1 to 100 %."
    return "" if 1 <= split.hours <= LONGEST else f"The test lasts 1 to {LONGEST} hours."


def split_of(text: str) -> SplitTest:
    """A split test as people write it: `opens, 20%, 4h`. What is left out is as dyntui suggests it.

    Raises ValueError with what is wrong in words.
    """
    metric, percentage, hours = "", "", ""
    for each in filter(None, (part.strip() for part in text.split(","))):
        word = each.casefold()
        if word.endswith("%") and not percentage:
            percentage = word.removesuffix("%").strip()
        elif word.rstrip("hours ").isdecimal() and not hours:
            hours = word.rstrip("hours ")
        elif not metric:
            metric = each
        else:
            raise ValueError(f"{shown(each)!r} is no part of a split test; write it as opens, 20%, 4h")
    if percentage and not percentage.isdecimal():
        raise ValueError(f"{shown(percentage)!r} is no share in whole per cent")
    known = {each.casefold(): each for each in METRICS}
    plain = SplitTest()
    split = SplitTest(
        metric=known.get(metric.casefold(), metric) if metric else plain.metric,
        percentage=int(percentage or plain.percentage),
        hours=int(hours or plain.hours),
    )
    if said := wrong(split):
        raise ValueError(said.removesuffix("."))
    return split
