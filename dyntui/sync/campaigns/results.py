"""The results of one campaign: its totals and, where asked for, its recipients and what they did, page by page. Who a
recipient is stands in the listing of recipients alone: it is read whichever kind is wanted.

Where a campaign was read before, its feeds are asked for what came since, with an overlap: dotdigital may process
openings and clicks late. What is read again is known by its key. Totals that are as they were tell that there is
nothing new. What was processed later than the overlap shows in the totals alone: where they count more than people are
known for, the campaign is read from the beginning, as `dyntui.model.late_results` says how often. ROI does not show in
them, so it is read once a day all the same, and as often from the beginning.
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
from dyntui.model import late_results
from dyntui.model.campaign_results import Reading, ResultKind, reading_text
from dyntui.model.cursors import CampaignsCursor
from dyntui.model.late_results import Behind
from dyntui.model.moments import EPOCH, due_again, moment_of, text_of
from dyntui.model.outcomes import PersonOutcome
from dyntui.store import campaigns, outcomes, recipients, watermarks
from dyntui.store.campaigns import Campaign, total
from dyntui.store.recipients import Activity, Recipient
from dyntui.sync import feeds, odd_answers
from dyntui.sync.campaigns import engagement_rows, events, missing, split_tests
from dyntui.sync.campaigns import recipients as recipient_rows
from dyntui.sync.campaigns.events import Event
from dyntui.sync.run_context import RunContext

# How late dotdigital mostly processes what somebody did; nobody says so.
OVERLAP = timedelta(hours=48)
# As many as a person reads.
_NAMED = 5
_TELL = "tell"

log = logging.getLogger(__name__)


class _Read(msgspec.Struct, frozen=True):
    """Up to when a campaign's feeds were read, by dotdigital's clock, and a fingerprint of its totals then. `whole_on`,
    `roi_on`: when they were, and ROI was, read from the beginning; `behind`: what nobody was known for then, None where
    nobody had looked."""

    on: str = ""
    totals: str = ""
    whole_on: str = ""
    roi_on: str = ""
    behind: Behind | None = None


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
    await _feeds(ctx, dd, campaign)
    if await _again(ctx, campaign, asked):
        await _feeds(ctx, dd, campaign)
    kinds = ctx.at(CampaignsCursor).kinds
    await engagement_rows.tell(ctx, dv, account_id, campaign_id, kinds, _stage(campaign))
    await _end(ctx, campaign)


async def _feeds(ctx: RunContext, dd: Dotdigital, campaign: Campaign) -> None:
    while (step := ctx.at(CampaignsCursor).step) != _TELL:
        if step == _RECIPIENTS:
            await _recipients(ctx, dd, campaign)
        else:
            await _events(ctx, dd, campaign, ResultKind(step))


async def _again(ctx: RunContext, campaign: Campaign, asked: bool) -> bool:
    """Whether all of it is read from the beginning, now that its news leave something missing."""
    at = ctx.at(CampaignsCursor)
    if not at.results_since or at.repeats:
        return False
    before = await ctx.read(lambda c: _known(c, campaign))
    behind = await ctx.read(lambda c: _behind(c, campaign, at, before))
    if not behind.again or not (asked or _due(campaign, before.whole_on, at.until)):
        return False
    await _save(ctx, replace(at, step=_RECIPIENTS, next="", page=0, results_since="", roi_since=""), campaign)
    return True


def _known(c: Connection, campaign: Campaign) -> _Read:
    stored = watermarks.get(c, campaign.account_id, _feed_of(campaign.id))
    return msgspec.json.decode(stored, type=_Read) if stored else _Read()


def _behind(c: Connection, campaign: Campaign, at: CampaignsCursor, before: _Read) -> Behind:
    """How far what is known of its people is behind its totals, now that the feeds were read."""
    missing_now = missing.of_people(c, campaign, at.kinds)
    after = late_results.after_news if at.results_since else late_results.after_whole
    return after(before.behind or Behind(), missing_now)


def _due(campaign: Campaign, on: str, until: str) -> bool:
    """Whether what was done up to `on` is to be done again at `until`."""
    now = moment_of(until)
    return now is None or late_results.due(moment_of(campaign.sent_on), moment_of(on), now)


def _stage(campaign: Campaign) -> str:
    return f"Reading results of {campaign.name}"


def _feed_of(campaign_id: int) -> str:
    return f"campaign-results/{campaign_id}"


def _print(totals: dict[str, Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(totals, order="sorted"), digest_size=12).hexdigest()


async def _begin(ctx: RunContext, dd: Dotdigital, campaign: Campaign, wanted: Reading, asked: bool) -> bool:
    """Its totals, into the store; whether there is something to be read besides.

    Who was mailed and did nothing shows in a reading from the beginning alone: the first, one that was broken off, the
    first after the campaign was sent to more people, the first after more is wanted than was read, and one for what the
    totals count and nobody is known for.
    """
    account_id = campaign.account_id
    totals = msgspec.to_builtins(await dd_campaigns.summary(dd, campaign.id)) | await split_tests.read(dd, campaign)
    before = await ctx.read(lambda c: _known(c, campaign))
    known = await ctx.read(lambda c: recipients.count_recipients(c, account_id, campaign.id))
    more = total(totals, "numTotalSent") > total(campaign.summary, "numTotalSent")
    read_on = moment_of(before.on)
    whole = not campaign.results_on or not known or more or campaign.read_again or read_on is None
    at = ctx.at(CampaignsCursor)
    late = before.behind is not None and before.behind.again and (asked or _due(campaign, before.whole_on, at.until))
    whole = bool(wanted.kinds) and (whole or late)
    as_they_are = _print(totals)
    step = _RECIPIENTS if whole or asked or before.totals != as_they_are else _else(at, wanted, before)
    # Which has reached nobody, such as one that waits to be triggered.
    empty = not known and not total(totals, "numTotalSent") and not asked
    whole = whole and not empty
    news = bool(wanted.kinds and step and not empty)
    if news:
        since = "" if whole or read_on is None else text_of(read_on - OVERLAP)
        roi = "" if _due(campaign, before.roi_on, at.until) else since
        at = replace(at, step=step, results_since=since, roi_since=roi, kinds=wanted.kinds, totals=as_they_are)

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


def _else(at: CampaignsCursor, wanted: Reading, before: _Read) -> str:
    """With which step to begin where the totals are as they were; `""`: nothing is to be read."""
    read_on, until = moment_of(before.on), moment_of(at.until)
    if ResultKind.ROI in wanted.kinds and (until is None or due_again(read_on, until, late_results.A_DAY)):
        return ResultKind.ROI.value
    return "" if before.behind is not None else _TELL


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
    latest = _latest(at)
    since = moment_of(at.roi_since if step is ResultKind.ROI else at.results_since) or EPOCH
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
    before = await ctx.read(lambda c: _known(c, campaign))
    behind = await ctx.read(lambda c: _behind(c, campaign, at, before))
    whole_on = before.whole_on if at.results_since else at.until
    roi_on = before.roi_on if at.roi_since or ResultKind.ROI not in at.kinds else at.until
    notes = [f"dotdigital counts {sent:,} mails, and lists {known:,} recipients"] if known < sent else []
    notes += await ctx.read(lambda c: _late(c, campaign, at, behind, whole_on))
    if at.untimed:
        more = "; and more" if len(at.untimed) > _NAMED else ""
        notes.append(f"kept without a time, as that cannot be: {'; '.join(at.untimed[:_NAMED])}{more}")

    def end(c: Connection) -> None:
        again = _still_again(c, campaign, Reading("DETAILED", at.kinds)) if through else None
        campaigns.record_results_read(c, account_id, campaign.id, ctx.now() if through else "", again=again)
        if through:
            mark = _Read(at.until, at.totals, whole_on, roi_on, behind)
            watermarks.put(c, account_id, _feed_of(campaign.id), msgspec.json.encode(mark).decode())
        ctx.close_item(c, item, note="; ".join(notes))

    await _save(ctx, at, campaign, end)


def _late(c: Connection, campaign: Campaign, at: CampaignsCursor, behind: Behind, whole_on: str) -> list[str]:
    """What the totals count and nobody is known for, in words, and when it is looked for; the recipients are named by
    another note."""
    counted = missing.in_words(missing.of_people(c, campaign, at.kinds), but=("recipients",))
    if not counted:
        return []
    when = _looked_for(campaign, behind, whole_on)
    again = f"; it is read again from the beginning after {when}" if when else ""
    return [f"dotdigital counts {counted} more than it tells of people{again}"]


def _looked_for(campaign: Campaign, behind: Behind, whole_on: str) -> str:
    """After when it is read from the beginning once more; `""`: that finds nothing."""
    whole = moment_of(whole_on)
    if not behind.again or whole is None:
        return ""
    return text_of(late_results.next_look(moment_of(campaign.sent_on), whole))


def counted_only(c: Connection, campaign: Campaign) -> tuple[str, str]:
    """What its totals count and nobody is known for, in words, and after when that is looked for once more; `""`, `""`:
    nothing, as far as its results were read to their end."""
    read, kinds = _known(c, campaign), campaigns.reading(c, campaign).kinds
    if read.behind is None or not kinds:
        return "", ""
    counted = missing.in_words(missing.of_people(c, campaign, kinds))
    return counted, _looked_for(campaign, read.behind, read.whole_on) if counted else ""
