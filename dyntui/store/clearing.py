"""Members of lists that are cleared after a send.

Public: `on_the_list(c, list_id, after, limit, counted) -> [Member]`, `let_go(c, list_id, people, now)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update

from dyntui.store.chunks import in_chunks
from dyntui.store.held import REMOVE
from dyntui.store.schema import list_member, target_person
from dyntui.store.windows import shown

_m = list_member.c
BY = "clear list on send"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on a list, as last read."""

    person_id: str
    seq: int
    entity: str
    name: str
    address: str


def on_the_list(c: Connection, list_id: str, after: int, limit: int, counted: str) -> list[Member]:
    """Who of the people of a count is on the list as last read, by `seq` after `after`."""
    of_count = select(target_person.c.person_id).where(target_person.c.count_id == counted)
    rows = c.execute(
        select(*(_m[name] for name in Member.__struct_fields__))
        .where(_m.list_id == list_id, _m.has_left.is_(False), _m.seq > after, _m.person_id.in_(of_count))
        .order_by(_m.seq)
        .limit(limit)
    )
    return [shown(Member, row) for row in rows]


def let_go(c: Connection, list_id: str, people: Sequence[str], now: str) -> None:
    """That these leave the address book once they have left the list is decided."""
    for some in in_chunks(people):
        here = (_m.list_id == list_id, _m.person_id.in_(some), _m.sent_address != "")
        c.execute(update(list_member).where(*here).values(decision=REMOVE, decided_by=BY, decided_on=now, news=True))
