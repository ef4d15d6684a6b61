"""An email campaign as dotdigital has it at this moment, beside what is shown of it.

Whoever sends has seen its subject and its sender as they were read last, and somebody may have edited it since. So it
is read when people are counted to be sent to, and what is shown has to be so still when the send is confirmed.
"""

from __future__ import annotations

import asyncio
import logging

from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital.campaigns import CampaignDetails
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.resources import Resources
from dyntui.store import campaigns as store
from dyntui.store.campaigns import Campaign, Header
from dyntui.sync.campaigns.listing import header_of

# Somebody waits for the count: dotdigital is not waited for longer, it is asked once more before anything is sent.
_SECONDS = 1.5
_SAID = {
    "subject": "the campaign's subject",
    "from_name": "the campaign's sender",
    "from_address": "the campaign's sender",
    "reply_to": "where answers to it go",
    "split_test": "whether it is a split test",
}

log = logging.getLogger(__name__)


async def read_again(resources: Resources, campaign: Campaign) -> None:
    """Has the campaign shown as it is; as it was read last where dotdigital does not answer in time."""
    try:
        dd = await resources.connections.dotdigital(campaign.account_id)
        now = await asyncio.wait_for(dd_campaigns.campaign(dd, campaign.id), _SECONDS)
    except TimeoutError:
        log.info("campaign %d was not read again: dotdigital does not answer in time", campaign.id)
    except DyntuiError as error:
        log.warning("campaign %d was not read again: %s (%s)", campaign.id, error, error.detail)
    else:
        if now is not None:
            await _keep(resources, campaign, header_of(now))


async def require_as_shown(resources: Resources, campaign: Campaign, now: CampaignDetails) -> None:
    """What whoever sends has seen of the campaign is so. Raises SEND_CHANGED; from then on it is shown as it is."""
    changed = await _keep(resources, campaign, header_of(now))
    if changed:
        raise DyntuiError(
            "SEND_CHANGED",
            f"Somebody has changed {campaign.name!r} in dotdigital since it was read: {', '.join(changed)}.",
            not_done="Nothing was sent or scheduled.",
            remedy="Look at the campaign, which is shown as it is by now; if that is to go out, send it once more.",
            exit=Exit.USAGE,
        )


async def _keep(resources: Resources, campaign: Campaign, now: Header) -> list[str]:
    """In words what is not as it was shown, and is kept as it is."""
    changed = {name: getattr(now, name) for name in _SAID if getattr(now, name) != getattr(campaign, name)}
    if changed:
        await resources.write(lambda c: store.record_edited(c, campaign.account_id, campaign.id, changed))
    return list(dict.fromkeys(_SAID[name] for name in changed))
