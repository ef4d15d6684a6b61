"""Who was mailed a campaign: what dotdigital's row of a recipient is in the store."""

from __future__ import annotations

import functools
from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from dyntui.dotdigital import activities
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.campaign_results import ResultKind
from dyntui.model.people import normalise
from dyntui.store import recipients
from dyntui.store.recipients import Recipient
from dyntui.sync import feeds
from dyntui.sync.campaigns.events import when
from dyntui.sync.run_context import RunContext


async def learn_who_was_mailed(ctx: RunContext, dd: Dotdigital, account_id: str, campaign_id: int) -> None:
    """Everybody of whom dotdigital says that they were mailed the campaign, whatever is read of results otherwise, and
    nothing of what they did.
    Raises DOTDIGITAL_ANSWER_UNREADABLE where a row cannot be read: nobody may be missing."""
    async for page in activities.activity_pages(dd, campaign_id, since=None):
        latest = ctx.moment() + feeds.AHEAD
        kept = functools.partial(
            recipients.record_recipients,
            account_id=account_id,
            campaign_id=campaign_id,
            rows=[understood(each, latest, ()) for each in page.rows],
            left_out=left_out(()),
        )
        await ctx.save(ctx.cursor, stage="Reading who was mailed", work=kept)


async def told_who_was_mailed(ctx: RunContext, dd: Dotdigital, account_id: str, campaign_id: int) -> bool:
    """`learn_who_was_mailed`; False where dotdigital has the campaign no more, and tells nothing of it."""
    try:
        await learn_who_was_mailed(ctx, dd, account_id, campaign_id)
    except DotdigitalError as error:
        if error.code != _GONE:
            raise
        return False
    return True


_GONE = "DOTDIGITAL_CAMPAIGN_NOT_FOUND"
# What of a recipient tells which kind of result; who was mailed, bounced or unsubscribed is always kept.
_TELLS = {
    ResultKind.OPENS: ("opens", "forwards", "replies", "first_opened", "last_opened"),
    ResultKind.CLICKS: ("clicks",),
    ResultKind.PAGE_VIEWS: ("page_views",),
}


def left_out(kinds: Collection[ResultKind]) -> frozenset[str]:
    """What of a recipient is not read where these kinds alone are: what is known of it stays."""
    return frozenset(name for kind, names in _TELLS.items() if kind not in kinds for name in names)


def understood(row: activities.Activity, latest: datetime, kinds: Collection[ResultKind]) -> Recipient:
    """A recipient, as far as these kinds of results tell; times that are later than `latest`, or stand for no date, are
    `""`: that the mail was sent counts whenever that was."""
    found = _understood(row, latest)
    nothing = Recipient(contact_id=found.contact_id, address=found.address)
    return replace(found, **{name: getattr(nothing, name) for name in left_out(kinds)})


def _understood(row: activities.Activity, latest: datetime) -> Recipient:
    return Recipient(
        contact_id=row.contact_id,
        address=normalise(row.email),
        sent_on=when(row.date_sent, latest),
        opens=max(0, row.num_opens),
        clicks=max(0, row.num_clicks),
        forwards=max(0, row.num_forwards),
        replies=max(0, row.num_replies),
        page_views=max(0, row.num_page_views),
        first_opened=when(row.date_first_opened, latest),
        last_opened=when(row.date_last_opened, latest),
        unsubscribed=row.unsubscribed,
        soft_bounced=row.soft_bounced,
        hard_bounced=row.hard_bounced,
    )


def times_of(row: activities.Activity) -> dict[str, str | None]:
    """What happened to a recipient when, as received."""
    return {"sent": row.date_sent, "first opened": row.date_first_opened, "last opened": row.date_last_opened}
