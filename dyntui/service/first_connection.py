"""What the connected systems answer to what is assumed of them: asked, kept with date and version, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from dyntui.dataverse import security
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import account as dd_account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.first_connection import ASSUMPTIONS, Fact, Seen, fact
from dyntui.service import email_accounts
from dyntui.service.answering import answers
from dyntui.service.contract.health import FACTS_ASK, FACTS_BEFORE, FACTS_LIST, Facts
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import SetupRequest
from dyntui.service.email_accounts import AT_FIRST
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.setup import check, organisation_in, secret_in
from dyntui.store import accounts, connection_facts
from dyntui.store.accounts import EmailAccount, Organisation
from dyntui.sync.connections import dataverse_as, not_configured
from dyntui.sync.first_connection import asking, dotdigital, dynamics
from dyntui.sync.signing_in import device_sign_in, sign_in_with


class FirstConnection:
    """The calls of `dyntui doctor --first`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(FACTS_LIST)
    async def list(self, context: CallContext, request: Nothing) -> Facts:
        """What was answered last."""
        now = self._resources.clock()
        return Facts(facts=tuple(await self._resources.read(lambda c: connection_facts.facts(c, now))))

    @answers(FACTS_ASK)
    async def ask(self, context: CallContext, request: Nothing) -> Facts:
        """Asks both systems everything, side by side. What answers nothing is not known.

        Raises NOT_CONFIGURED, and what keeps the service from signing in.
        """
        organisation = await self._resources.read(accounts.organisation)
        if organisation is None:
            raise not_configured()
        known = await self._resources.read(accounts.accounts)
        asked = (self._ask_dynamics(context, organisation), *map(self._ask_account, known))
        # Where one cannot be asked, the answers of the others are kept all the same.
        for said in await asyncio.gather(*asked, return_exceptions=True):
            if said is not None:
                raise said
        return await self.list(context, request)

    @answers(FACTS_BEFORE)
    async def before(self, context: CallContext, request: SetupRequest) -> Facts:
        """Asks both systems with what setup would be told, before anything is installed; nothing is kept.

        Raises CONNECTED_ALREADY, SETUP_INVALID, and what keeps the service from signing in.
        """
        if await self._resources.read(accounts.organisation) is not None:
            raise _connected_already()
        check(request, self._resources.clock())
        around, now = self._resources.connections.surroundings, self._resources.now()
        organisation = organisation_in(request.organisation, now)
        sign_in = sign_in_with(organisation, secret_in(request.organisation), around)
        try:
            async with dataverse_as(sign_in, organisation, around, patience=AT_FIRST) as dv:
                told = self._told("", *await self._of_dynamics(dv, organisation, ""))
        finally:
            await sign_in.close()
        for each in request.accounts:
            async with await email_accounts.connect(each, around) as dd:
                told += self._told(each.name, *await self._of_account(dd, email_accounts.region(dd.origin)))
        return Facts(facts=told)

    def _told(self, account: str, found: Mapping[str, Seen], version: str) -> tuple[Fact, ...]:
        now, clock = self._resources.now(), self._resources.clock()
        return tuple(
            fact(
                about,
                found[id],
                asked_on=now,
                version=version,
                now=clock,
                account_id=account,
                account=account,
            )
            for id, about in ASSUMPTIONS.items()
            if id in found
        )

    async def _ask_dynamics(self, context: CallContext, organisation: Organisation) -> None:
        dv = await self._resources.connections.dataverse()
        as_person = await self._identities.caller(context.uid) or ""
        await self._keep("", *await self._of_dynamics(dv, organisation, as_person))

    async def _of_dynamics(
        self, dv: Dataverse, organisation: Organisation, as_person: str
    ) -> tuple[dict[str, Seen], str]:
        """The answers, and the server's version."""
        me = (await security.who_am_i(dv)).user_id
        server = await dynamics.version(dv)
        people = device_sign_in(organisation, self._resources.connections.surroundings)
        try:
            return await asking.ask_all(dynamics.probes(dv, me, as_person, people)), server
        finally:
            await people.close()

    async def _ask_account(self, account: EmailAccount) -> None:
        dd = await self._resources.connections.dotdigital(account.id)
        # A password that is refused is tried once, and not by every probe: that would lock the API user.
        await dd_account.account_info(dd)
        await self._keep(account.id, *await self._of_account(dd, account.region))

    async def _of_account(self, dd: Dotdigital, region: str) -> tuple[dict[str, Seen], str]:
        found = await asking.ask_all(dotdigital.probes(dd, self._resources.clock()))
        # dotdigital tells no version of its own.
        return found, f"API v2 and v3{f', region {region}' if region else ''}"

    async def _keep(self, account_id: str, found: dict[str, Seen], version: str) -> None:
        now = self._resources.now()
        await self._resources.write(lambda c: connection_facts.put(c, account_id, found, now, version))


def use_cases(parts: Parts) -> FirstConnection:
    """What answers these calls."""
    return FirstConnection(parts.resources, parts.identities)


def _connected_already() -> DyntuiError:
    return DyntuiError(
        "CONNECTED_ALREADY",
        "This profile is connected: it asks with what it signs in with.",
        not_done="Nothing was asked.",
        remedy="Leave --from away: `dyntui doctor --first`.",
        exit=Exit.USAGE,
    )
