"""What administrators changed by hand is listed: who, when, before and after."""

from __future__ import annotations

from dyntui.model.admin_changes import AdminChange
from dyntui.service.answering import answers
from dyntui.service.contract.administration import ADMINISTRATION, AdministrationQuery
from dyntui.service.contract.paging import Page
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes


class Administration:
    """The call `administration.changes`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @answers(ADMINISTRATION)
    async def changes(self, context: CallContext, request: AdministrationQuery) -> Page[AdminChange]:
        """Who changed what, newest first. Raises ACCOUNT_UNKNOWN."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else None
        return await self._resources.read(
            lambda c: admin_changes.window(c, request, subject=request.subject, account_id=account_id)
        )


def use_cases(parts: Parts) -> Administration:
    """What answers these calls."""
    return Administration(parts.resources)
