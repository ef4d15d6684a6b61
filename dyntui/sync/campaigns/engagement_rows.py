"""What recipients did, in Dynamics: a row for each person, campaign and kind of what they did, written where it differs
from what was written before."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterator, Mapping

from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.model import solution
from dyntui.model.campaign_results import ResultKind
from dyntui.model.lengths import cut
from dyntui.store import campaigns, recipients
from dyntui.store.campaigns import Campaign
from dyntui.store.recipients import Engagement, Events
from dyntui.sync.campaigns import campaign_rows
from dyntui.sync.campaigns.events import key_of
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_AT_ONCE = 500

log = logging.getLogger(__name__)


async def tell(
    ctx: RunContext, dv: Dataverse, account_id: str, campaign_id: int, kinds: Collection[ResultKind], stage: str
) -> None:
    """What recipients whom Dynamics knows did, where it changed, some recipients at a time; of these kinds alone.

    A person whom Dynamics refuses delays no other: it is named, and tried again by the next run. Where the record has
    been deleted since there is nothing to be mended: the log alone says so. A campaign's own row that was deleted is
    made anew.
    """
    campaign = await ctx.read(lambda c: campaigns.get(c, account_id, campaign_id))
    if campaign is None or not campaign.row_id:
        # Dynamics refused the campaign's own row, and was named for it; or somebody has forgotten the campaign since.
        return
    named, gone = await _tell(ctx, dv, campaign, kinds, stage)
    if gone and await campaign_rows.made_anew(ctx, dv, account_id, campaign_id):
        again = await ctx.read(lambda c: campaigns.get(c, account_id, campaign_id))
        named, _ = await _tell(ctx, dv, again or campaign, kinds, stage)
    title = f"What recipients of {campaign.name} did, in Dynamics"
    await name_refused(ctx, f"rows of {campaign_id}", "campaign", title, list(named.items()))


async def _tell(
    ctx: RunContext, dv: Dataverse, campaign: Campaign, kinds: Collection[ResultKind], stage: str
) -> tuple[dict[str, DataverseError], bool]:
    """Whom Dynamics refuses, and whether a row that is referred to was gone."""
    account_id, campaign_id = campaign.account_id, campaign.id
    after, gone = -1, False
    named: dict[str, DataverseError] = {}
    sends = ResultKind.OPENS in kinds
    while some := await ctx.read(
        lambda c: recipients.unwritten_engagements(
            c,
            account_id,
            campaign_id,
            _AT_ONCE,
            after,  # noqa: B023 - awaited
            sends=sends,
        )
    ):
        contacts = [person.contact_id for person in some]
        found = await ctx.read(lambda c: recipients.events_of(c, account_id, campaign_id, contacts))  # noqa: B023
        events = {(each.contact_id, each.kind): each for each in found}
        rows = [(person, row) for person in some for row in _engagements(campaign, person, events, kinds)]
        results = await upsert_rows(dv, solution.ENGAGEMENT, [row for _, row in rows])
        refused: set[int] = set()
        for (person, _), result in zip(rows, results, strict=True):
            if result.error is not None:
                refused.add(person.contact_id)
                log.warning("Dynamics refused what %s did: %s %s", person.person_id, result.error, result.error.detail)
                if result.error.platform_code in GONE:
                    gone = True
                else:
                    named[person.person_id] = result.error
        after = some[-1].contact_id
        told = [each for each in some if each.contact_id not in refused]
        keep = functools.partial(
            recipients.engagements_written, account_id=account_id, campaign_id=campaign_id, rows=told
        )
        await ctx.save(ctx.cursor, stage=stage, work=keep)
    return named, gone


_KINDS = {label: value for value, label in solution.ENGAGEMENT_KINDS.items()}
_LOOKUPS = {"contact": ("dyntui_ContactId", "contacts"), "lead": ("dyntui_LeadId", "leads")}
_NAME, _URL, _VALUE = 255, 2000, 255


def _engagements(
    campaign: Campaign,
    person: Engagement,
    events: Mapping[tuple[int, str], Events],
    kinds: Collection[ResultKind],
) -> Iterator[dict[str, object]]:
    """Its rows. Of replies dotdigital's listing tells how many there are, and not when they came."""

    def of(kind: str) -> Events:
        nothing = Events(contact_id=person.contact_id, kind=kind, times=0, first="", last="", url="")
        return events.get((person.contact_id, kind), nothing)

    def row(kind: str, when: str, times: int, **more: str) -> dict[str, object]:
        return {**_engagement(campaign, person, kind, when, times), **more}

    if ResultKind.OPENS in kinds:
        yield row("Sent", person.sent_on, 1)
        if person.hard_bounced or person.soft_bounced:
            yield row("Bounced", person.sent_on, 1)
        if person.opens:
            yield row("Opened", person.first_opened, person.opens)
        if person.replies:
            yield row("Replied", "", person.replies)
    if person.clicks and ResultKind.CLICKS in kinds:
        clicks = of("click")
        yield row("Clicked", clicks.first, person.clicks, dyntui_url=cut(clicks.url, _URL))
    if person.page_views and ResultKind.PAGE_VIEWS in kinds:
        views = of("page")
        yield row("Page visited", views.first, person.page_views, dyntui_url=cut(views.url, _URL))
    if ResultKind.ROI in kinds and (roi := of("roi")).times:
        yield row("ROI", roi.last, roi.times, dyntui_value=cut("; ".join(roi.worth), _VALUE))


def _engagement(campaign: Campaign, person: Engagement, kind: str, when: str, times: int) -> dict[str, object]:
    row: dict[str, object] = {
        KEY: key_of(campaign.account_id, campaign.id, person.person_id, kind),
        "dyntui_name": cut(f"{kind}: {campaign.name}", _NAME),
        "dyntui_kind": _KINDS[kind],
        "dyntui_happenedon": when or None,
        "dyntui_address": person.address,
        "dyntui_times": times,
        "dyntui_EmailCampaignId@odata.bind": bind(solution.EMAIL_CAMPAIGN.entity_set, campaign.row_id),
    }
    if person.entity in _LOOKUPS:
        column, entity_set = _LOOKUPS[person.entity]
        row[f"{column}@odata.bind"] = bind(entity_set, person.person_id)
    return row
