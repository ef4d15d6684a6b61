"""Records in Dynamics that opted out: what they say now, and of those that say so no more, whether they took it back.

A shared address that one record opted out of is not mailed for another record either, so the opt-outs of all three
tables are read before people are judged: a few pages, however long the lists are. A known opt-out of which that reading
shows nothing is asked for by the record's id: it ends where the record itself has taken it back, and stays where the
record is gone or was merged into another one.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.model.mentioned import addresses_in
from dyntui.model.moments import moment_of
from dyntui.model.people import Entity
from dyntui.store import opt_outs as opt_out_store
from dyntui.store import watermarks
from dyntui.store.opt_outs import OptOut, Unseen
from dyntui.sync.run_context import RunContext

_SETS = {
    Entity.CONTACT: ("contacts", "contactid"),
    Entity.LEAD: ("leads", "leadid"),
    Entity.ACCOUNT: ("accounts", "accountid"),
}
_ADDRESSES = ("emailaddress1", "emailaddress2", "emailaddress3")
_FLAGS = {"donotemail": "DO_NOT_EMAIL", "donotbulkemail": "DO_NOT_BULK_EMAIL"}
# Records that are gone are looked for as seldom: one that was restored is shown by the reading if it still opts out.
_KEPT_ASKED = "opt-outs-kept-asked"
_KEPT_EVERY = timedelta(days=1)


class _Row(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"no_email": "donotemail", "no_bulk": "donotbulkemail"},
):
    contactid: str = ""
    leadid: str = ""
    accountid: str = ""
    emailaddress1: str | None = None
    emailaddress2: str | None = None
    emailaddress3: str | None = None
    no_email: bool | None = None
    no_bulk: bool | None = None
    merged: bool | None = False

    def flags(self) -> dict[str, bool | None]:
        return {"donotemail": self.no_email, "donotbulkemail": self.no_bulk}

    def addresses(self) -> tuple[str, ...]:
        texts = (self.emailaddress1, self.emailaddress2, self.emailaddress3)
        return tuple(dict.fromkeys(address for each in texts for address in addresses_in(each)))


async def read(ctx: RunContext, dv: Dataverse, among: Collection[str] = ()) -> dict[str, str]:
    """Brings the store's opt-outs up to what Dynamics says now.

    Which of the people `among` opted out: person id -> reason.
    """
    people: dict[str, str] = {}
    reading = await ctx.write(opt_out_store.begin)
    for entity, (entity_set, key) in _SETS.items():
        async for page in dv_rows.pages(
            dv,
            entity_set,
            _Row,
            select=(key, *_ADDRESSES, *_FLAGS),
            filter=" or ".join(f"{flag} eq true" for flag in _FLAGS),
            orderby=(key,),
        ):
            told = [_opt_out(entity, key, row) for row in page.rows]
            people |= {each.person_id: each.reason for each in told if each.person_id in among}
            await ctx.save(
                ctx.cursor,
                stage="Reading opt-outs",
                work=functools.partial(opt_out_store.stage, reading=reading, rows=told, now=ctx.now()),
            )
    await _ask_for_the_unseen(ctx, dv, reading)
    return people


def _opt_out(entity: Entity, key: str, row: _Row) -> OptOut:
    said_by = next(flag for flag, value in row.flags().items() if value)
    return OptOut(
        person_id=getattr(row, key),
        entity=entity,
        reason=_FLAGS[said_by],
        said_by=said_by,
        addresses=row.addresses(),
    )


async def _ask_for_the_unseen(ctx: RunContext, dv: Dataverse, reading: str) -> None:
    asked_on = moment_of(await ctx.read(lambda c: watermarks.get(c, "", _KEPT_ASKED)))
    kept_too = asked_on is None or ctx.moment() - asked_on >= _KEPT_EVERY
    after = ""
    while some := await ctx.read(
        lambda c: opt_out_store.unseen(c, reading, after)  # noqa: B023 - awaited here
    ):
        after = some[-1].person_id
        asked = [each for each in some if kept_too or not each.kept]
        for entity in _SETS:
            await _ask(ctx, dv, reading, entity, [each for each in asked if each.entity == entity])
    if kept_too:
        await ctx.write(lambda c: watermarks.put(c, "", _KEPT_ASKED, ctx.now()))


async def _ask(ctx: RunContext, dv: Dataverse, reading: str, entity: Entity, asked: Sequence[Unseen]) -> None:
    """What became of these records. Only a flag that reads as false was taken back: one that reads as empty may be
    hidden from the service."""
    if not asked:
        return
    entity_set, key = _SETS[entity]
    found: dict[str, _Row] = {}
    async for page in dv_rows.pages_where_any(
        dv, entity_set, _Row, key, [each.person_id for each in asked], select=(key, *_FLAGS, "merged"), orderby=(key,)
    ):
        found |= {getattr(row, key): row for row in page.rows}
    taken_back = [
        person_id
        for person_id, row in found.items()
        if not row.merged and not any(row.flags().values()) and False in row.flags().values()
    ]
    gone = [each.person_id for each in asked if each.person_id not in found and each.kept != "gone"]
    merged = [each.person_id for each in asked if each.person_id in found and found[each.person_id].merged]

    def settle(c: Connection) -> None:
        opt_out_store.keep(c, gone, "gone")
        opt_out_store.keep(c, merged, "merged")
        opt_out_store.lift(c, reading, taken_back)

    await ctx.save(ctx.cursor, stage="Reading opt-outs", work=settle)
