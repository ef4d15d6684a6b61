"""A send as a page: how far it is, its waves, who and who not beside what was counted, and what came back."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from dyntui.model.campaign_results import ResultKind, unread_text
from dyntui.model.rates import Counts, delivered, rates
from dyntui.model.reasons import BY_CODE
from dyntui.model.sends import PersonChanged, SendResults, SendRow
from dyntui.model.why import Fact
from dyntui.service.answering import answers
from dyntui.service.contract.paging import Page
from dyntui.service.contract.sends import SEND_CHANGES, SEND_SHOW, ChangesQuery, SendDetail, SendRef
from dyntui.service.named_sends import named_send
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import campaigns, results, run_window, send_changes, send_waves, send_window, sends, why
from dyntui.store.failures import vanished


class SendPages:
    """The calls `sends.show` and `sends.changes`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @answers(SEND_SHOW)
    async def show(self, context: CallContext, request: SendRef) -> SendDetail:
        """A send with everything that is known of it. Raises SEND_UNKNOWN, SEND_AMBIGUOUS."""
        row = await named_send(self._resources, request.id)
        return await self._resources.read(lambda c: _detail(c, row.id))

    @answers(SEND_CHANGES)
    async def changes(self, context: CallContext, request: ChangesQuery) -> Page[PersonChanged]:
        """Each difference between what was confirmed and what became of it, with its cause and the date of that. Raises
        SEND_UNKNOWN, SEND_AMBIGUOUS, SORT_UNKNOWN."""
        row = await named_send(self._resources, request.id)
        return await self._resources.read(lambda c: _changes(c, request, row.id))


def _changes(c: Connection, request: ChangesQuery, send_id: str) -> Page[PersonChanged]:
    this = sends.get(c, send_id)
    if this is None:
        raise vanished("a send")
    found = send_changes.window(c, request, count_id=this.count_id)
    asked = [(each.person_id, each.address) for each in found.rows if each.reason]
    known = why.facts_of(c, asked, this.account_id, this.campaign_id, this.list_ids)
    rows = tuple(_with_cause(this, each, known.get(each.person_id, ())) for each in found.rows)
    return msgspec.structs.replace(found, rows=rows)


def _with_cause(this: sends.Send, row: PersonChanged, facts: tuple[Fact, ...]) -> PersonChanged:
    """The fact that a reason rests on tells the cause and when that was; where none is known it is when the send
    noticed it."""
    known = tuple(each for each in facts if each.code == row.reason)
    dated = max(known, key=lambda each: each.since or each.learned_on, default=None)
    entry = BY_CODE.get(row.reason)
    what = entry.title if entry else row.reason
    if not row.reason:
        before = BY_CODE.get(row.was.partition(" ")[2])
        what = f"No longer: {before.title}" if before else "Joined a target list" if not row.was else "May be mailed"
    detail = (dated.detail if dated is not None else "") or row.detail
    on = (dated.since or dated.learned_on) if dated is not None else ""
    return msgspec.structs.replace(
        row,
        cause=f"{what}: {detail}" if detail else what,
        on=on or this.sent_on or this.created_on,
        noticed=not on,
    )


def _detail(c: Connection, send_id: str) -> SendDetail:
    this, row = sends.get(c, send_id), send_window.row(c, send_id)
    if this is None or row is None:
        raise vanished("a send")
    forecast = send_window.forecast(c, send_id)
    whole_id = row.waves_of or row.id
    waves = send_window.waves_of(c, whole_id) if row.waves is not None else ()
    plan = send_waves.planned(c, whole_id)
    run_id = row.run or (waves[-1].run if waves else "")
    gone_out = row.state in ("Sending", "Sent") or bool(row.people_mailed) or bool(row.doubt)
    campaign = campaigns.get(c, this.account_id, this.campaign_id) if gone_out else None
    unread = unread_text(campaigns.reading(c, campaign)) if campaign is not None else ""
    return SendDetail(
        send=row,
        whole=send_window.row(c, row.waves_of) if row.waves_of else None,
        waves=waves,
        run=run_window.row(c, run_id) if run_id else None,
        count=forecast.count_id,
        counted=forecast.counted,
        people=forecast.now,
        stop=plan.stop if plan is not None else "",
        results=_results(c, this, row) if gone_out else None,
        results_on=campaign.results_on if campaign is not None and not unread else "",
        unread=unread,
    )


def _results(c: Connection, this: sends.Send, row: SendRow) -> SendResults:
    known = results.totals(c, this.account_id, this.campaign_id, this.count_id)
    read = campaigns.kinds_read(c, this.account_id, this.campaign_id)
    reached = delivered(known.people, known.hard_bounced, known.soft_bounced)
    shares = rates(
        Counts(
            sent=known.people,
            delivered=reached,
            opened=known.opened,
            clicked=known.clicked,
            bounced=known.people - reached,
            unsubscribed=known.unsubscribed,
        )
    )
    return SendResults(
        mailed=row.people_mailed or 0,
        known=known.people,
        delivered=reached,
        opened=known.opened,
        opens=known.opens,
        clicked=known.clicked,
        clicks=known.clicks,
        hard_bounced=known.hard_bounced,
        soft_bounced=known.soft_bounced,
        unsubscribed=known.unsubscribed,
        forwards=known.forwards,
        replies=known.replies,
        delivery_rate=shares.delivery,
        open_rate=shares.open,
        click_rate=shares.click,
        click_to_open_rate=shares.click_to_open,
        bounce_rate=shares.bounce,
        unsubscribe_rate=shares.unsubscribe,
        opens_read=ResultKind.OPENS in read,
        clicks_read=ResultKind.CLICKS in read,
    )


def use_cases(parts: Parts) -> SendPages:
    """What answers these calls."""
    return SendPages(parts.resources)
