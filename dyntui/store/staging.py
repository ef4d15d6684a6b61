"""Members as they are read from Dynamics, page by page.

stage(c, list_id, listing, rows)                   listing: the mark of those on the list (`reading_places`), or PREVIEW
restage(c, list_ids, rows) -> int; unlist(c, list_id, ids)      records that changed; who is not on the list any more
not_staged(c, list_id, listing, ids) -> [id]; listed(c, list_id, listing) -> int; places(c, list_id) -> int
mark_present(c, list_id, present) -> [id]                    who is on the list between two synchronisations
mark_changed(c, list_id, joined, left) -> [id]               who was put on it and taken off it by hand
forget(c, list_id)                                           of a list that was never synchronised: it is read anew
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, String, bindparam, delete, func, or_, select, update

from dyntui.model.people import Gate
from dyntui.store import list_unsubscribes, sequences
from dyntui.store.chunks import in_chunks
from dyntui.store.gate_marks import join, split
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.upserts import Excluded, json_text, update_many, upsert

_m = list_member.c
# The listing of members who were read to be looked at or counted, not to be synchronised: nobody has settled them.
PREVIEW = "preview"


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A member as just read. `address` is normalised; `fields` is what would be sent, `fingerprint` its hash; `gates`
    are the record's own closed gates (`dyntui.model.people.record_gates`, VALUE_REJECTED...);
    `opt_in` their `OptIn`. `mailed_as`: the contact at whose address an account is mailed, `""` for its own."""

    person_id: str
    entity: str
    name: str
    address: str
    created_on: str
    fields: dict[str, Any]
    fingerprint: str
    gates: Sequence[Gate] = ()
    opt_in: int = 0
    mailed_as: str = ""


_STAGED = (
    "list_id",
    "person_id",
    "seq",
    "entity",
    "name",
    "address",
    "created_on",
    "fields",
    "fingerprint",
    "own_reasons",
    "own_detail",
    "listing",
    "has_left",
    "opt_in",
    "mailed_as",
    "news",
)
# What of a record decides about its person, or is shown.
_FACTS = ("entity", "name", "address", "fingerprint", "own_reasons", "own_detail", "opt_in", "mailed_as")


def stage(c: Connection, list_id: str, listing: str, rows: Iterable[Staged], *, only_new: bool = False) -> None:
    """Keep one page of a listing. A person who was read before keeps their place, what was acknowledged and the outcome
    of the last run; a new one is pending. `only_new`: whoever is known already stays as they are."""
    scope = (_m.list_id == list_id,)
    base = sequences.following(c, list_member, scope)
    page = list(rows)
    if not only_new:
        _keep_former_addresses(c, list_id, page)
    upsert(
        c,
        list_member,
        _STAGED,
        ("list_id", "person_id"),
        (_staged(list_id, listing, base + place, row) for place, row in enumerate(page)),
        update=() if only_new else _STAGED[3:-1],
        computed=None if only_new else _is_news,
    )
    sequences.close_gaps(c, list_member, scope, base)


def _is_news(new: Excluded) -> dict[str, ColumnElement[Any]]:
    """A new person is news, as is one who changed or is back on the list."""
    return {"news": or_(_m.news, _m.has_left, *(_m[name] != new[name] for name in _FACTS))}


def restage(c: Connection, list_ids: Sequence[str], rows: Sequence[Staged]) -> int:
    """Records that changed: those of them who are on one of the lists are as they are now; how many had changed."""
    page = {row.person_id: row for row in rows}
    changed: list[tuple[object, ...]] = []
    for list_id in list_ids:
        base = select(marketing_list.c.base).where(marketing_list.c.id == list_id).scalar_subquery()
        former: list[tuple[str, str, str]] = []
        for some in in_chunks(list(page)):
            known = select(_m.person_id, *(_m[name] for name in _FACTS)).where(
                _m.list_id == list_id, _m.listing == base, _m.person_id.in_(some)
            )
            for person_id, *facts in c.execute(known):
                row = page[person_id]
                values = dict(zip(_STAGED, _staged(list_id, "", 0, row), strict=True))
                if [values[name] for name in _FACTS] == facts:
                    continue
                if facts[2] not in ("", row.address):
                    former.append((list_id, facts[2], facts[-1] or person_id))
                changed.append((*(values[name] for name in _RESTAGED), list_id, person_id))
        list_unsubscribes.had_before(c, former)
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values({name: bindparam(f"b_{name}", type_=None) for name in _RESTAGED} | {"news": True})
    )
    return update_many(c, statement, (*(f"b_{name}" for name in _RESTAGED), "b_list", "b_person"), changed)


_RESTAGED = (*_FACTS, "created_on", "fields")


def unlist(c: Connection, list_id: str, person_ids: Iterable[str]) -> None:
    """These people are not on the list any more."""
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(listing="", has_left=True, news=True)
    )
    update_many(c, statement, ("b_list", "b_person"), [(list_id, each) for each in person_ids])


def _keep_former_addresses(c: Connection, list_id: str, page: Sequence[Staged]) -> None:
    """The addresses that people of the page have no more."""
    now = {row.person_id: (row.address, row.mailed_as) for row in page}
    for some in in_chunks(list(now)):
        had = select(_m.person_id, _m.address, _m.mailed_as).where(
            _m.list_id == list_id, _m.person_id.in_(some), _m.address != ""
        )
        # The address of an account that is mailed through a contact is the contact's, whoever that is now.
        changed = [
            (list_id, address, contact or each)
            for each, address, contact in c.execute(had)
            if (address, contact) != now[each]
        ]
        list_unsubscribes.had_before(c, changed)


def _staged(list_id: str, listing: str, seq: int, row: Staged) -> tuple[object, ...]:
    codes = join(gate.reason for gate in row.gates)
    first = split(codes)[:1]
    detail = next((gate.detail for gate in row.gates if (gate.reason,) == first), "")
    return (
        list_id,
        row.person_id,
        seq,
        row.entity,
        row.name,
        row.address,
        row.created_on,
        json_text(row.fields),
        row.fingerprint,
        codes,
        detail,
        listing,
        False,
        row.opt_in,
        row.mailed_as,
        True,
    )


def not_staged(c: Connection, list_id: str, listing: str, ids: Sequence[str]) -> list[str]:
    """Those of the ids that a listing has not staged, in their order."""
    found: set[str] = set()
    for some in in_chunks(ids):
        staged = select(_m.person_id).where(_m.list_id == list_id, _m.listing == listing, _m.person_id.in_(some))
        found.update(c.execute(staged).scalars())
    return [each for each in ids if each not in found]


def listed(c: Connection, list_id: str, listing: str) -> int:
    """How many different people a listing has staged."""
    of_listing = (_m.list_id == list_id, _m.listing == listing)
    return c.execute(select(func.count()).select_from(list_member).where(*of_listing)).scalar_one()


def places(c: Connection, list_id: str) -> int:
    """How many places the list has: one for each member who is known."""
    last = c.execute(select(func.max(_m.seq)).where(_m.list_id == list_id)).scalar()
    return 0 if last is None else last + 1


def mark_present(c: Connection, list_id: str, present: Collection[str]) -> list[str]:
    """Who is on the list at this moment, between two synchronisations: those known who are not among `present` have
    left, those who are have not. Whom of `present` nobody has read yet, in order."""
    known = {
        row.person_id: row.has_left for row in c.execute(select(_m.person_id, _m.has_left).where(_m.list_id == list_id))
    }
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(has_left=bindparam("b_left", type_=_m.has_left.type), news=True)
    )
    differ = [(each not in present, list_id, each) for each, left in known.items() if left != (each not in present)]
    update_many(c, statement, ("b_left", "b_list", "b_person"), differ)
    return [each for each in present if each not in known]


def mark_changed(c: Connection, list_id: str, joined: Sequence[str], left: Sequence[str]) -> list[str]:
    """These were put on the list and taken off it by hand. Whom of those who joined nobody has read yet."""
    for ids, gone in ((joined, False), (left, True)):
        for some in in_chunks(ids):
            here = (_m.list_id == list_id, _m.person_id.in_(some), _m.has_left.is_not(gone))
            c.execute(update(list_member).where(*here).values(has_left=gone, news=True))
    known: set[str] = set()
    for some in in_chunks(joined):
        known.update(c.execute(select(_m.person_id).where(_m.list_id == list_id, _m.person_id.in_(some))).scalars())
    return [each for each in joined if each not in known]


def forget(c: Connection, list_id: str) -> None:
    """The members of a list that was never synchronised are read anew when somebody looks. Who unsubscribed from it
    stays known."""
    here = _m.list_id == list_id
    list_unsubscribes.keep_addresses(c, (here,))
    c.execute(delete(list_member).where(here))
