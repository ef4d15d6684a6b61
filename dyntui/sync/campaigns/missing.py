"""What the totals of a campaign count and nobody is known for: it was processed late, or is told of nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from dyntui.model.campaign_results import ResultKind
from dyntui.store import campaigns, results
from dyntui.store.campaigns import Campaign

# Each as it is called for one and for several.
_WORDS = {
    "recipients": ("recipient", "recipients"),
    "hard bounces": ("hard bounce", "hard bounces"),
    "soft bounces": ("soft bounce", "soft bounces"),
    "unsubscribes": ("unsubscribe", "unsubscribes"),
    "opened": ("person who opened", "people who opened"),
    "opens": ("open", "opens"),
    "replies": ("reply", "replies"),
    "clicked": ("person who clicked", "people who clicked"),
    "clicks": ("click", "clicks"),
    "page views": ("page view", "page views"),
}
# Its total (dotdigital_api.md 7.5), and with which kind of results it is read; None: with all.
_TOTALS: Mapping[str, tuple[str, ResultKind | None]] = {
    "recipients": ("numTotalSent", None),
    "hard bounces": ("numTotalHardBounces", None),
    "soft bounces": ("numTotalSoftBounces", None),
    "unsubscribes": ("numTotalUnsubscribes", None),
    "opened": ("numTotalUniqueOpens", ResultKind.OPENS),
    "opens": ("numTotalOpens", ResultKind.OPENS),
    "replies": ("numTotalReplies", ResultKind.OPENS),
    "clicked": ("numRecipientsClicked", ResultKind.CLICKS),
    "clicks": ("numTotalClicks", ResultKind.CLICKS),
    "page views": ("numTotalPageViews", ResultKind.PAGE_VIEWS),
}


def of_people(c: Connection, campaign: Campaign, kinds: Collection[ResultKind]) -> dict[str, int]:
    """How much more its totals, as they stand in the store, count of what is read of it than people are known for: by
    their rows, and by single events where there are some."""
    summary = _summary(c, campaign)
    known = _known(c, campaign)
    more = {
        what: campaigns.total(summary, name) - known[what]
        for what, (name, kind) in _TOTALS.items()
        if kind is None or kind in kinds
    }
    return {what: number for what, number in more.items() if number > 0}


def _summary(c: Connection, campaign: Campaign) -> dict[str, Any]:
    now = campaigns.get(c, campaign.account_id, campaign.id)
    return now.summary if now is not None else {}


def _known(c: Connection, campaign: Campaign) -> dict[str, int]:
    rows = results.totals(c, campaign.account_id, campaign.id)
    events = results.events(c, campaign.account_id, campaign.id)
    return {
        "recipients": rows.people,
        "hard bounces": rows.hard_bounced,
        "soft bounces": rows.soft_bounced,
        "unsubscribes": rows.unsubscribed,
        "opened": rows.opened,
        "opens": min(rows.opens, events.get("open", 0)),
        "replies": rows.replies,
        "clicked": rows.clicked,
        "clicks": min(rows.clicks, events.get("click", 0)),
        "page views": min(rows.page_views, events.get("page", 0)),
    }


def in_words(missing: Mapping[str, int], *, but: Collection[str] = ()) -> str:
    """`5 opens and 1 person who clicked`."""
    each = [f"{number:,} {_WORDS[what][number != 1]}" for what, number in missing.items() if what not in but]
    return " and ".join(filter(None, (", ".join(each[:-1]), *each[-1:])))
