"""Addresses that somebody in Dynamics opted out with.

A shared address that one record opted out of is not mailed for another record either, so the opt-outs of all three
tables are read before people are judged: a few pages, however long the lists are.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.model.people import Entity, normalise
from dyntui.store import suppressions as suppression_store
from dyntui.store.suppressions import OptOut
from dyntui.sync.run_context import RunContext

_SETS = {
    Entity.CONTACT: ("contacts", "contactid"),
    Entity.LEAD: ("leads", "leadid"),
    Entity.ACCOUNT: ("accounts", "accountid"),
}


class _Row(msgspec.Struct, frozen=True, rename={"address": "emailaddress1", "no_email": "donotemail"}):
    contactid: str = ""
    leadid: str = ""
    accountid: str = ""
    address: str | None = None
    no_email: bool | None = False


async def read(ctx: RunContext, dv: Dataverse, among: Collection[str] = ()) -> dict[str, str]:
    """Replaces the store's opt-outs by what Dynamics says now; the old ones stay until the reading is complete.

    Which of the people `among` opted out: person id -> reason. They may have done so together with a change of their
    address, so that the address which is known of them says nothing.
    """
    people: dict[str, str] = {}
    reading = await ctx.write(suppression_store.begin_opt_outs)
    for entity, (entity_set, key) in _SETS.items():
        async for page in dv_rows.pages(
            dv,
            entity_set,
            _Row,
            select=(key, "emailaddress1", "donotemail"),
            filter="donotemail eq true or donotbulkemail eq true",
            orderby=(key,),
        ):
            told = [
                OptOut(
                    address=normalise(row.address),
                    reason="DO_NOT_EMAIL" if row.no_email else "DO_NOT_BULK_EMAIL",
                    entity=entity,
                    person_id=getattr(row, key),
                )
                for row in page.rows
            ]
            people |= {each.person_id: each.reason for each in told if each.person_id in among}
            found = [each for each in told if each.address]
            await ctx.save(
                ctx.cursor,
                stage="Reading opt-outs",
                work=functools.partial(suppression_store.stage_opt_outs, reading=reading, rows=found),
            )
    await ctx.save(ctx.cursor, stage="Reading opt-outs", work=lambda c: suppression_store.settle_opt_outs(c, reading))
    return people
