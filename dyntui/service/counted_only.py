"""What dotdigital's totals of a campaign count, and nobody is known for."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.campaign_results import CountedOnly
from dyntui.store.campaigns import Campaign
from dyntui.sync.campaigns import results


def of(c: Connection, campaign: Campaign) -> CountedOnly | None:
    """As its page and its report say it; None: nothing."""
    what, looked_for = results.counted_only(c, campaign)
    return CountedOnly(what=what, looked_for=looked_for) if what else None
