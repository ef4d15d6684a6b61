"""Who unsubscribed from a marketing list: by the address that they did it with, and as the person who had it.

A member who takes another address afterwards has unsubscribed all the same, as has the record that they are merged
into. So it is kept which addresses the members of a list had before. Addresses are normalised everywhere
(`dyntui.model.people.normalise`).

Public:
    add(c, list_id, rows, now, book_id=0, contact_ids=); lift(c, list_id, addresses) -> int
    of_no_book(c, list_id)                                             it gets another book
    not_known(c, pairs) -> pairs; lists_left(c, address) -> list[str]
    lists_left_by_name(c, address) -> [(name, when)]
    left_by_book(c, list_id, book_id, addresses) -> {address: Left}
    had_before(c, rows); keep_addresses(c, scope)                      addresses that members had, or have at present
    given_up(c, list_id, now)                                          the list was read: until then they had them
    former_addresses(c, list_ids, people) -> {address: person id}
    people(among) -> Select: list_id, person_id, unsubscribed_on, address
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    case,
    delete,
    func,
    select,
    union_all,
    update,
)

from dyntui.store import consent_news, moved_contacts, told_unsubscribes
from dyntui.store.among import Among, person_in
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import former_address, list_member, list_unsubscribe, marketing_list
from dyntui.store.stand_ins import stand_ins
from dyntui.store.upserts import upsert

_u = list_unsubscribe.c
_f = former_address.c


def add(
    c: Connection,
    list_id: str,
    rows: Iterable[tuple[str, str]],
    now: str,
    *,
    book_id: int = 0,
    contact_ids: Mapping[str, int] | None = None,
) -> None:
    """People (address, when they did it) who unsubscribed from one list; a known one keeps when it was learned.
    `book_id`: the list's own book, where its feed says so, with the contacts that it names by address."""
    contacts = contact_ids or {}
    left = dict(rows)
    if not_known(c, [(list_id, address) for address in left]):
        consent_news.told(c)
    moved_contacts.met(c, contacts, list_id=list_id)
    upsert(
        c,
        list_unsubscribe,
        ("list_id", "address", "unsubscribed_on", "learned_on", "book_id", "contact_id"),
        ("list_id", "address"),
        ((list_id, address, when, now, book_id, contacts.get(address, 0)) for address, when in left.items()),
        update=("unsubscribed_on", "book_id", "contact_id"),
    )


def of_no_book(c: Connection, list_id: str) -> None:
    """The list gets another book, whose feed and contacts say nothing of how people left it before."""
    c.execute(update(list_unsubscribe).where(_u.list_id == list_id).values(book_id=0))


def not_known(c: Connection, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the pairs (list id, address) that are not known as unsubscribed from the list."""
    known: set[tuple[str, str]] = set()
    for list_id in {each for each, _ in pairs}:
        addresses = [address for each, address in pairs if each == list_id]
        for chunk in in_chunks(addresses):
            some = _u.address.in_(chunk)
            found = c.execute(select(_u.address).where(_u.list_id == list_id, some)).scalars()
            known.update((list_id, address) for address in found)
    return set(pairs) - known


def lists_left(c: Connection, address: str) -> list[str]:
    """The lists that somebody unsubscribed from with an address."""
    return list(c.execute(select(_u.list_id).where(_u.address == address).order_by(_u.list_id)).scalars())


def lists_left_by_name(c: Connection, address: str) -> list[tuple[str, str]]:
    """The names of the lists that somebody unsubscribed from with an address, the last one first, and when (`""`: that
    is not known)."""
    of = select(marketing_list.c.name, _u.unsubscribed_on).join(marketing_list, marketing_list.c.id == _u.list_id)
    rows = c.execute(of.where(_u.address == address).order_by(_u.unsubscribed_on.desc(), marketing_list.c.name))
    return [(name, when) for name, when in rows]


class Left(NamedTuple):
    """An unsubscribe from a list: the contact's id (0: it was not named), and when, or when that was learned."""

    contact_id: int
    on: str


def left_by_book(c: Connection, list_id: str, book_id: int, addresses: Sequence[str]) -> dict[str, Left]:
    """Those of the addresses whose unsubscribe from the list was read of this book."""
    found: dict[str, Left] = {}
    on = case((_u.unsubscribed_on != "", _u.unsubscribed_on), else_=_u.learned_on)
    for chunk in in_chunks(addresses):
        some = _u.address.in_(chunk)
        rows = c.execute(
            select(_u.address, _u.contact_id, on).where(_u.list_id == list_id, _u.book_id == book_id, some)
        )
        found.update((address, Left(*how)) for address, *how in rows)
    return found


def lift(c: Connection, list_id: str, addresses: Sequence[str]) -> int:
    """People who subscribed to the list again; how many had unsubscribed. The caller records the evidence."""
    if not addresses:
        return 0
    told_unsubscribes.ending(c, list_id, addresses)
    return c.execute(delete(list_unsubscribe).where(_u.list_id == list_id, _u.address.in_(addresses))).rowcount


def had_before(c: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """Addresses that members had and have no more: (list id, address, person id)."""
    upsert(
        c,
        former_address,
        ("list_id", "address", "person_id", "gone_on"),
        ("list_id", "address", "person_id"),
        ((*row, "") for row in rows),
        update=("gone_on",),
    )


def given_up(c: Connection, list_id: str, now: str) -> None:
    """A reading of the list is complete: what members had before, they had until now."""
    c.execute(update(former_address).where(_f.list_id == list_id, _f.gone_on == "").values(gone_on=now))


def keep_addresses(c: Connection, scope: Sequence[ColumnElement[bool]]) -> None:
    """The members within `scope` are about to be forgotten: the addresses they have stay known."""
    m = list_member.c
    whose = case((m.mailed_as != "", m.mailed_as), else_=m.person_id)
    known = select(_f.person_id).where(_f.list_id == m.list_id, _f.address == m.address, _f.person_id == whose)
    going = select(m.list_id, m.address, whose).where(*scope, m.address != "", ~known.exists()).distinct()
    c.execute(former_address.insert().from_select(["list_id", "address", "person_id"], going))


def former_addresses(c: Connection, list_ids: Collection[str], people: Collection[str]) -> dict[str, str]:
    """The addresses that these people, or who they stand for, had before as members of these lists, with whose they
    are."""
    here = _f.list_id.in_(list(list_ids))
    r = stand_ins("had_by").c
    own = select(_f.address, _f.person_id).where(here)
    theirs = select(_f.address, r.survivor_id).join(former_address, _f.person_id == r.person_id).where(here)
    rows = [*c.execute(theirs), *c.execute(own)]
    return {address: person_id for address, person_id in rows if person_id in people}


def people(among: Among | None = None) -> Select[Any]:
    """`list_id`, `person_id`, `unsubscribed_on`, `address`: whoever unsubscribed from a list with an address that they
    had before, or as a record that has been merged into them since."""
    others = stand_ins("unsubscribed_stand_ins")
    m, r = list_member.c, others.c
    before = and_(_f.list_id == _u.list_id, _f.address == _u.address)
    now = and_(m.list_id == _u.list_id, m.address == _u.address)
    said = (_u.unsubscribed_on, _u.address)
    with_former = list_unsubscribe.join(former_address, before)
    # Said twice, so that an index finds the few, and not every member is gone through.
    stood_for = stand_ins("unsubscribed_stood_for").c
    of_few = select(stood_for.person_id).where(person_in(among, stood_for.survivor_id))
    few_had = () if among is None else (_f.person_id.in_(of_few),)
    few_have = () if among is None else (m.person_id.in_(of_few),)
    found: CompoundSelect[Any] = union_all(
        select(_u.list_id, _f.person_id, *said).select_from(with_former).where(person_in(among, _f.person_id)),
        select(_u.list_id, r.survivor_id, *said)
        .select_from(with_former.join(others, r.person_id == _f.person_id))
        .where(person_in(among, r.survivor_id), *few_had),
        select(_u.list_id, r.survivor_id, *said)
        .select_from(list_unsubscribe.join(list_member, now).join(others, r.person_id == m.person_id))
        .where(person_in(among, r.survivor_id), *few_have),
    )
    each = found.subquery("unsubscribed_as").c
    return select(
        each.list_id,
        each.person_id,
        func.min(each.unsubscribed_on).label("unsubscribed_on"),
        func.min(each.address).label("address"),
    ).group_by(each.list_id, each.person_id)
