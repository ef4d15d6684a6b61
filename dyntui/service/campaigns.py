"""Email campaigns as people see them: grid, page, target lists."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.query import guid
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.model import mail_preview, solution
from dyntui.model.admin_changes import AdminChange
from dyntui.model.campaign_results import reading_text
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sync_types import SEND
from dyntui.service import counted_only, own_lists
from dyntui.service.answering import answers
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_EDIT,
    CAMPAIGN_GET,
    CAMPAIGN_PREVIEW,
    CAMPAIGN_TARGETS,
    CAMPAIGNS_PAGE,
    CampaignDetail,
    CampaignRef,
    CampaignRow,
    CampaignsQuery,
    ChangeTargets,
    EditCampaign,
    MailPreview,
    Targets,
)
from dyntui.service.contract.paging import Page
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts as account_store
from dyntui.store import admin_changes, campaign_window, list_window, runs, send_window
from dyntui.store import campaigns as campaign_store
from dyntui.store import lists as list_store
from dyntui.store.campaigns import Campaign
from dyntui.store.lists import StoredList

# Somebody waits for the page, and the text is the least of it.
TEXT_SECONDS = 1.5
# Of the text: what somebody looks at, not an archive of it.
_LONGEST_TEXT = 100_000
_AS_ACCOUNT = "as the email account says"
# The subject under which it is kept who changed what about campaigns.
SUBJECT = "campaigns"

log = logging.getLogger(__name__)


class Campaigns:
    """The calls of `campaigns.*` that read campaigns and change their targets."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities
        # Campaigns without a plain text, by when they were read: until they are read again nobody is asked for it.
        self._without_text: dict[tuple[str, int], str] = {}

    @answers(CAMPAIGNS_PAGE)
    async def page(self, context: CallContext, request: CampaignsQuery) -> Page[CampaignRow]:
        """A window on the campaigns as last synchronised, newest first."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(
            lambda c: campaign_window.window(c, request, view=request.view, account_id=account_id)
        )

    @answers(CAMPAIGN_GET)
    async def get(self, context: CallContext, request: CampaignRef) -> CampaignDetail:
        """A campaign's page; its text is fetched from dotdigital the first time it is shown."""
        campaign = await self.known(request)
        text = campaign.body_text or await self._text(campaign)
        made = await self._resources.read(lambda c: send_window.of_campaign(c, campaign.account_id, campaign.id))
        active = await self._resources.read(lambda c: runs.active(c, SEND.key(campaign.account_id, campaign.id)))
        return CampaignDetail(
            row=await self._resources.read(lambda c: campaign_window.row(c, campaign.account_id, campaign.id)),
            from_name=campaign.from_name,
            from_address=campaign.from_address,
            reply_to=campaign.reply_to,
            text=text,
            tags=campaign.tags,
            targets=(await self._targets(campaign)).rows,
            sends=made,
            active_run=active.id if active else "",
            as_of=campaign.read_on,
            reads=reading_text(await self._resources.read(lambda c: campaign_store.reading(c, campaign))),
            counted_only=await self._resources.read(lambda c: counted_only.of(c, campaign)),
        )

    @answers(CAMPAIGN_EDIT)
    async def edit(self, context: CallContext, request: EditCampaign) -> CampaignRow:
        """Gives a campaign a sync level of its own, or that of its email account. Raises CAMPAIGN_UNKNOWN,
        CAMPAIGN_AMBIGUOUS."""
        campaign = await self.known(CampaignRef(request.id, request.account))
        account = await chosen_account(self._resources, campaign.account_id)

        def keep(c: Connection) -> None:
            before = campaign_store.get(c, campaign.account_id, campaign.id)
            if before is None or before.sync_level == request.sync_level:
                return
            campaign_store.set_level(c, account, before, request.sync_level)
            self.record(
                c,
                context,
                before,
                f"sync level of {campaign.name}",
                before.sync_level or _AS_ACCOUNT,
                request.sync_level or _AS_ACCOUNT,
            )

        await self._resources.write(keep)
        return await self._resources.read(lambda c: campaign_window.row(c, campaign.account_id, campaign.id))

    async def _text(self, campaign: Campaign) -> str:
        """The campaign's text as dotdigital has it; where that cannot be had in time, why not: the page shows what is
        stored all the same."""
        if self._without_text.get((campaign.account_id, campaign.id)) == campaign.read_on:
            return ""
        try:
            return await asyncio.wait_for(self._fetched(campaign), TEXT_SECONDS)
        except TimeoutError:
            return f"(The text could not be read: no answer from dotdigital within {TEXT_SECONDS:g} seconds.)"
        except DyntuiError as error:
            log.warning("campaign %d: its text could not be read: %s (%s)", campaign.id, error, error.detail)
            return f"(The text could not be read: {error.message})"

    async def _fetched(self, campaign: Campaign) -> str:
        dd = await self._resources.connections.dotdigital(campaign.account_id)
        details = await dd_campaigns.campaign(dd, campaign.id)
        text = (details.plain_text_content or "")[:_LONGEST_TEXT] if details is not None else ""
        if not text:
            self._without_text[campaign.account_id, campaign.id] = campaign.read_on
            return ""
        await self._resources.write(lambda c: campaign_store.record_content(c, campaign.account_id, campaign.id, text))
        return text

    @answers(CAMPAIGN_PREVIEW)
    async def preview(self, context: CallContext, request: CampaignRef) -> MailPreview:
        """The campaign's content as dotdigital has it now, read as text. Raises CAMPAIGN_UNKNOWN, DotdigitalError."""
        campaign = await self.known(request)
        dd = await self._resources.connections.dotdigital(campaign.account_id)
        details = await dd_campaigns.campaign(dd, campaign.id)
        html = (details.html_content or "") if details is not None else ""
        seen = await asyncio.to_thread(mail_preview.preview, html)
        return MailPreview(
            campaign=campaign.id,
            name=campaign.name,
            subject=campaign.subject if details is None else details.subject or "",
            text=(details.plain_text_content or "")[:_LONGEST_TEXT] if details is not None else "",
            html=seen.text[:_LONGEST_TEXT],
            links=seen.links,
            unsubscribes=seen.unsubscribes,
        )

    @answers(CAMPAIGN_TARGETS)
    async def targets(self, context: CallContext, request: CampaignRef) -> Targets:
        """The campaign's target marketing lists."""
        return await self._targets(await self.known(request))

    async def _targets(self, campaign: Campaign) -> Targets:
        def read(c: Connection) -> Targets:
            ids = campaign_store.targets(c, campaign.account_id, campaign.id)
            return Targets(tuple(list_window.rows(c, ids)))

        return await self._resources.read(read)

    async def target_lists(self, campaign: Campaign) -> list[StoredList]:
        """The campaign's target lists as stored."""
        ids = await self._resources.read(lambda c: campaign_store.targets(c, campaign.account_id, campaign.id))
        return await self._resources.read(lambda c: list_store.stored(c, ids))

    @answers(CAMPAIGN_CHANGE_TARGETS)
    async def change_targets(self, context: CallContext, request: ChangeTargets) -> Targets:
        """Adds and removes target lists, in Dynamics first, in the person's own name."""
        campaign = await self.known(CampaignRef(request.id, request.account))
        if not campaign.row_id:
            raise DyntuiError(
                "CAMPAIGN_NOT_IN_DYNAMICS",
                f"Dynamics has no row for the email campaign {campaign.name!r} yet.",
                not_done="The targets were not changed.",
                remedy="Synchronise the email campaigns; the log says why Dynamics refused it, if it did.",
            )
        adding = await self._resources.read(lambda c: list_store.stored(c, request.add))
        own_lists.require(adding, request.add, campaign.account_id, "The targets were not changed.")
        person = await self._identities.person(context.uid)
        caller = person.object_id if person else None
        dv = await self._resources.connections.dataverse()
        own = (dv, solution.EMAIL_CAMPAIGN.entity_set, guid(campaign.row_id), solution.CAMPAIGN_LISTS.schema_name)
        added: list[str] = []
        removed: list[str] = []
        try:
            for each in request.add:
                await dv_rows.associate(*own, "lists", guid(each), caller=caller)
                added.append(each)
            for each in request.remove:
                await dv_rows.disassociate(*own, guid(each), caller=caller)
                removed.append(each)
        finally:
            # What Dynamics has taken stands, also where the next one failed.
            if added or removed:
                await self._resources.write(lambda c: self._keep_targets(c, context, campaign, added, removed))
        return await self._targets(campaign)

    def _keep_targets(
        self, c: Connection, context: CallContext, campaign: Campaign, added: list[str], removed: list[str]
    ) -> None:
        before = _names_of_targets(c, campaign)
        campaign_store.change_targets(c, campaign.account_id, campaign.id, added, removed)
        after = _names_of_targets(c, campaign)
        if before != after:
            self.record(c, context, campaign, f"target lists of {campaign.name}", before, after)

    def record(
        self, c: Connection, context: CallContext, campaign: Campaign, thing: str, before: str, after: str
    ) -> str:
        """Keeps who changed what about a campaign, and says who that is."""
        person = account_store.person(c, context.uid)
        who = person.name if person else ""
        change = AdminChange(
            subject=SUBJECT,
            thing=thing,
            about=str(campaign.id),
            changed_by=who,
            changed_on=self._resources.now(),
            before=before,
            after=after,
        )
        admin_changes.record(c, campaign.account_id, change)
        return who

    async def known(self, request: CampaignRef) -> Campaign:
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
                remedy="Name the email account: with `--account`, and in the console with @.",
                exit=Exit.USAGE,
            )
        raise DyntuiError(
            "CAMPAIGN_UNKNOWN",
            f"There is no email campaign {request.id}.",
            not_done="Nothing was read or changed.",
            remedy="Synchronise the email campaigns; it may have been deleted in dotdigital.",
            exit=Exit.USAGE,
        )


def _names_of_targets(c: Connection, campaign: Campaign) -> str:
    found = campaign_store.targets(c, campaign.account_id, campaign.id)
    names = {each.id: each.name for each in list_store.stored(c, found)}
    return ", ".join(sorted(names.get(each, each) for each in found)) or "none"


def use_cases(parts: Parts) -> Campaigns:
    """What answers these calls."""
    return Campaigns(parts.resources, parts.identities)
