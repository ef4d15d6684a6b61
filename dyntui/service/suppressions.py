"""Suppressions as last read."""

from __future__ import annotations

from dyntui.service.contract.paging import Page
from dyntui.service.contract.suppressions import SuppressionRow, SuppressionsQuery
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import suppressions
from dyntui.store.suppressions import SuppressionsWindow


class Suppressions:
    """The calls of `suppressions.*`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def page(self, context: CallContext, request: SuppressionsQuery) -> Page[SuppressionRow]:
        """A window on the suppressed addresses, by address."""
        asked = SuppressionsWindow(
            account_id=request.account,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: suppressions.window(c, asked))
        rows = tuple(
            SuppressionRow(
                address=each.address,
                account=each.account_id,
                status=each.status,
                reason=each.reason,
                suppressed_on=each.suppressed_on,
                learned_on=each.learned_on,
            )
            for each in found.rows
        )
        return Page(rows=rows, matching=found.matching, total=found.total, offset=request.offset)
