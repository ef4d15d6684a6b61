"""Conflicts of values as people see them."""

from __future__ import annotations

from dyntui.model.conflicts import Conflict
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import as_stored
from dyntui.model.paging import Page
from dyntui.model.sync_types import TAKE, TakeOf
from dyntui.service.answering import answers
from dyntui.service.contract.conflicts import (
    CONFLICTS_PAGE,
    CONFLICTS_SETTLE,
    CONFLICTS_TAKE,
    ConflictsQuery,
    ConflictsSettled,
    SettleConflicts,
    TakeOther,
)
from dyntui.service.contract.runs import RunRow
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import conflicts


class Conflicts:
    """The calls of `conflicts.*`."""

    def __init__(self, resources: Resources, identities: Identities, runs: Runs) -> None:
        self._resources = resources
        self._identities = identities
        self._runs = runs

    @answers(CONFLICTS_PAGE)
    async def page(self, context: CallContext, request: ConflictsQuery) -> Page[Conflict]:
        """The conflicts, the newest first."""
        account = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(
            lambda c: conflicts.window(c, request, account_id=account, settled=request.settled)
        )

    @answers(CONFLICTS_SETTLE)
    async def settle(self, context: CallContext, request: SettleConflicts) -> ConflictsSettled:
        """Somebody has looked at them. Raises NO_CONFLICT."""
        account = await chosen_account(self._resources, request.account)
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.now()
        named = [(as_stored(each.person), each.label) for each in request.of]
        done = await self._resources.write(lambda c: conflicts.settle(c, account.id, named, by, now))
        if not done:
            raise _no_conflict(account.name)
        return ConflictsSettled(conflicts=done)

    @answers(CONFLICTS_TAKE)
    async def take(self, context: CallContext, request: TakeOther) -> RunRow:
        """Queues a run that writes the values that had lost back to their side, in the person's name. Raises
        NO_CONFLICT."""
        account = await chosen_account(self._resources, request.account)
        named = [(as_stored(each.person), each.label) for each in request.of]
        waiting = await self._resources.read(lambda c: conflicts.waiting(c, account.id, named))
        if not waiting:
            raise _no_conflict(account.name)
        person = await self._identities.person(context.uid)
        asked = TakeOf(
            of=tuple((each.person, each.label) for each in waiting),
            by=person.name if person else "",
            caller=await self._identities.caller(context.uid) or "",
        )
        one = waiting[0]
        title = f"{one.label} of {one.name or one.address}" if len(waiting) == 1 else f"{len(waiting):,} conflicts"
        return await self._runs.queue(context, TAKE, f"The other value: {title}", account.id, asked)


def _no_conflict(account: str) -> DyntuiError:
    return DyntuiError(
        "NO_CONFLICT",
        f"No such conflict of {account} waits for anybody.",
        not_done="Nothing was settled or written.",
        remedy="See `dyntui conflicts list`.",
        exit=Exit.USAGE,
    )


def use_cases(parts: Parts) -> Conflicts:
    """What answers these calls."""
    return Conflicts(parts.resources, parts.identities, Runs(parts.resources, parts.identities, parts.enqueue))
