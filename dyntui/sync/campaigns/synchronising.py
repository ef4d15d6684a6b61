"""The email campaigns of an account: all are listed, and those with news are read and told to Dynamics.

Which have news is asked with one call, and then with a call for each that was active lately (its totals). What
dotdigital processes late makes no campaign active again: the totals of the others are looked at from time to time. What
is written to Dynamics is compared by fingerprint with what was written before, so a run without news writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import late_results
from dyntui.model.cursors import CampaignsCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.store import campaigns
from dyntui.sync import feeds, parts
from dyntui.sync.campaigns import campaign_rows, known_by_now, listing, results
from dyntui.sync.run_context import RunContext

_FEED = "campaign-activity"
# So many of the campaigns with which nothing has happened lately are looked at by a run.
_LOOKED_AT = 20


async def synchronise(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, only: Collection[int] = ()
) -> None:
    """Every campaign of an account, and the results of those with news. `only`: the results of these, whether they have
    news or not, and of no others."""
    if ctx.at(CampaignsCursor).news is None:
        await _list(ctx, dv, dd, account_id, only)
    news = ctx.at(CampaignsCursor).news or ()
    while (place := ctx.at(CampaignsCursor).place) < len(news):
        try:
            await results.read(ctx, dv, dd, account_id, news[place], asked=bool(only))
        except DyntuiError as error:
            if await parts.is_of_the_run(error, dv, dd):
                raise
            await _failed(ctx, account_id, news[place], place, error)
        after = ctx.at(CampaignsCursor).next_campaign()
        await ctx.save(after, stage="Reading results", done=place + 1, of=len(news))
    # All totals at once.
    await campaign_rows.tell(ctx, dv, account_id)
    if not only:
        await known_by_now.tell(ctx, dv, account_id, frozenset(news))
        # Otherwise the news of the others are still to be read.
        await feeds.advance(ctx, account_id, _FEED, moment_of(ctx.at(CampaignsCursor).until) or EPOCH)


async def _list(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, only: Collection[int]) -> None:
    until = await feeds.server_time(dd)
    since = await feeds.since(ctx, account_id, _FEED, until, overlap=results.OVERLAP)
    listed = await listing.read(ctx, dd, account_id)
    await campaign_rows.tell(ctx, dv, account_id)
    readable = await ctx.read(lambda c: campaigns.read_at_all(c, account_id))
    if only:
        wanted = sorted(listed.intersection(only))
    elif readable:
        wanted = await _with_news(ctx, dd, account_id, since, listed & readable)
    else:
        wanted = []
    start = CampaignsCursor(news=tuple(wanted), since=text_of(since), until=text_of(until))
    await ctx.save(start, stage="Reading results", of=len(wanted))


async def _with_news(ctx: RunContext, dd: Dotdigital, account_id: str, since: datetime, listed: set[int]) -> list[int]:
    """Sent campaigns with activity since the last run, those whose results were never read to the end, and some that
    have not been looked at for long; not those that were deleted in dotdigital since."""
    unread = await ctx.read(lambda c: campaigns.without_results(c, account_id))
    active = {each.id for each in await dd_campaigns.campaigns_with_activity_since(dd, since)}
    news = (active | set(unread)) & listed
    looked = await ctx.read(lambda c: campaigns.looked_at(c, account_id))
    now = ctx.moment()
    due = [
        each
        for each, sent, on in looked
        if each in listed - news and late_results.due(moment_of(sent), moment_of(on), now)
    ]
    return sorted(news.union(due[:_LOOKED_AT]))


async def _failed(ctx: RunContext, account_id: str, campaign_id: int, place: int, error: DyntuiError) -> None:
    """One campaign could not be read: the others go on, and the next run reads it from the beginning."""
    known = await ctx.read(lambda c: campaigns.get(c, account_id, campaign_id))
    item = str(campaign_id)
    await ctx.fail_part(item, error, kind="campaign", name=known.name if known else item, place=place)
    await ctx.write(lambda c: campaigns.record_results_read(c, account_id, campaign_id, ""))
