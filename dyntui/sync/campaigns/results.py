"""The results of one campaign: its totals and, where asked for, its recipients and what they did, page by page. Who a
recipient is stands in the listing of recipients alone: it is read whichever kind is wanted.

Where a campaign was read before, its feeds are asked for what came since, with an overlap: dotdigital may process
openings and clicks late. What is read again is known by its key. Totals that are as they were tell that there is
nothing new; ROI does not show in them, so once a day the feeds are read all the same.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import activities
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page
from dyntui.model.campaign_results import Reading, ResultKind, reading_text
from dyntui.model.cursors import CampaignsCursor
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.outcomes import PersonOutcome
from dyntui.store import campaigns, outcomes, recipients, watermarks
from dyntui.store.campaigns import Campaign, total
from dyntui.store.recipients import Activity, Recipient
from dyntui.sync import feeds, odd_answers
from dyntui.sync.campaigns import engagement_rows, events, split_tests
from dyntui.sync.campaigns import recipients as recipient_rows
from dyntui.sync.campaigns.events import Event
from dyntui.sync.run_context import RunContext

# How late dotdigital may process what somebody did; nobody says so.
OVERLAP = timedelta(hours=48)
_WHOLE_FEEDS_EVERY = timedelta(days=1)
# As many as a person reads.
_NAMED = 5
_TELL = "tell"

log = logging.getLogger(__name__)


class _Read(msgspec.Struct, frozen=True):
    """Up to when a campaign's feeds were read, by dotdigital's clock, and a fingerprint of its totals then."""

    on: str = ""
    totals: str = ""


class _Feed(msgspec.Struct, frozen=True):
    """A feed of single events: how it is read, what an event is called, and whether an account may be without it."""

    pages: Callable[..., AsyncIterator[Page[Any]]]
    word: str
    optional: bool = False


_RECIPIENTS = "recipients"
_FEEDS = {
    ResultKind.OPENS: _Feed(activities.open_pages, "opened"),
    ResultKind.CLICKS: _Feed(activities.click_pages, "clicked"),
    ResultKind.PAGE_VIEWS: _Feed(activities.page_view_pages, "viewed a page", optional=True),
    ResultKind.ROI: _Feed(activities.roi_pages, "brought ROI", optional=True),
}


async def read(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, campaign_id: int, *, asked: bool
) -> None:
    """One campaign's totals and, as far as its sync level and the account's switches say, what its recipients did: one
    item of the run, every recipient an outcome. `asked`: somebody asked for this one, so that its feeds are read
    whatever its totals say. Goes on at the cursor. Raises DyntuiError."""
    campaign = await ctx.read(lambda c: campaigns.get(c, account_id, campaign_id))
    if campaign is None:
        return
    item, place = str(campaign_id), ctx.at(CampaignsCursor).place
    if not ctx.at(CampaignsCursor).step:
        wanted = await ctx.read(lambda c: campaigns.reading(c, campaign))
        if wanted.level == "NONE":
            # Only where somebody asked for it by name.
            await ctx.begin_item(item, kind="campaign", name=campaign.name, place=place)
            note = f"no results were read: {reading_text(wanted)}"
            await _save(ctx, ctx.at(CampaignsCursor), campaign, lambda c: ctx.close_item(c, item, note=note))
            return
        if not await _begin(ctx, dd, campaign, wanted, asked):
            return
    await ctx.begin_item(item, kind="campaign", name=campaign.name, place=place)
    while (step := ctx.at(CampaignsCursor).step) != _TELL:
        if step == _RECIPIENTS:
            await _recipients(ctx, dd, campaign)
        else:
            await _events(ctx, dd, campaign, ResultKind(step))
    kinds = ctx.at(CampaignsCursor).kinds
    await engagement_rows.tell(ctx, dv, account_id, campaign_id, kinds, _stage(campaign))
    await _end(ctx, campaign)


def _stage(campaign: Campaign) -> str:
    return f"Reading results of {campaign.name}"


def _feed_of(campaign_id: int) -> str:
    return f"campaign-results/{campaign_id}"


def _print(totals: dict[str, Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(totals, order="sorted"), digest_size=12).hexdigest()


async def _begin(ctx: RunContext, dd: Dotdigital, campaign: Campaign, wanted: Reading, asked: bool) -> bool:
    """Its totals, into the store; whether there is something to be read besides.

    Who was mailed and did nothing shows in a reading from the beginning alone: the first, one that was broken off, the
    first after the campaign was sent to more people, and the first after more is wanted than was read.
    """
    account_id = campaign.account_id
    totals = msgspec.to_builtins(await dd_campaigns.summary(dd, campaign.id)) | await split_tests.read(dd, campaign)
    stored = await ctx.read(lambda c: watermarks.get(c, account_id, _feed_of(campaign.id)))
    before = msgspec.json.decode(stored, type=_Read) if stored else _Read()
    known = await ctx.read(lambda c: recipients.count_recipients(c, account_id, campaign.id))
    more = total(totals, "numTotalSent") > total(campaign.summary, "numTotalSent")
    detailed = bool(wanted.kinds)
    read_on = moment_of(before.on)
    whole = detailed and (not campaign.results_on or not known or more or campaign.read_again or read_on is None)
    as_they_are = _print(totals)
    news = detailed and (whole or asked or before.totals != as_they_are or _due(ctx, read_on))
    at = ctx.at(CampaignsCursor)
    if news:
        since = "" if whole or read_on is None else text_of(read_on - OVERLAP)
        at = replace(at, step=_RECIPIENTS, results_since=since, kinds=wanted.kinds, totals=as_they_are)

    def keep(c: Connection) -> None:
        now = "" if whole else ctx.now()
        campaigns.record_summary(c, account_id, campaign.id, totals, now)
        if campaign.read_again and not news:
            campaigns.record_results_read(c, account_id, campaign.id, now, again=_still_again(c, campaign, wanted))

    await _save(ctx, at, campaign, keep)
    return news


def _still_again(c: Connection, campaign: Campaign, read: Reading) -> bool:
    """Whether more has been asked for since, by somebody who changed a level or a switch during this reading."""
    return not read.holds(campaigns.reading(c, campaigns.get(c, campaign.account_id, campaign.id) or campaign))


def _due(ctx: RunContext, read_on: datetime | None) -> bool:
    until = moment_of(ctx.at(CampaignsCursor).until)
    return read_on is None or until is None or until - read_on >= _WHOLE_FEEDS_EVERY


async def _save(
    ctx: RunContext, at: CampaignsCursor, campaign: Campaign, work: Callable[[Connection], object] | None = None
) -> None:
    await ctx.save(at, stage=_stage(campaign), done=at.place, of=len(at.news or ()), work=work)


def _latest(at: CampaignsCursor) -> datetime:
    return (moment_of(at.until) or EPOCH) + feeds.AHEAD


def _after(at: CampaignsCursor, page: Page[Any], untimed: Sequence[str]) -> CampaignsCursor:
    """Behind a page: at the next one of the feed, or at the beginning of the next feed."""
    at = replace(at, repeats=at.repeats or page.repeats, untimed=(*at.untimed, *untimed)[: _NAMED + 1])
    if page.cursor is None:
        return _through(at)
    return replace(at, next=page.cursor, page=at.page + 1)


def _through(at: CampaignsCursor) -> CampaignsCursor:
    steps = (_RECIPIENTS, *(each.value for each in _FEEDS if each in at.kinds or each == at.step), _TELL)
    return replace(at, step=steps[steps.index(at.step) + 1], next="", page=0)


async def _recipients(ctx: RunContext, dd: Dotdigital, campaign: Campaign) -> None:
    at = ctx.at(CampaignsCursor)
    latest = _latest(at)
    async for page in activities.activity_pages(
        dd, campaign.id, since=moment_of(at.results_since), resume=at.next or None, takes_odd=True
    ):
        untimed = [
            f"contact {each.contact_id} {what} on {text[:_LONGEST]!r}"
            for each in page.rows
            for what, text in recipient_rows.times_of(each).items()
            if text and events.is_beyond(text, latest)
        ]
        keep = functools.partial(
            _keep_recipients,
            ctx=ctx,
            campaign=campaign,
            rows=[recipient_rows.understood(each, latest, at.kinds) for each in page.rows],
            left_out=recipient_rows.left_out(at.kinds),
            odd=odd_answers.unreadable(page.odd, f"{_RECIPIENTS} {at.page}"),
        )
        at = _after(at, page, untimed)
        await _save(ctx, at, campaign, keep)


_LONGEST = 40


def _keep_recipients(
    c: Connection,
    ctx: RunContext,
    campaign: Campaign,
    rows: Sequence[Recipient],
    left_out: Collection[str],
    odd: Sequence[PersonOutcome],
) -> None:
    item = str(campaign.id)
    recipients.record_recipients(
        c, campaign.account_id, campaign.id, rows, run_id=ctx.run_id, item=item, left_out=left_out
    )
    outcomes.record(c, ctx.run_id, item, odd)


async def _events(ctx: RunContext, dd: Dotdigital, campaign: Campaign, step: ResultKind) -> None:
    feed = _FEEDS[step]
    at = ctx.at(CampaignsCursor)
    latest, since = _latest(at), moment_of(at.results_since) or EPOCH
    try:
        async for page in feed.pages(dd, campaign.id, since=since, resume=at.next or None, takes_odd=True):
            rows: Sequence[Event] = page.rows
            untimed = [
                f"contact {each.contact_id} {feed.word} on {events.time_of(each)[:_LONGEST]!r}"
                for each in rows
                if events.is_beyond(events.time_of(each), latest)
            ]
            keep = functools.partial(
                _keep_events,
                ctx=ctx,
                campaign=campaign,
                rows=[events.understood(each, latest) for each in rows],
                odd=odd_answers.unreadable(page.odd, f"{step} {at.page}"),
            )
            at = _after(at, page, untimed)
            await _save(ctx, at, campaign, keep)
    except DotdigitalError as error:
        # Not every account has ROI tracking; the rest of the results does not wait for it.
        if not feed.optional or error.status not in (401, 403, 404):
            raise
        log.info("the %s of campaign %d could not be read: %s (%s)", step, campaign.id, error, error.detail)
        await _save(ctx, _through(at), campaign)


def _keep_events(
    c: Connection, ctx: RunContext, campaign: Campaign, rows: Sequence[Activity], odd: Sequence[PersonOutcome]
) -> None:
    recipients.record_activity(c, campaign.account_id, campaign.id, rows)
    outcomes.record(c, ctx.run_id, str(campaign.id), odd)


async def _end(ctx: RunContext, campaign: Campaign) -> None:
    """Everything of it was read; unless a feed did not go on, or nobody was in it: then the next run begins anew."""
    at = ctx.at(CampaignsCursor)
    account_id, item = campaign.account_id, str(campaign.id)
    now = await ctx.read(lambda c: campaigns.get(c, account_id, campaign.id))
    known = await ctx.read(lambda c: recipients.count_recipients(c, account_id, campaign.id))
    sent = total(now.summary, "numTotalSent") if now is not None else 0
    through = not at.repeats and (known > 0 or sent == 0)
    if at.repeats:
        await odd_answers.name_repeating(ctx, item, f"results of {campaign.name}")
    notes = [f"dotdigital counts {sent:,} mails, and lists {known:,} recipients"] if known < sent else []
    if at.untimed:
        more = "; and more" if len(at.untimed) > _NAMED else ""
        notes.append(f"kept without a time, as that cannot be: {'; '.join(at.untimed[:_NAMED])}{more}")

    def end(c: Connection) -> None:
        again = _still_again(c, campaign, Reading("DETAILED", at.kinds)) if through else None
        campaigns.record_results_read(c, account_id, campaign.id, ctx.now() if through else "", again=again)
        if through:
            mark = msgspec.json.encode(_Read(at.until, at.totals)).decode()
            watermarks.put(c, account_id, _feed_of(campaign.id), mark)
        ctx.close_item(c, item, note="; ".join(notes))

    await _save(ctx, at, campaign, end)
