"""People by name or address, over all marketing lists and all that is known of opt-outs.

Public:
    window(c, asked) -> Page[KnownPerson]; everybody(c, search) -> people
    person(c, person_id) -> KnownPerson | None
    with_address(c, address) -> list[KnownPerson]; lists_of(c, person_id) -> list[ListOf]
    not_allowed(c, person_id) -> reasons of `PREFERENCES`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, String, exists, func, literal, select, union

from dyntui.model.known_people import PREFERENCES, KnownPerson
from dyntui.model.paging import Page, Window
from dyntui.model.suppression_flags import BULK_EMAIL, EMAIL
from dyntui.store import person_search
from dyntui.store.gate_marks import code_mark, first_code, split
from dyntui.store.schema import list_member, marketing_list, opt_out, opt_out_address, suppression
from dyntui.store.windows import contains, ordered, shown

_m = list_member.c
# So many of those whom a search finds are listed.
LISTED: Final = 1000
_SORTABLE = ("name", "address", "entity", "lists", "reason")


class ListOf(msgspec.Struct, frozen=True):
    """A marketing list that somebody is on, and the email account it is activated for."""

    id: str
    account_id: str


def window(c: Connection, asked: Window) -> Page[KnownPerson]:
    """Whom the search finds by name or address: records first, by name; then addresses that opted out and belong to
    none of them. Nobody without a search. Of more than a thousand some thousand are listed, and there are `more`: a
    longer search leads to the others."""
    if not asked.search:
        return Page(rows=(), matching=0, total=0, offset=asked.offset)
    some = person_search.found(c, asked.search, LISTED + 1)
    alone = _addresses_alone(asked.search).limit(LISTED + 1).subquery("alone")
    everybody = _records(_m.person_id.in_(some[:LISTED])).union_all(select(alone)).subquery("found")
    f = everybody.c
    listing = ordered(select(everybody), asked.sort, {name: f[name] for name in _SORTABLE}, _records_first(f))
    rows = c.execute(listing.offset(asked.offset).limit(asked.limit)).all()
    matching = len(rows) + asked.offset
    if not rows or len(rows) == asked.limit:
        matching = int(c.execute(select(func.count()).select_from(everybody)).scalar_one())
    more = len(some) > LISTED or int(c.execute(select(func.count()).select_from(alone)).scalar_one()) > LISTED
    return Page(
        rows=tuple(shown(KnownPerson, row) for row in rows),
        matching=matching,
        total=matching,
        offset=asked.offset,
        more=more,
    )


def everybody(c: Connection, search: str) -> Iterator[KnownPerson]:
    """All whom the search finds, in no order."""
    for some in person_search.everybody(c, search):
        yield from (shown(KnownPerson, row) for row in c.execute(_records(_m.person_id.in_(some))))
    yield from (shown(KnownPerson, row) for row in c.execute(_addresses_alone(search)))


def _records_first(f: Any) -> tuple[ColumnElement[Any], ...]:
    return (f.person == "", f.name, f.address, f.person)


def person(c: Connection, person_id: str) -> KnownPerson | None:
    """A record that is on some list."""
    row = c.execute(_records(_m.person_id == person_id)).one_or_none()
    return shown(KnownPerson, row) if row is not None else None


def with_address(c: Connection, address: str) -> list[KnownPerson]:
    """The records that have an address."""
    if not address:
        return []
    rows = c.execute(_records(_m.address == address).order_by(_m.person_id))
    return [shown(KnownPerson, row) for row in rows]


def lists_of(c: Connection, person_id: str) -> list[ListOf]:
    """The activated lists that a record is on, in synchronisation order."""
    lists = marketing_list.c
    rows = (
        select(lists.id, lists.account_id)
        .join(list_member, _m.list_id == lists.id)
        .where(_m.person_id == person_id, lists.activated.is_(True))
        .order_by(lists.sync_order, lists.name, lists.id)
    )
    return [ListOf(*row) for row in c.execute(rows)]


def not_allowed(c: Connection, person_id: str) -> tuple[str, ...]:
    """What a record's contact preferences forbid: as its lists say, or whoever was told of opt-outs since."""
    o = opt_out.c
    by_lists = select(_m.own_reasons).where(_m.person_id == person_id, _m.own_reasons != "")
    said = {code for each in c.execute(by_lists).scalars() for code in split(each)}
    of_record = o.said_by.in_((BULK_EMAIL, EMAIL))
    said.update(c.execute(select(o.reason).where(o.person_id == person_id, of_record)).scalars())
    return tuple(each for each in PREFERENCES if each in said)


def _records(found: ColumnElement[bool]) -> Select[Any]:
    """Each record once; on several lists it is the same record, read at different times."""
    return (
        select(
            _m.person_id.label("person"),
            func.max(_m.entity).label("entity"),
            func.max(_m.name).label("name"),
            func.max(_m.address).label("address"),
            func.count().label("lists"),
            first_code(func.coalesce(func.min(func.nullif(code_mark(_m.reason), 0)), 0)).label("reason"),
        )
        .where(found)
        .group_by(_m.person_id)
    )


def _addresses_alone(search: str) -> Select[Any]:
    """Addresses that are suppressed or opted out, and that no member of a list has."""
    s, a = suppression.c, opt_out_address.c
    said = union(
        select(s.address).where(contains((s.address,), search)),
        select(a.address).where(contains((a.address,), search)),
    ).subquery("said")
    nobody = literal("", String)
    return select(
        nobody.label("person"),
        nobody.label("entity"),
        nobody.label("name"),
        said.c.address,
        literal(0).label("lists"),
        nobody.label("reason"),
    ).where(said.c.address != "", ~exists().where(_m.address == said.c.address))
