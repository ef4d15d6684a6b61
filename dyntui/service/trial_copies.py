"""Copies of campaigns that test sends have left in dotdigital, as the service ended or the copy was being sent for
long: removed at the start of the service and from time to time, and their tests told to the audit."""

from __future__ import annotations

import asyncio
import functools
import logging
from datetime import timedelta

from dyntui.dotdigital import campaigns
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import trial_sends
from dyntui.store.trial_sends import NewTrial, Trial

NOT_COPIED = "broken off while the campaign was copied: nothing was sent, and a copy of it may be left in dotdigital"
_NOT_ASKED = "broken off before the test was sent"
# A test that is being made, here or by another service of the store, is not looked at: it takes less.
_UNDER_WAY = timedelta(minutes=5)
_EVERY_SECONDS = 300.0

log = logging.getLogger(__name__)


class TrialCopies:
    """`start` and `stop` with the service."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        pause = functools.partial(asyncio.sleep, _EVERY_SECONDS)
        self._again = Repeating(self.sweep, pause, "copies of test sends were not removed", resources.troubles)

    def start(self) -> None:
        """Begins."""
        self._again.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._again.stop()

    async def sweep(self) -> int:
        """Removes what is left of tests that are not under way any more; how many. What cannot be removed now is the
        next time. Raises DyntuiError STORE_..."""
        before = text_of(self._resources.clock() - _UNDER_WAY)
        left = await self._resources.read(lambda c: trial_sends.left(c, before))
        removed = 0
        for each in left:
            try:
                removed += await self._removed(each)
            except DyntuiError as error:
                log.warning("the copy %d of a test send could not be removed: %s %s", each.copy_id, error, error.detail)
        return removed

    async def _removed(self, trial: Trial) -> bool:
        if not trial.copy_id:
            await tell(self._resources, trial, Outcome.REJECTED, "UNKNOWN", NOT_COPIED)
            await self._resources.write(lambda c: trial_sends.done(c, trial.id))
            return False
        dd = await self._resources.connections.dotdigital(trial.account_id)
        found = await campaigns.campaign(dd, trial.copy_id)
        status = "" if found is None else found.status.casefold()
        if status in ("sending", "scheduled", "paused"):
            return False
        if found is not None and found.name != trial.copy_name:
            # Somebody has made something of it: it is theirs.
            log.info("the copy %d of a test send was renamed, and stays", trial.copy_id)
        elif found is not None:
            await campaigns.delete(dd, trial.copy_id)
        if status == "sent":
            await tell(self._resources, trial, Outcome.ADDED, "", f"a copy of {trial.campaign_name}")
        elif found is None:
            detail = "the copy is gone: it is not known whether the test was sent"
            await tell(self._resources, trial, Outcome.REJECTED, "UNKNOWN", detail)
        else:
            await tell(self._resources, trial, Outcome.REJECTED, "UNKNOWN", _NOT_ASKED)
        await self._resources.write(lambda c: trial_sends.done(c, trial.id))
        return True


async def tell(resources: Resources, trial: NewTrial, outcome: Outcome, reason: str, detail: str) -> None:
    """The audit's entry of a test, where it has none."""
    run_id = resources.ids()
    await resources.write(
        lambda c: trial_sends.tell(c, trial.id, run_id, outcome, reason, detail, resources.now()),
    )
