"""Pages that contacts looked at on tracked web sites, and what of it Dynamics is still to be told.

Public:
    keep(c, account_id, rows)                    rows: Visit; those that say something else are news
    news(c, account_id, after, most) -> [Visit]; told(c, account_id, rows)      rows: (key, record's id)
    no_record(c, account_id, keys)               nobody has the address: not news until somebody has
    again(c, addresses)                          visits that no record was found for
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy import String as Text

from dyntui.store.chunks import in_chunks
from dyntui.store.schema import page_visit
from dyntui.store.upserts import update_many, upsert
from dyntui.store.windows import shown

_v = page_visit.c


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a session. `key`: of both; `address`: of the contact, normalised; `visited_on`: ISO 8601 UTC;
    `person_id`: the record it was told for."""

    key: str
    contact_id: int
    address: str
    url: str
    title: str
    visited_on: str
    times: int
    person_id: str = ""
    told: bool = False


_SAID = ("address", "url", "title", "visited_on", "times")


def keep(c: Connection, account_id: str, rows: Iterable[Visit]) -> None:
    """Visits as they were read."""
    upsert(
        c,
        page_visit,
        ("account_id", "key", "contact_id", *_SAID, "news"),
        ("account_id", "key"),
        [(account_id, each.key, each.contact_id, *(getattr(each, name) for name in _SAID), True) for each in rows],
        update=_SAID,
        computed=lambda new: {"news": or_(_v.news, *(_v[name] != new[name] for name in _SAID))},
    )


def news(c: Connection, account_id: str, after: str, most: int) -> list[Visit]:
    """Visits of which something is still to be told, in order, from the one `after` which they come."""
    waiting = select(*(_v[name] for name in Visit.__struct_fields__)).where(
        _v.account_id == account_id, _v.news.is_(True), _v.key > after
    )
    return [shown(Visit, row) for row in c.execute(waiting.order_by(_v.key).limit(most))]


def told(c: Connection, account_id: str, rows: Iterable[tuple[str, str]]) -> None:
    """Dynamics has these visits: key, and the record they belong to."""
    statement = (
        update(page_visit)
        .where(_v.account_id == bindparam("b_account", type_=Text), _v.key == bindparam("b_key", type_=Text))
        .values(news=False, told=True, person_id=bindparam("b_person", type_=Text))
    )
    update_many(c, statement, ("b_person", "b_account", "b_key"), ((person, account_id, key) for key, person in rows))


def no_record(c: Connection, account_id: str, keys: Sequence[str]) -> None:
    """No record has the address of these visits."""
    for some in in_chunks(keys):
        c.execute(update(page_visit).where(_v.account_id == account_id, _v.key.in_(some)).values(news=False))


def again(c: Connection, addresses: Sequence[str]) -> None:
    """Visits from these addresses for which no record was found so far are told once more."""
    for some in in_chunks(addresses):
        c.execute(update(page_visit).where(_v.address.in_(some), _v.person_id == "").values(news=True))
