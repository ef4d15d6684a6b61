"""Refused rows as people see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from dyntui.model.contact_numbers import contact_number
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import as_stored, guid_of
from dyntui.model.moments import text_of
from dyntui.model.paging import Page
from dyntui.model.quarantine import RefusedRow
from dyntui.service.answering import answers
from dyntui.service.contract.quarantine import (
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_PICK,
    QUARANTINE_RETRY,
    IgnoreRefused,
    PickMatch,
    RefusedIgnored,
    RefusedQuery,
    RetryRefused,
)
from dyntui.service.contract.runs import RunRow, StartRun
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import lists as list_store
from dyntui.store import quarantine, strangers


class Quarantine:
    """The calls of `quarantine.*`."""

    def __init__(self, resources: Resources, identities: Identities, runs: Runs) -> None:
        self._resources = resources
        self._identities = identities
        self._runs = runs

    @answers(QUARANTINE_PAGE)
    async def page(self, context: CallContext, request: RefusedQuery) -> Page[RefusedRow]:
        """The refused rows, by cause. Raises ACCOUNT_UNKNOWN."""
        now = self._resources.now()
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(
            lambda c: quarantine.window(
                c,
                request,
                now,
                list_id=request.list,
                account_id=account_id,
                reason=request.reason,
                ignored=request.ignored,
            )
        )

    @answers(QUARANTINE_RETRY)
    async def retry(self, context: CallContext, request: RetryRefused) -> RunRow:
        """Starts a synchronisation that offers refused rows again. Raises NOTHING_REFUSED, and what `runs.start`
        raises."""
        return await self._offered_again(context, request)

    async def _offered_again(
        self, context: CallContext, request: RetryRefused, picked: Callable[[Connection, str], None] | None = None
    ) -> RunRow:
        account = await chosen_account(self._resources, request.account)
        refused = await self._resources.read(quarantine.lists)
        found = await self._resources.read(lambda c: list_store.stored(c, refused))
        wanted = [
            each
            for each in found
            if each.activated and (each.id == request.list if request.list else each.account_id == account.id)
        ]
        if not wanted:
            of = "this marketing list" if request.list else f"a marketing list of the email account {account.name!r}"
            raise _refused("NOTHING_REFUSED", f"No row of {of} is refused.")
        of_account = request.account
        if request.list:
            of_account = (await self._resources.account_names())[wanted[0].account_id]
        asked = StartRun(sync_type="lists", account=of_account, lists=tuple(each.id for each in wanted))
        return await self._runs.begin(context, asked, work=picked, news=picked is not None)

    @answers(QUARANTINE_PICK)
    async def pick(self, context: CallContext, request: PickMatch) -> RunRow:
        """Chooses the record of a stranger, and synchronises the list: after a synchronisation that is under way, which
        may be past it. Raises NOTHING_REFUSED, and what `runs.start` raises."""
        contact, record = contact_number(request.stranger.strip()), guid_of(request.record.strip())

        def picked(c: Connection, run_id: str) -> None:
            known = contact is not None and record and strangers.pick(c, request.list, contact, record)
            if not known:
                raise _refused("NOTHING_REFUSED", "No such record is among those that match this stranger of the list.")

        return await self._offered_again(context, RetryRefused(list=request.list), picked)

    @answers(QUARANTINE_IGNORE)
    async def ignore(self, context: CallContext, request: IgnoreRefused) -> RefusedIgnored:
        """Lets rows rest. Raises NOTHING_REFUSED."""
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.now()
        until = text_of(self._resources.clock() + timedelta(days=request.days))
        named = tuple(map(as_stored, request.people))
        people = await self._resources.write(
            lambda c: quarantine.ignore(c, request.list, named, until=until, by=by, why=request.why, now=now)
        )
        if not people:
            raise _refused("NOTHING_REFUSED", "No row of these people was refused on this list.")
        return RefusedIgnored(people=people, until=until)


def use_cases(parts: Parts) -> Quarantine:
    """What answers these calls."""
    return Quarantine(parts.resources, parts.identities, Runs(parts.resources, parts.identities, parts.enqueue))


def _refused(code: str, message: str) -> DyntuiError:
    return DyntuiError(
        code, message, not_done="Nothing was done.", remedy="See `dyntui quarantine list`.", exit=Exit.USAGE
    )
