"""A send as a page: how far it is, its waves, who and who not beside what was counted, and what came back."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.sends import SendResults, SendRow
from dyntui.service.answering import answers
from dyntui.service.contract.sends import SEND_SHOW, SendDetail, SendRef
from dyntui.service.named_sends import named_send
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import campaigns, results, run_window, send_waves, sends
from dyntui.store.failures import vanished


class SendPages:
    """The call `sends.show`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @answers(SEND_SHOW)
    async def show(self, context: CallContext, request: SendRef) -> SendDetail:
        """A send with everything that is known of it. Raises SEND_UNKNOWN, SEND_AMBIGUOUS."""
        row = await named_send(self._resources, request.id)
        return await self._resources.read(lambda c: _detail(c, row.id))


def _detail(c: Connection, send_id: str) -> SendDetail:
    this, row = sends.get(c, send_id), sends.row(c, send_id)
    if this is None or row is None:
        raise vanished("a send")
    forecast = sends.forecast(c, send_id)
    whole_id = row.waves_of or row.id
    waves = sends.waves_of(c, whole_id) if row.waves is not None else ()
    plan = send_waves.planned(c, whole_id)
    run_id = row.run or (waves[-1].run if waves else "")
    gone_out = row.state in ("Sending", "Sent") or bool(row.people_mailed) or bool(row.doubt)
    campaign = campaigns.get(c, this.account_id, this.campaign_id)
    return SendDetail(
        send=row,
        whole=sends.row(c, row.waves_of) if row.waves_of else None,
        waves=waves,
        run=run_window.row(c, run_id) if run_id else None,
        count=forecast.count_id,
        counted=forecast.counted,
        people=forecast.now,
        stop=plan.stop if plan is not None else "",
        results=_results(c, this, row) if gone_out else None,
        results_on=campaign.results_on if campaign is not None and gone_out else "",
    )


def _results(c: Connection, this: sends.Send, row: SendRow) -> SendResults:
    known = results.totals(c, this.account_id, this.campaign_id, this.count_id)
    return SendResults(
        mailed=row.people_mailed or 0,
        known=known.people,
        opened=known.opened,
        opens=known.opens,
        clicked=known.clicked,
        clicks=known.clicks,
        hard_bounced=known.hard_bounced,
        soft_bounced=known.soft_bounced,
        unsubscribed=known.unsubscribed,
        forwards=known.forwards,
        replies=known.replies,
    )


def use_cases(parts: Parts) -> SendPages:
    """What answers these calls."""
    return SendPages(parts.resources)
