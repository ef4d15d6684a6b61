"""Members of a list as people look at them: a window of rows, `window(c, MembersWindow) -> Found[Member]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from dyntui.model.outcomes import Outcome
from dyntui.store import chunks, sequences
from dyntui.store.gate_marks import split
from dyntui.store.schema import list_member
from dyntui.store.windows import Found, contains, ordered

_m = list_member.c
_SORTABLE = {name: _m[name] for name in ("entity", "name", "address", "outcome", "reason", "detail", "contact_id")}


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member in the grid. `outcome` None: never synchronised, or pending."""

    person: str
    entity: str
    name: str
    address: str
    outcome: Outcome | None
    reason: str
    detail: str
    also: tuple[str, ...]
    contact_id: int | None


class MembersWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which members are wanted; empty filters mean all."""

    list_id: str
    outcome: str = ""
    reason: str = ""
    offset: int = 0
    limit: int = 200
    search: str = ""
    sort: str = ""


def window(c: Connection, asked: MembersWindow) -> Found[Member]:
    """Members in the order of reading; the search looks at name and address."""
    scope = [_m.list_id == asked.list_id]
    narrowed = list(scope)
    if asked.outcome:
        narrowed.append(_m.outcome == asked.outcome)
    if asked.reason:
        narrowed.append(_m.reason == asked.reason)
    if asked.search:
        narrowed.append(contains((_m.name, _m.address), asked.search))
    total = sequences.following(c, list_member, scope)
    if asked.search and not asked.sort:
        # What matches few is found by reading once; of what matches many the first ones are met soon.
        few = c.execute(select(_m.seq).where(*narrowed).limit(chunks.FEW + 1)).scalars().all()
        if len(few) <= chunks.FEW:
            shown = sorted(few)[asked.offset : asked.offset + asked.limit]
            return Found(_in_places(c, asked, shown), len(few), total)
    matching = total
    if len(narrowed) > 1:
        matching = c.execute(select(func.count()).select_from(list_member).where(*narrowed)).scalar_one()
    # Only the places are sorted and skipped over; the rows themselves are fetched for what is shown.
    places = select(_m.seq).where(*narrowed)
    if len(narrowed) == 1 and not asked.sort:
        places = places.where(_m.seq >= asked.offset).order_by(_m.seq)
    else:
        places = ordered(places, asked.sort, _SORTABLE, (_m.seq,)).offset(asked.offset)
    return Found(_in_places(c, asked, c.execute(places.limit(asked.limit)).scalars().all()), matching, total)


def _in_places(c: Connection, asked: MembersWindow, places: Sequence[int]) -> tuple[Member, ...]:
    """The rows at these places of the list, in this order."""
    found: dict[int, Member] = {}
    for some in chunks.in_chunks(places):
        rows = c.execute(select(list_member).where(_m.list_id == asked.list_id, _m.seq.in_(some)))
        found.update((row.seq, _member(row)) for row in rows)
    return tuple(found[each] for each in places)


def _member(row: Row[Any]) -> Member:
    return Member(
        person=row.person_id,
        entity=row.entity,
        name=row.name,
        address=row.address,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        detail=row.detail,
        also=split(row.also),
        contact_id=row.contact_id,
    )
