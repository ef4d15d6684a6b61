"""Conflicts of values as people see them."""

from __future__ import annotations

from dyntui.model.conflicts import Conflict
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.paging import Page
from dyntui.service.answering import answers
from dyntui.service.contract.conflicts import (
    CONFLICTS_PAGE,
    CONFLICTS_SETTLE,
    ConflictsQuery,
    ConflictsSettled,
    SettleConflicts,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import conflicts


class Conflicts:
    """The calls of `conflicts.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

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
        named = [(each.person, each.label) for each in request.of]
        done = await self._resources.write(lambda c: conflicts.settle(c, account.id, named, by, now))
        if not done:
            raise DyntuiError(
                "NO_CONFLICT",
                f"No such conflict of {account.name} waits for anybody.",
                not_done="Nothing was settled.",
                remedy="See `dyntui conflicts list`.",
                exit=Exit.USAGE,
            )
        return ConflictsSettled(conflicts=done)


def use_cases(parts: Parts) -> Conflicts:
    """What answers these calls."""
    return Conflicts(parts.resources, parts.identities)
