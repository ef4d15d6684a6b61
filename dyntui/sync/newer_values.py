"""Values that somebody has changed in dotdigital since a run brought the others to Dynamics: an import, which carries
all fields of a person, would write over them unseen."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from dyntui.dotdigital.contacts import Contact
from dyntui.model.changes import same_value
from dyntui.model.conversion import Value, unless_empty
from dyntui.model.labels import LabelType
from dyntui.model.merge import Never
from dyntui.model.people import Entity
from dyntui.store import mappings, shadows
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Pending, Rejection
from dyntui.sync.run_context import RunContext


async def in_the_way(
    ctx: RunContext, chosen: StoredList, batch: Sequence[Pending], there: Mapping[str, Contact] | None
) -> list[Rejection]:
    """Those of an import that is about to start whose contact has another value, in a field that goes both ways, than
    both sides had last and than it would get: the next synchronisation brings that value to Dynamics first, or keeps
    the conflict. `there`: their contacts, by address; None: they were not read."""
    known = [each for each in batch if each.sent_address == each.address and each.address in (there or {})]
    if not known or there is None:
        return []
    labels = await ctx.read(functools.partial(_both_ways, chosen=chosen))
    if not labels:
        return []
    addresses = [each.address for each in known]
    bases = {
        (each.person_id, each.address): each
        for each in await ctx.read(lambda c: shadows.people(c, chosen.account_id, addresses))
    }
    found: list[Rejection] = []
    for each in known:
        base = bases.get((each.person_id, each.address))
        values = there[each.address].values
        newer = [
            label
            for label, kind in labels.items()
            if base is not None and _is_newer(base, label, kind, values, each.fields)
        ]
        if newer:
            said = f"{', '.join(newer)} changed in dotdigital meanwhile"
            found.append(Rejection(address=each.address, reason="STALE", detail=said))
    return found


def _both_ways(c: Connection, chosen: StoredList) -> dict[str, LabelType]:
    drains = mappings.drains(c, chosen.account_id)[Entity(chosen.member_type)].drains
    return {each.label: each.label_type for each in drains if each.back}


def _is_newer(
    base: shadows.Shadowed, label: str, kind: LabelType, values: Mapping[str, Value], fields: Mapping[str, object]
) -> bool:
    had = base.base(label)
    if isinstance(had, Never) or label not in fields:
        return False
    now = unless_empty(values.get(label.upper()), kind)
    return not same_value(unless_empty(had, kind), now) and not same_value(fields[label], now)
