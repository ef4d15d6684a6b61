"""Strangers of an address book in a plan, by name: who would leave it, join the list, or be made a record, and as what.

Who has changed since is recognised when the plan is carried out: another record joins, or another one would be made.
"""

from __future__ import annotations

import functools

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.model.created_records import CreatedDefaults, created, name_of
from dyntui.model.people import Entity
from dyntui.model.plans import PlannedChange
from dyntui.model.strangers import Effect
from dyntui.store import planned_changes, strangers
from dyntui.store.lists import StoredList
from dyntui.store.staging import Staged
from dyntui.store.strangers import ENTITY, ToDo
from dyntui.sync import member_listing
from dyntui.sync.member_rows import readings
from dyntui.sync.run_context import RunContext

# Written to the plan, or looked at, at once.
_BATCH = 1000


async def keep(ctx: RunContext, dv: Dataverse, chosen: StoredList, item: str, defaults: CreatedDefaults) -> None:
    """What is to be done with the list's strangers becomes part of the plan. Records that join are read with what would
    be sent of them."""
    await ctx.write(lambda c: planned_changes.begin(c, ctx.run_id))
    entity = Entity(chosen.member_type)
    how = await ctx.read(lambda c: readings(c, chosen.account_id))
    for effect in (Effect.REMOVE, Effect.CREATE, Effect.JOIN):
        after = 0
        while some := await ctx.read(
            functools.partial(strangers.to_do, list_id=chosen.id, effect=effect, limit=_BATCH, after=after)
        ):
            after = some[-1].contact_id
            records: dict[str, Staged] = {}
            if effect is Effect.JOIN:
                ids = [each.person for each in some]
                async for page in member_listing.unseen_members(dv, how, entity, ids):
                    records.update((each.person_id, each) for each in page)
            rows = [_planned(each, effect, chosen, defaults, records.get(each.person), item) for each in some]
            prints = {str(each.contact_id): each.person for each in some}
            put = functools.partial(
                planned_changes.put, run_id=ctx.run_id, item_id=item, rows=rows, fingerprints=prints
            )
            await ctx.write(put)


def _planned(
    each: ToDo, effect: Effect, chosen: StoredList, defaults: CreatedDefaults, record: Staged | None, item: str
) -> PlannedChange:
    change = PlannedChange(
        item_id=item,
        person=str(each.contact_id),
        entity=ENTITY,
        name="",
        address=each.address,
        effect=effect.value,
        reason=each.reason,
        before=None,
        after=None,
    )
    if effect is Effect.REMOVE:
        return msgspec.structs.replace(change, detail=each.detail)
    if effect is Effect.CREATE:
        row = _made_of(each, chosen, defaults)
        detail = f"a new {chosen.member_type}, which joins {chosen.name}"
        return msgspec.structs.replace(change, name=name_of(row), after=row, detail=detail)
    detail = f"joins {chosen.name} as {chosen.member_type} {each.person}"
    if record is None:
        return msgspec.structs.replace(change, detail=detail)
    return msgspec.structs.replace(change, name=record.name, after=record.fields, detail=detail)


def _made_of(each: ToDo, chosen: StoredList, defaults: CreatedDefaults) -> dict[str, object]:
    return created(Entity(chosen.member_type), each.address, each.fields, chosen.name, defaults)


def refuse_others(c: Connection, plan_id: str, item: str, chosen: StoredList, defaults: CreatedDefaults) -> None:
    """Of what is to be done with strangers only what was planned is: who has changed since is held by name (STALE)."""
    strangers.refuse_others(c, plan_id, item, chosen.id)
    after = 0
    while some := strangers.to_do(c, chosen.id, Effect.CREATE, _BATCH, after):
        after = some[-1].contact_id
        planned = planned_changes.images(c, plan_id, item, [str(each.contact_id) for each in some])
        moved = [
            each.contact_id
            for each in some
            if (row := planned.get(str(each.contact_id), ({}, {}))[1]) and row != _made_of(each, chosen, defaults)
        ]
        strangers.refuse(c, chosen.id, moved)
