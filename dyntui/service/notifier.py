"""Finds what is to be told to the hook, once a minute, and tells it until it is taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import Connection

from dyntui.model.budgets import Meter
from dyntui.model.counted import counted
from dyntui.model.moments import text_of
from dyntui.model.notices import Notice, NoticeEvent, next_attempt
from dyntui.service.contract.session import Check
from dyntui.service.hook import NotDelivered, deliver
from dyntui.service.hook_settings import HookSettings
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import notices
from dyntui.store.notices import WaitingNotice

_EVERY_SECONDS = 60.0
# What happened longer ago is no news: a hook that is set today is not told of last month.
_NEWS = timedelta(hours=24)
_KEPT = timedelta(days=90)
_AT_ONCE = 20

log = logging.getLogger(__name__)


class Notifier:
    """`start` and `stop` with a long-lived service. `meters` tells how much of each limit is used."""

    def __init__(
        self,
        resources: Resources,
        settings: HookSettings,
        meters: Callable[[], Awaitable[tuple[Meter, ...]]],
        *,
        tell: Callable[[HookSettings, Notice], Awaitable[None]] = deliver,
    ) -> None:
        self._resources = resources
        self._settings = settings
        self._meters = meters
        self._tell = tell
        self._every_minute = Repeating(
            self.look, lambda: asyncio.sleep(_EVERY_SECONDS), "notices could not be looked for", resources.troubles
        )

    def start(self) -> None:
        """Begins, where there is a hook."""
        if self._settings.wanted:
            self._every_minute.start()

    async def stop(self) -> None:
        """Ends; what was not taken yet is told by the next start."""
        await self._every_minute.stop()

    async def look(self) -> int:
        """Collects what is new and tells what waits; how many notices were taken. Raises DyntuiError STORE_..."""
        now = self._resources.clock()
        used_up = [each for each in await self._meters() if _runs_out(each)]

        def collect(c: Connection) -> None:
            notices.collect(c, text_of(now - _NEWS), text_of(now))
            for each in used_up:
                notices.add(c, f"{each.account_id}/{each.limit}/{now:%Y-%m-%d}", _of_budget(each, text_of(now)))
            notices.forget_before(c, text_of(now - _KEPT))

        await self._resources.write(collect)
        found = await self._resources.read(lambda c: notices.waiting(c, text_of(now), _AT_ONCE))
        taken = 0
        for each in found:
            taken += await self._hand_over(each)
        return taken

    async def _hand_over(self, each: WaitingNotice) -> bool:
        if each.notice.event not in self._settings.events:
            await self._resources.write(lambda c: notices.told(c, each.key, self._resources.now()))
            return False
        try:
            await self._tell(self._settings, each.notice)
        except NotDelivered as why:
            attempts = each.attempts + 1
            wait = next_attempt(attempts)
            again = text_of(self._resources.clock() + wait) if wait is not None else ""
            log.warning("the hook did not take a notice (%s): %s", each.notice.title, why)
            text = str(why)
            await self._resources.write(lambda c: notices.refused(c, each.key, attempts, again, text))
            return False
        await self._resources.write(lambda c: notices.told(c, each.key, self._resources.now()))
        return True


async def check(resources: Resources, settings: HookSettings, *, run_here: bool) -> Check | None:
    """The hook in one line of the service's status; None where there is none."""
    if not settings.wanted:
        return None
    known = await resources.read(notices.state)
    if known.waiting:
        text = f"{settings.where} did not take {counted(known.waiting, 'notice')}: {known.why}"
        return Check(name="Hook", state="warning", text=text)
    if not run_here:
        return Check(name="Hook", state="ok", text=f"{settings.where} is told by `dyntui serve` only")
    last = f", last {known.told_on[:16].replace('T', ' ')}Z" if known.told_on else ", nothing so far"
    return Check(name="Hook", state="ok", text=f"{settings.where} is told{last}")


def _runs_out(each: Meter) -> bool:
    return bool(each.used_up_on) or each.used >= each.most


def _of_budget(each: Meter, now: str) -> Notice:
    when = f"It is used up at {each.used_up_on[:16].replace('T', ' ')}Z at this pace. " if each.used_up_on else ""
    frees = f"It gets free from {each.frees_on[:16].replace('T', ' ')}Z on." if each.frees_on else ""
    return Notice(
        event=NoticeEvent.BUDGET,
        on=now,
        account=each.account,
        title=f"The {each.limit} of {each.account} run out",
        text=f"{each.used:,} of {each.most:,} are used. {when}{frees}".strip(),
        remedy="Runs wait and go on by themselves; `dyntui schedules edit` lets them run less often.",
    )
