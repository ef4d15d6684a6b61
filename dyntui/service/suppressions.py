"""Suppressions as last read."""

from __future__ import annotations

from dyntui.service.contract.paging import Page
from dyntui.service.contract.suppressions import SuppressionRow, SuppressionsQuery
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import suppressions
from dyntui.store.suppressions import SuppressionsWindow


class Suppressions:
    """The calls of `suppressions.*`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def page(self, context: CallContext, request: SuppressionsQuery) -> Page[SuppressionRow]:
        """A window on the suppressed addresses, by address."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        names = await self._resources.account_names()
        asked = SuppressionsWindow(
            account_id=account_id,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: suppressions.window(c, asked))
        rows = tuple(
            SuppressionRow(
                address=each.address,
                account=names.get(each.account_id, ""),
                status=each.status,
                reason=each.reason,
                suppressed_on=each.suppressed_on,
                learned_on=each.learned_on,
            )
            for each in found.rows
        )
        return Page(rows=rows, matching=found.matching, total=found.total, offset=request.offset)
