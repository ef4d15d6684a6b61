"""How the versions of a split test did, as it stands beside a campaign's totals in the store."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from dyntui.dotdigital import campaigns
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.store.campaigns import SPLIT_TEST, Campaign

_UNREADABLE = "DOTDIGITAL_ANSWER_UNREADABLE"

log = logging.getLogger(__name__)


async def read(dd: Dotdigital, campaign: Campaign) -> dict[str, Any]:
    """The versions of a campaign that is a split test; nothing of another one, nor where dotdigital does not say how
    those of this one did or says it in a shape that nobody knows: its other results do not wait for them. Raises
    DotdigitalError."""
    if not campaign.split_test:
        return {}
    try:
        return {SPLIT_TEST: msgspec.to_builtins(await campaigns.split_results(dd, campaign.id))}
    except DotdigitalError as error:
        if error.status not in (400, 404) and error.code != _UNREADABLE:
            raise
        log.warning("how the versions of %s did could not be read: %s %s", campaign.name, error, error.detail)
        return {}
