"""Email campaigns as people see them: grid, page, target lists, counts, sends and results."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.query import guid
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.model import solution
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import text_of
from dyntui.service.contract.campaigns import (
    CampaignDetail,
    CampaignRef,
    CampaignReport,
    CampaignRow,
    CampaignsQuery,
    ChangeTargets,
    CountPeopleQuery,
    CountTargets,
    Hour,
    Link,
    ListReadiness,
    RecipientRow,
    RecipientsQuery,
    SendCampaign,
    SendRef,
    SendRow,
    TargetCount,
    Targets,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import PersonOutcome
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Identities
from dyntui.service.lists import row_of as list_row
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import campaigns as campaign_store
from dyntui.store import counts, members, results, runs, sends, watermarks
from dyntui.store import lists as list_store
from dyntui.store.campaigns import Campaign, CampaignsWindow
from dyntui.store.counts import Count, NewCount, PeopleWindow
from dyntui.store.lists import StoredList
from dyntui.store.results import RecipientsWindow
from dyntui.store.sends import NewSend, Send
from dyntui.sync.execution import SEND

# A send to more people than this asks for the number to be typed.
CONFIRM_ABOVE = 1000
# A target count is kept this long; afterwards the world has moved too far to send to it.
COUNT_LIFE = timedelta(hours=1)


def _total(campaign: Campaign, name: str) -> int:
    return int(campaign.summary.get(name) or 0)


def row_of(campaign: Campaign, account_names: Mapping[str, str]) -> CampaignRow:
    """A stored campaign as the contract shows it."""
    return CampaignRow(
        id=campaign.id,
        name=campaign.name,
        subject=campaign.subject,
        status=campaign.status,
        type=campaign.type,
        account=account_names.get(campaign.account_id, ""),
        split_test=campaign.split_test,
        targets=campaign.targets,
        sent_on=campaign.sent_on,
        sent=_total(campaign, "numTotalSent"),
        unique_opens=_total(campaign, "numTotalUniqueOpens"),
        unique_clicks=_total(campaign, "numRecipientsClicked"),
    )


def send_row(this: Send) -> SendRow:
    """A stored send as the contract shows it."""
    return SendRow(
        id=this.id,
        campaign=this.campaign_id,
        campaign_name=this.campaign_name,
        run=this.run_id,
        state=this.state,
        created_by=this.created_by,
        created_on=this.created_on,
        sent_on=this.sent_on,
        potential=this.potential,
        sendable=this.sendable,
        excluded=this.excluded,
        lists=this.lists,
        error=this.error,
    )


class Campaigns:
    """The calls of `campaigns.*` and `sends.*`."""

    def __init__(self, resources: Resources, identities: Identities, queue: Runs) -> None:
        self._resources = resources
        self._identities = identities
        self._queue = queue

    async def page(self, context: CallContext, request: CampaignsQuery) -> Page[CampaignRow]:
        """A window on the campaigns as last synchronised, newest first."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        asked = CampaignsWindow(
            view=request.view,
            account_id=account_id,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: campaign_store.window(c, asked))
        as_of = max((each.read_on for each in found.rows), default="")
        names = await self._resources.account_names()
        rows = tuple(row_of(each, names) for each in found.rows)
        return Page(rows=rows, matching=found.matching, total=found.total, offset=request.offset, as_of=as_of)

    async def get(self, context: CallContext, request: CampaignRef) -> CampaignDetail:
        """A campaign's page; its text is fetched from dotdigital the first time it is shown."""
        campaign = await self._known(request)
        text = campaign.body_text
        if not text:
            dd = await self._resources.connections.dotdigital(campaign.account_id)
            details = await dd_campaigns.campaign(dd, campaign.id)
            text = (details.plain_text_content or "") if details is not None else ""
            await self._resources.write(
                lambda c: campaign_store.record_content(c, campaign.account_id, campaign.id, text)
            )
        made = await self._resources.read(lambda c: sends.of_campaign(c, campaign.account_id, campaign.id))
        active = await self._resources.read(lambda c: runs.active(c, _send_key(campaign)))
        return CampaignDetail(
            row=row_of(campaign, await self._resources.account_names()),
            from_name=campaign.from_name,
            from_address=campaign.from_address,
            reply_to=campaign.reply_to,
            text=text,
            tags=campaign.tags,
            targets=(await self._targets(campaign)).rows,
            sends=tuple(send_row(each) for each in made),
            active_run=active.id if active else "",
        )

    async def targets(self, context: CallContext, request: CampaignRef) -> Targets:
        """The campaign's target marketing lists."""
        return await self._targets(await self._known(request))

    async def _targets(self, campaign: Campaign) -> Targets:
        names = await self._resources.account_names()
        return Targets(tuple(list_row(each, names) for each in await self._target_lists(campaign)))

    async def _target_lists(self, campaign: Campaign) -> list[StoredList]:
        ids = await self._resources.read(lambda c: campaign_store.targets(c, campaign.account_id, campaign.id))
        return await self._resources.read(lambda c: list_store.stored(c, ids))

    async def change_targets(self, context: CallContext, request: ChangeTargets) -> Targets:
        """Adds and removes target lists, in Dynamics first, in the person's own name."""
        campaign = await self._known(CampaignRef(request.id))
        if not campaign.row_id:
            raise DyntuiError(
                "CAMPAIGN_NOT_IN_DYNAMICS",
                f"Dynamics has no row for the email campaign {campaign.name!r} yet.",
                not_done="The targets were not changed.",
                remedy="Synchronise the email campaigns; the log says why Dynamics refused it, if it did.",
            )
        adding = await self._resources.read(lambda c: list_store.stored(c, request.add))
        wrong = [each.name for each in adding if not each.activated or each.account_id != campaign.account_id]
        if wrong or len(adding) < len(request.add):
            raise DyntuiError(
                "LIST_NOT_ACTIVATED",
                ("Not activated for email: " + ", ".join(wrong) + ".") if wrong else "A marketing list is not known.",
                not_done="The targets were not changed.",
                remedy="Activate the list for email first.",
                exit=Exit.USAGE,
            )
        person = await self._identities.person(context.uid)
        caller = person.object_id if person else None
        dv = await self._resources.connections.dataverse()
        own = (dv, solution.EMAIL_CAMPAIGN.entity_set, guid(campaign.row_id), solution.CAMPAIGN_LISTS.schema_name)
        for each in request.add:
            await dv_rows.associate(*own, "lists", guid(each), caller=caller)
        for each in request.remove:
            await dv_rows.disassociate(*own, guid(each), caller=caller)
        await self._resources.write(
            lambda c: campaign_store.change_targets(c, campaign.account_id, campaign.id, request.add, request.remove)
        )
        self._resources.publish("campaigns.changed", Nothing())
        return await self._targets(campaign)

    async def count(self, context: CallContext, request: CountTargets) -> TargetCount:
        """A new snapshot of the campaign's targets. Raises CAMPAIGN_NO_TARGETS, CAMPAIGN_NOT_SENDABLE."""
        campaign = await self._known(CampaignRef(request.id))
        targets = await self._target_lists(campaign)
        chosen = [each for each in targets if not request.lists or each.id in request.lists]
        if not chosen:
            raise DyntuiError(
                "CAMPAIGN_NO_TARGETS",
                f"The email campaign {campaign.name!r} has no target marketing list.",
                not_done="Nobody was counted, nothing was sent.",
                remedy="Add an activated marketing list to its targets.",
                exit=Exit.USAGE,
            )
        if campaign.status.casefold() not in ("unsent", "sent", "sending"):
            raise DyntuiError(
                "CAMPAIGN_NOT_SENDABLE",
                f"The email campaign {campaign.name!r} is {campaign.status} in dotdigital.",
                not_done="Nobody was counted, nothing was sent.",
                remedy="Only campaigns that are Unsent or Sent there can be sent.",
                exit=Exit.USAGE,
            )
        readiness = tuple([await self._readiness(each) for each in chosen])
        expired = text_of(self._resources.clock() - COUNT_LIFE)
        as_of = await self._resources.read(lambda c: watermarks.get(c, campaign.account_id, "suppressed-since"))

        new = NewCount(
            id=self._resources.ids(),
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            lists=[each.id for each in readiness if each.ready],
            counted_on=self._resources.now(),
            suppressions_as_of=as_of,
        )

        def snapshot(c: Connection) -> Count:
            counts.delete_older_than(c, expired)
            return counts.snapshot(c, new)

        made = await self._resources.write(snapshot)
        return TargetCount(
            id=made.id,
            campaign=campaign.id,
            campaign_name=campaign.name,
            potential=made.potential,
            sendable=made.sendable,
            excluded=made.excluded,
            lists=readiness,
            counted_on=made.counted_on,
            suppressions_as_of=as_of,
            confirm_above=CONFIRM_ABOVE,
        )

    async def _readiness(self, target: StoredList) -> ListReadiness:
        """Whether a list can take part: it was synchronised, and no import of it is under way."""
        make = functools.partial(ListReadiness, id=target.id, name=target.name, members=_members(target))
        if not target.activated:
            return make(ready=False, reason="NOT_SYNCED", explanation="The list is not activated for email.")
        if not target.last_synced:
            return make(ready=False, reason="NOT_SYNCED", explanation="The list has not been synchronised yet.")
        if await self._resources.read(lambda c: members.pending_count(c, target.id)):
            return make(ready=False, reason="IMPORT_PENDING", explanation="The list is being synchronised.")
        return make(ready=True)

    async def count_people(self, context: CallContext, request: CountPeopleQuery) -> Page[PersonOutcome]:
        """The people behind a slice of a target count."""
        asked = PeopleWindow(
            count_id=request.count,
            reason=request.reason,
            sendable=request.sendable,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: counts.window(c, asked))
        rows = tuple(
            PersonOutcome(
                entity=each.entity,
                person=each.person,
                name=each.name,
                address=each.address,
                outcome=each.outcome,
                reason=each.reason,
                detail=each.detail,
                also=each.also,
            )
            for each in found.rows
        )
        return Page(rows=rows, matching=found.matching, total=found.total, offset=request.offset)

    async def send(self, context: CallContext, request: SendCampaign) -> SendRow:
        """Sends to exactly the people of a count; COUNT_UNKNOWN, SEND_NO_RECIPIENTS, SEND_NOT_CONFIRMED are raised."""
        known = await self._resources.read(lambda c: counts.get(c, request.count))
        if known is None or known.counted_on < text_of(self._resources.clock() - COUNT_LIFE):
            raise _count_unknown()
        sendable = known.sendable
        if sendable == 0:
            raise DyntuiError(
                "SEND_NO_RECIPIENTS",
                "Nobody in the target count may be mailed.",
                not_done="Nothing was sent: the platform is never called without recipients.",
                remedy="See the exclusions of the count."
                if known.potential
                else "Synchronise the target lists, then count again: none of them was ready to be counted.",
                exit=Exit.USAGE,
            )
        if sendable > CONFIRM_ABOVE and request.confirm != sendable:
            raise DyntuiError(
                "SEND_NOT_CONFIRMED",
                f"A send to {sendable:,} people needs that number as its confirmation.",
                not_done="Nothing was sent.",
                remedy=f"Type {sendable}, or give `--confirm {sendable}`.",
                exit=Exit.USAGE,
            )
        campaign = await self._known(CampaignRef(known.campaign_id, known.account_id))
        person = await self._identities.person(context.uid)
        lists = await self._resources.read(lambda c: list_store.stored(c, known.lists))
        new = NewSend(
            id=self._resources.ids(),
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            count_id=known.id,
            created_by=person.name if person else "",
            created_on=self._resources.now(),
            lists=tuple(each.name for each in lists),
            list_ids=tuple(each.id for each in lists),
        )

        def take(c: Connection, run_id: str) -> None:
            # Looked at where it is taken: of two who send the same count at once, one comes too late.
            if counts.get(c, new.count_id) is None or sends.of_count(c, new.count_id) is not None:
                raise _count_unknown()
            sends.create(c, msgspec.structs.replace(new, run_id=run_id))

        await self._queue.queue(
            context, SEND, campaign.name, campaign.account_id, {"send": new.id}, key=_send_key(campaign), work=take
        )
        return await self.send_get(context, SendRef(new.id))

    async def send_get(self, context: CallContext, request: SendRef) -> SendRow:
        """A send as it stands."""
        this = await self._resources.read(lambda c: sends.get(c, request.id))
        if this is None:
            raise DyntuiError(
                "SEND_UNKNOWN",
                f"There is no send {request.id!r}.",
                not_done="Nothing was read or changed.",
                remedy="See the sends on the campaign's page.",
                exit=Exit.USAGE,
            )
        return send_row(this)

    async def report(self, context: CallContext, request: CampaignRef) -> CampaignReport:
        """Results: totals as the platform gives them, people where they are known one by one."""
        campaign = await self._known(request)
        key = (campaign.account_id, campaign.id)
        hours = await self._resources.read(lambda c: results.hours(c, *key))
        links = await self._resources.read(lambda c: results.links(c, *key))
        made = await self._resources.read(lambda c: sends.of_campaign(c, *key))
        sent, delivered = _total(campaign, "numTotalSent"), _total(campaign, "numTotalDelivered")
        opened, clicked = _total(campaign, "numTotalUniqueOpens"), _total(campaign, "numRecipientsClicked")
        hard, soft = _total(campaign, "numTotalHardBounces"), _total(campaign, "numTotalSoftBounces")
        unsubscribed = _total(campaign, "numTotalUnsubscribes")
        return CampaignReport(
            row=row_of(campaign, await self._resources.account_names()),
            as_of=campaign.results_on,
            sent=sent,
            delivered=delivered,
            unique_opens=opened,
            opens=_total(campaign, "numTotalOpens"),
            unique_clicks=clicked,
            clicks=_total(campaign, "numTotalClicks"),
            hard_bounces=hard,
            soft_bounces=soft,
            unsubscribes=unsubscribed,
            complaints=_total(campaign, "numTotalIspComplaints"),
            forwards=_total(campaign, "numForwards"),
            replies=_total(campaign, "numTotalReplies"),
            delivery_rate=_rate(delivered, sent),
            open_rate=_rate(opened, delivered),
            click_rate=_rate(clicked, delivered),
            click_to_open_rate=_rate(clicked, opened),
            bounce_rate=_rate(hard + soft, sent),
            unsubscribe_rate=_rate(unsubscribed, delivered),
            hours=tuple(Hour(hour=each.hour, opens=each.opens, clicks=each.clicks) for each in hours),
            links=tuple(Link(url=each.url, clicks=each.clicks, people=each.people) for each in links),
            sends=tuple(send_row(each) for each in made),
        )

    async def recipients(self, context: CallContext, request: RecipientsQuery) -> Page[RecipientRow]:
        """A window on what each recipient did."""
        campaign = await self._known(CampaignRef(request.id))
        asked = RecipientsWindow(
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            filter=request.filter,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: results.window(c, asked))
        rows = tuple(
            RecipientRow(
                address=each.address,
                contact_id=each.contact_id,
                sent_on=each.sent_on,
                opens=each.opens,
                clicks=each.clicks,
                first_opened=each.first_opened,
                last_opened=each.last_opened,
                unsubscribed=each.unsubscribed,
                soft_bounced=each.soft_bounced,
                hard_bounced=each.hard_bounced,
                name=each.name,
            )
            for each in found.rows
        )
        return Page(
            rows=rows,
            matching=found.matching,
            total=found.total,
            offset=request.offset,
            as_of=campaign.results_on,
        )

    async def _known(self, request: CampaignRef) -> Campaign:
        """The campaign; raises CAMPAIGN_UNKNOWN, CAMPAIGN_AMBIGUOUS where two accounts hold the number."""
        found = await self._resources.read(lambda c: campaign_store.find(c, request.id))
        if request.account:
            account = await chosen_account(self._resources, request.account)
            found = [each for each in found if each.account_id == account.id]
        if len(found) == 1:
            return found[0]
        if found:
            raise DyntuiError(
                "CAMPAIGN_AMBIGUOUS",
                f"Several email accounts have a campaign {request.id}.",
                not_done="Nothing was read or changed.",
                remedy="Name the email account.",
                exit=Exit.USAGE,
            )
        raise DyntuiError(
            "CAMPAIGN_UNKNOWN",
            f"There is no email campaign {request.id}.",
            not_done="Nothing was read or changed.",
            remedy="Synchronise the email campaigns; it may have been deleted in dotdigital.",
            exit=Exit.USAGE,
        )


def _count_unknown() -> DyntuiError:
    return DyntuiError(
        "COUNT_UNKNOWN",
        "The target count is not there any more.",
        not_done="Nothing was sent.",
        remedy="Count the targets again; a count is kept for an hour, and only one send can take it.",
        exit=Exit.USAGE,
    )


def _members(target: StoredList) -> int:
    """As last read; before that as many as Dynamics says."""
    return target.people if target.people is not None else target.member_count or 0


def _send_key(campaign: Campaign) -> str:
    return f"{SEND}/{campaign.account_id}/{campaign.id}"


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
