"""What is known of bounces before a send: of the account's last campaigns, and of the people themselves.

Public: `forecast(c, account_id, count_id, sendable) -> BounceForecast`.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from dyntui.model.bounce_forecast import CAMPAIGNS, BounceForecast, Sent
from dyntui.model.bounce_forecast import forecast as forecast_of
from dyntui.model.outcomes import Outcome
from dyntui.store.campaigns import total
from dyntui.store.schema import campaign, recipient, target_person

# Among so many that were sent last the ones are looked for whose results are known.
_LOOKED_THROUGH = 10 * CAMPAIGNS
_p, _r, _c = target_person.c, recipient.c, campaign.c


def forecast(c: Connection, account_id: str, count_id: str, sendable: int) -> BounceForecast:
    """Of the sendable people of a count."""
    summaries = select(_c.summary).where(_c.account_id == account_id, _c.sent_on != "")
    found = c.execute(summaries.order_by(_c.sent_on.desc(), _c.id).limit(_LOOKED_THROUGH)).scalars()
    # Of one whose results were not read yet nothing is known.
    read = [summary for summary in found if total(summary, "numTotalSent")][:CAMPAIGNS]
    sent = [
        Sent(
            total(summary, "numTotalSent"),
            total(summary, "numTotalHardBounces") + total(summary, "numTotalSoftBounces"),
        )
        for summary in read
    ]
    theirs = and_(_r.account_id == account_id, _r.address == _p.address)
    later = recipient.alias("later").c
    newer = exists().where(later.account_id == _r.account_id, later.address == _r.address, later.sent_on > _r.sent_on)
    mailed = exists().where(theirs)
    bounced = exists().where(theirs, or_(_r.soft_bounced.is_(True), _r.hard_bounced.is_(True)), ~newer)
    never, before = c.execute(
        select(func.count(case((~mailed, 1))), func.count(case((bounced, 1)))).where(
            _p.count_id == count_id, _p.outcome == Outcome.ADDED.value
        )
    ).one()
    return forecast_of(sendable, sent, int(never), int(before))
