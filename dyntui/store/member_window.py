"""Members of a list as people look at them: a window of rows, `window(c, asked, list_id=) -> Page[MemberRow]`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from dyntui.model.lists import MemberRow
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.store import chunks, sequences
from dyntui.store.schema import list_member
from dyntui.store.windows import contains, ordered, shown

_m = list_member.c
_SORTABLE = {name: _m[name] for name in ("entity", "name", "address", "outcome", "reason", "detail", "contact_id")}


def window(c: Connection, asked: Window, *, list_id: str, outcome: str = "", reason: str = "") -> Page[MemberRow]:
    """Members in the order of reading, by outcome and reason where given; the search looks at name and address."""
    scope = [_m.list_id == list_id]
    narrowed = list(scope)
    if outcome:
        narrowed.append(_m.outcome == outcome)
    if reason:
        narrowed.append(_m.reason == reason)
    if asked.search:
        narrowed.append(contains((_m.name, _m.address), asked.search))
    total = sequences.following(c, list_member, scope)
    if asked.search and not asked.sort:
        # What matches few is found by reading once; of what matches many the first ones are met soon.
        few = c.execute(select(_m.seq).where(*narrowed).limit(chunks.FEW + 1)).scalars().all()
        if len(few) <= chunks.FEW:
            rows = _in_places(c, list_id, sorted(few)[asked.offset : asked.offset + asked.limit])
            return Page(rows=rows, matching=len(few), total=total, offset=asked.offset)
    matching = total
    if len(narrowed) > 1:
        matching = c.execute(select(func.count()).select_from(list_member).where(*narrowed)).scalar_one()
    # Only the places are sorted and skipped over; the rows themselves are fetched for what is shown.
    places = select(_m.seq).where(*narrowed)
    if len(narrowed) == 1 and not asked.sort:
        places = places.where(_m.seq >= asked.offset).order_by(_m.seq)
    else:
        places = ordered(places, asked.sort, _SORTABLE, (_m.seq,)).offset(asked.offset)
    rows = _in_places(c, list_id, c.execute(places.limit(asked.limit)).scalars().all())
    return Page(rows=rows, matching=matching, total=total, offset=asked.offset)


def _in_places(c: Connection, list_id: str, places: Sequence[int]) -> tuple[MemberRow, ...]:
    """The rows at these places of the list, in this order."""
    found: dict[int, MemberRow] = {}
    for some in chunks.in_chunks(places):
        rows = c.execute(select(list_member).where(_m.list_id == list_id, _m.seq.in_(some)))
        for row in rows:
            outcome = Outcome(row.outcome) if row.outcome else None
            # Who left after the list was synchronised has the outcome that they had then.
            left = {"reason": "LEFT_LIST", "detail": "since the last synchronisation"}
            since = left if row.has_left and not row.reason else {}
            found[row.seq] = shown(MemberRow, row, person=row.person_id, outcome=outcome, **since)
    return tuple(found[each] for each in places)
