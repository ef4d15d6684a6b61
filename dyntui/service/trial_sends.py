"""A test send: a copy of the campaign to one contact, so that the campaign itself stays unsent.

Sending the campaign would make it Sent and the person one who has had it. The copy is removed again once it was sent,
or later where the service ended meanwhile (`trial_copies`); the audit says who tested what, and to whom.
Nobody is made a contact for a test, and whoever must not be mailed gets no test either: the store, every email account
and Dynamics are asked before.
"""

from __future__ import annotations

import logging
import shlex

from sqlalchemy import Connection, select

from dyntui.dataverse import rows as dv_rows
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital import contacts, sends
from dyntui.dotdigital.errors import UnknownOutcome
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import addresses_in
from dyntui.model.outcomes import Outcome
from dyntui.model.people import is_address, normalise
from dyntui.model.reasons import BY_CODE, reason_of_status
from dyntui.service import trial_copies
from dyntui.service.answering import answers
from dyntui.service.archive import require_out
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import CAMPAIGN_TEST, CampaignRef, TrialSend, TrialSent
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import accounts, environment, suppressed_people, trial_sends
from dyntui.store.campaigns import Campaign
from dyntui.store.schema import opt_out, opt_out_address, suppression
from dyntui.store.trial_sends import NewTrial
from dyntui.sync import consent_sources, sight, suppressions
from dyntui.sync.connections import not_configured
from dyntui.sync.having_address import mentioning
from dyntui.sync.opt_outs import ADDRESSES, SETS, Record, opted_out
from dyntui.sync.suppression_rows import news_to_us, written_in_dynamics

# How long somebody waits for the copy to be sent, so that it can be removed: 40 seconds.
_SENT_SECONDS = (1.0, 2.0, 3.0, 4.0, 10.0, 20.0)

# Mailable, or said of an opt-in to that account alone.
_OF_ONE_ACCOUNT = ("", "PENDING_OPT_IN")

log = logging.getLogger(__name__)


class TrialSends:
    """The call `campaigns.test`."""

    def __init__(self, resources: Resources, identities: Identities, campaigns: Campaigns) -> None:
        self._resources = resources
        self._identities = identities
        self._campaigns = campaigns

    @answers(CAMPAIGN_TEST)
    async def test(self, context: CallContext, request: TrialSend) -> TrialSent:
        """Sends a copy of the campaign to one contact. Raises CAMPAIGN_UNKNOWN, TEST_ADDRESS_INVALID,
        TEST_CONTACT_UNKNOWN, TEST_OPTED_OUT, TEST_UNCONFIRMED, CAMPAIGN_ARCHIVED, CONSENT_HIDDEN, DotdigitalError,
        DataverseError."""
        campaign = await self._campaigns.known(CampaignRef(request.id, request.account))
        require_out(campaign)
        address = normalise(request.address)
        if not is_address(address):
            raise _refused("TEST_ADDRESS_INVALID", f"{address!r} is no address that can be mailed.", "Correct it.")
        reason = await self._resources.read(lambda c: _kept_out(c, campaign.account_id, address))
        dd = await self._resources.connections.dotdigital(campaign.account_id)
        contact = None if reason else await contacts.contact_by_email(dd, address)
        if contact is not None:
            reason = (
                reason_of_status(contact.status)
                or await self._suppressed_elsewhere(campaign.account_id, address)
                or await self._opted_out(address)
                or await self._suppressed_by_hand(campaign.account_id, address)
            )
        if reason:
            entry = BY_CODE.get(reason)
            why = f"{address} must not be mailed: {entry.title if entry else reason} ({reason})."
            raise _refused(
                "TEST_OPTED_OUT", why, f"Test with another address; `dyntui why {shlex.quote(address)}` says more."
            )
        if contact is None:
            raise _refused(
                "TEST_CONTACT_UNKNOWN",
                f"dotdigital has no contact {address}: a test makes nobody a contact.",
                "Put yourself on a marketing list and synchronise it, or add the contact in dotdigital.",
            )
        return await self._sent(context, dd, campaign, address, contact.id)

    async def _sent(
        self, context: CallContext, dd: Dotdigital, campaign: Campaign, address: str, contact_id: int
    ) -> TrialSent:
        """The copy made, sent and removed, each step stored before it is made."""
        person = await self._identities.person(context.uid)
        trial = NewTrial(
            id=self._resources.ids(),
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            address=address,
            sent_by=person.name if person else "",
            sent_uid=context.uid,
            began_on=self._resources.now(),
        )
        await self._resources.write(lambda c: trial_sends.begin(c, trial))
        try:
            copy = await dd_campaigns.copy(dd, campaign.id)
        except UnknownOutcome:
            # There may be a copy, of which nobody knows the number.
            await trial_copies.tell(self._resources, trial, Outcome.REJECTED, "UNKNOWN", trial_copies.NOT_COPIED)
            await self._resources.write(lambda c: trial_sends.done(c, trial.id))
            raise
        except DyntuiError:
            await self._resources.write(lambda c: trial_sends.done(c, trial.id))
            raise
        await self._resources.write(lambda c: trial_sends.copied(c, trial.id, copy.id, copy.name))
        await self._resources.write(lambda c: trial_sends.asked(c, trial.id))
        try:
            started = await sends.start_send(dd, copy.id, contact_ids=(contact_id,))
        except UnknownOutcome as error:
            detail = "dotdigital did not answer: it is not known whether the test was sent"
            await trial_copies.tell(self._resources, trial, Outcome.REJECTED, "UNKNOWN", detail)
            raise DyntuiError(
                "TEST_UNCONFIRMED",
                f"dotdigital did not answer: it is not known whether the test was sent to {address}.",
                not_done="It was not asked for a second time.",
                remedy=f"Look for it in the mailbox; the copy {copy.name!r} is removed from dotdigital in a while.",
                detail=error.detail,
            ) from error
        except DyntuiError as error:
            # Refused: nobody has it, and nothing that could be sent is left behind.
            await trial_copies.tell(self._resources, trial, Outcome.REJECTED, "REJECTED", error.message)
            await self._removed(dd, trial, copy.id)
            raise
        await trial_copies.tell(self._resources, trial, Outcome.ADDED, "", f"a copy of {campaign.name}")
        left = "" if await self._removed(dd, trial, copy.id, started) else copy.name
        return TrialSent(campaign=campaign.id, address=address, copy=left)

    async def _suppressed_elsewhere(self, account_id: str, address: str) -> str:
        """Why the address must not be mailed, as the other email accounts say now."""
        for each in await self._resources.read(accounts.accounts):
            if each.id == account_id:
                continue
            there = await contacts.contact_by_email(await self._resources.connections.dotdigital(each.id), address)
            reason = "" if there is None else reason_of_status(there.status)
            if reason not in _OF_ONE_ACCOUNT:
                return reason
        return ""

    async def _opted_out(self, address: str) -> str:
        """Why the address must not be mailed, by the records in Dynamics as they are now."""
        dv = await self._resources.connections.dataverse()
        organisation = await self._resources.read(accounts.organisation)
        if organisation is None:
            raise not_configured()
        await sight.refuse_hidden(dv, organisation.service_user_id)
        counts = await self._resources.read(consent_sources.as_known)
        spellings = {address, *addresses_in(address)}
        mentioned = [await mentioning(self._resources, dv, address, column) for column in ADDRESSES]
        theirs = " or ".join(mentioned)
        for entity, (entity_set, key) in SETS.items():
            flags = counts.flags(entity)
            wanted = f"({theirs}) and ({' or '.join(f'{each} eq true' for each in flags)})"
            columns = (key, *ADDRESSES, *flags)
            async for page in dv_rows.pages(dv, entity_set, Record, select=columns, filter=wanted, orderby=(key,)):
                for row in page.rows:
                    # Dynamics gave it because it opted out, also where that cannot be read.
                    said = opted_out(entity, flags, row, shown=True)
                    if said is not None and spellings & set(said.addresses):
                        return said.reason
        withdrawn = counts.consent_rows and await consent_sources.is_withdrawn(self._resources, dv, address)
        return "DO_NOT_BULK_EMAIL" if withdrawn else ""

    async def _suppressed_by_hand(self, account_id: str, address: str) -> str:
        """Why the address must not be mailed, by the suppression rows that persons wrote in Dynamics."""
        dv = await self._resources.connections.dataverse()
        written = await self._resources.read(written_in_dynamics)
        rows = await suppressions.rows_naming(self._resources, dv, written, address)
        latest, ahead = suppressions.latest(dv, self._resources.clock()), dv.connection.ahead

        def asked_still(c: Connection) -> bool:
            asked = suppressions.asked_on(news_to_us(c, rows), latest)
            return address in suppressions.standing(c, account_id, asked, ahead)

        return "SUPPRESSED" if await self._resources.read(asked_still) else ""

    async def _removed(self, dd: Dotdigital, trial: NewTrial, copy_id: int, started: sends.Send | None = None) -> bool:
        """Whether the copy is gone: as long as it is being sent it cannot be removed."""
        try:
            for seconds in _SENT_SECONDS if started is not None else (0.0,):
                await self._resources.connections.surroundings.sleep(seconds)
                if started is None or (await sends.send_status(dd, started.id)).sent:
                    await dd_campaigns.delete(dd, copy_id)
                    await self._resources.write(lambda c: trial_sends.done(c, trial.id))
                    return True
        except DyntuiError as error:
            log.warning("the copy %d of a test send could not be removed: %s %s", copy_id, error, error.detail)
        return False


def _kept_out(c: Connection, account_id: str, address: str) -> str:
    """Why the address must not be mailed, as far as is known; `""` where nothing is against it."""
    a, o, s = opt_out_address.c, opt_out.c, suppression.c
    said = select(o.reason).join(opt_out_address, a.person_id == o.person_id).where(a.address == address)
    banned = select(s.reason).where(s.address == address)
    for asked in (said, banned):
        reason = c.execute(asked.limit(1)).scalar()
        if reason is not None:
            return reason or "SUPPRESSED"
    if as_people := suppressed_people.at_present(c, address):
        return as_people[0][1]
    return "" if environment.may_be_mailed(c, account_id, address) else "NOT_ALLOW_LISTED"


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="No test was sent.", remedy=remedy, exit=Exit.USAGE)


def use_cases(parts: Parts) -> TrialSends:
    """What answers these calls."""
    return TrialSends(parts.resources, parts.identities, Campaigns(parts.resources, parts.identities))
