"""What the connected systems answer to what is assumed of them: asked, kept with date and version, and told."""

from __future__ import annotations

import asyncio

from dyntui.dataverse import security
from dyntui.model.first_connection import Seen
from dyntui.service.answering import answers
from dyntui.service.contract.health import FACTS_ASK, FACTS_LIST, Facts
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import accounts, connection_facts
from dyntui.store.accounts import EmailAccount
from dyntui.sync.connections import not_configured
from dyntui.sync.first_connection import asking, dotdigital, dynamics


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
        async with asyncio.TaskGroup() as systems:
            systems.create_task(self._ask_dynamics(context))
            for each in known:
                systems.create_task(self._ask_account(each))
        return await self.list(context, request)

    async def _ask_dynamics(self, context: CallContext) -> None:
        dv = await self._resources.connections.dataverse()
        me = (await security.who_am_i(dv)).user_id
        as_person = await self._identities.caller(context.uid) or ""
        server = await dynamics.version(dv)
        found = await asking.ask_all(dynamics.probes(dv, me, as_person))
        await self._keep("", found, server)

    async def _ask_account(self, account: EmailAccount) -> None:
        dd = await self._resources.connections.dotdigital(account.id)
        found = await asking.ask_all(dotdigital.probes(dd, self._resources.clock()))
        # dotdigital tells no version of its own.
        region = f", region {account.region}" if account.region else ""
        await self._keep(account.id, found, f"API v2 and v3{region}")

    async def _keep(self, account_id: str, found: dict[str, Seen], version: str) -> None:
        now = self._resources.now()
        await self._resources.write(lambda c: connection_facts.put(c, account_id, found, now, version))


def use_cases(parts: Parts) -> FirstConnection:
    """What answers these calls."""
    return FirstConnection(parts.resources, parts.identities)
