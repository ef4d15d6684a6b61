"""Which unsubscribes from a marketing list Dynamics was told of, and which of those ended since.

Public:
    untold(c, account_id, most, after) -> [Untold]; told(c, rows)      of the account's activated lists
    ending(c, list_id, addresses)                                      before an unsubscribe is forgotten
    ended(c) -> [(list id, address)]; forget_ended(c, rows)            rows that Dynamics has in vain
    all_ended(c) -> {(list id, address)}                               those too that began again
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, case, delete, func, select, tuple_, update

from dyntui.model.people import Entity
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, list_unsubscribe, list_unsubscribe_ended, marketing_list
from dyntui.store.upserts import update_many, upsert

_u, _e, _l, _m = list_unsubscribe.c, list_unsubscribe_ended.c, marketing_list.c, list_member.c
_WITHOUT_TIME = "-"
# How the row in Dynamics is to be.
_NOW = case((_u.unsubscribed_on != "", _u.unsubscribed_on), else_=_WITHOUT_TIME)
_LINKED = (Entity.CONTACT.value, Entity.LEAD.value)

_TELL = (
    update(list_unsubscribe)
    .where(_u.list_id == bindparam("of_list"), _u.address == bindparam("of_address"))
    .values(told_as=bindparam("as_told"))
)


class Untold(msgspec.Struct, frozen=True):
    """An unsubscribe as Dynamics does not know it yet: when (`""`: it was not said), and the record on the list that
    has the address, of `entity` (`""`: there is none)."""

    list_id: str
    address: str
    unsubscribed_on: str
    person_id: str = ""
    entity: str = ""


def untold(c: Connection, account_id: str, most: int, after: tuple[str, str] = ("", "")) -> list[Untold]:
    """So many of them by list and address, those that come after one."""
    here = select(_l.id).where(_l.account_id == account_id, _l.activated.is_(True), _l.active.is_(True))
    rows = c.execute(
        select(_u.list_id, _u.address, _u.unsubscribed_on)
        .where(_u.list_id.in_(here), _u.told_as != _NOW, tuple_(_u.list_id, _u.address) > tuple_(*after))
        .order_by(_u.list_id, _u.address)
        .limit(most)
    ).all()
    by_list: dict[str, list[str]] = {}
    for row in rows:
        by_list.setdefault(row.list_id, []).append(row.address)
    records = {list_id: _records(c, list_id, addresses) for list_id, addresses in by_list.items()}
    return [Untold(*row, *records[row.list_id].get(row.address, ("", ""))) for row in rows]


def _records(c: Connection, list_id: str, addresses: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Address -> record and table; of several the one with the smallest id, on every machine."""
    found: dict[str, tuple[str, str]] = {}
    for some in in_chunks(addresses):
        rows = c.execute(
            select(_m.address, _m.person_id, _m.entity)
            .where(_m.list_id == list_id, _m.address.in_(some), _m.entity.in_(_LINKED))
            .order_by(_m.address, _m.person_id)
        )
        for address, person_id, entity in rows:
            found.setdefault(address, (person_id, entity))
    return found


def told(c: Connection, rows: Iterable[Untold]) -> None:
    """Dynamics has these as they are."""
    values = [(each.unsubscribed_on or _WITHOUT_TIME, each.list_id, each.address) for each in rows]
    update_many(c, _TELL, ("as_told", "of_list", "of_address"), values)
    if c.execute(select(_e.list_id).limit(1)).first() is not None:
        forget_ended(c, [(list_id, address) for _, list_id, address in values])


def ending(c: Connection, list_id: str, addresses: Sequence[str]) -> None:
    """Of these unsubscribes, which are about to be forgotten, Dynamics has rows."""
    for some in in_chunks(addresses):
        known = select(_u.address).where(_u.list_id == list_id, _u.address.in_(some), _u.told_as != "")
        gone = [(list_id, address) for address in c.execute(known).scalars()]
        upsert(c, list_unsubscribe_ended, ("list_id", "address"), ("list_id", "address"), gone, update=())


def ended(c: Connection) -> list[tuple[str, str]]:
    """Unsubscribes that ended and did not begin again, whose rows are to go."""
    again = select(_u.address).where(_u.list_id == _e.list_id, _u.address == _e.address).exists()
    return [tuple(row) for row in c.execute(select(_e.list_id, _e.address).where(~again).order_by(*_e))]


def all_ended(c: Connection) -> set[tuple[str, str]]:
    """Unsubscribes (list id, address) that ended and whose rows Dynamics still has."""
    return {(row.list_id, row.address) for row in c.execute(select(_e.list_id, _e.address))}


def forget_ended(c: Connection, rows: Sequence[tuple[str, str]]) -> int:
    """The rows of these (list id, address) are gone, or were written anew; how many. What has ended since they were
    read is yet to be taken away."""
    gone = 0
    for some in in_chunks(rows):
        gone += c.execute(delete(list_unsubscribe_ended).where(tuple_(_e.list_id, _e.address).in_(some))).rowcount
    return gone


def count_untold(c: Connection, account_id: str) -> int:
    """How many there are."""
    here = select(_l.id).where(_l.account_id == account_id, _l.activated.is_(True), _l.active.is_(True))
    counted = select(func.count()).select_from(list_unsubscribe).where(_u.list_id.in_(here), _u.told_as != _NOW)
    return int(c.execute(counted).scalar_one())
