"""Where reading only what changed of a list goes on from, and the reading of everybody that it rests on.

Those on the list carry the mark of the last whole reading (`list_member.listing` is the list's `base`); a reading of
what changed adds to them and takes away from them, and visits nobody else.

Public:
    place(c, list_id) -> Place; put(c, list_id, **values)
    begin(c, list_id, whole=); end(c, list_id, run_id, doubt, base)
    read_by(c, list_id, run_id) -> bool; mark(c, list_id, run_id) -> str; doubt(c, list_id) -> str
    Presence: begin_presence(c, list_id), see(c, list_id, base, ids, presence), unseen(c, list_id, base, presence)
    differing(c, list_id, marks, rows) -> ids; known(c, list_id, base, ids) -> ids
    known_in_base(c, list_id, ids) -> bool
    loose(c, list_id, base) -> bool; forget_previewed(c, list_id)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, exists, func, or_, select, update

from dyntui.store import settling
from dyntui.store.chunks import in_chunks
from dyntui.store.gate_marks import join
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.staging import PREVIEW, Staged

_l, _m = marketing_list.c, list_member.c


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a list, so that only what changed has to be asked. `base`: the mark of those on it, `""` where
    everybody has to be read; the other fields are those of `marketing_list`."""

    base: str
    rows_read: int
    rows_since: str
    records_link: str
    records_on: str
    records_columns: str
    records_run: str
    records_gone: bool
    book_count: int
    book_since: str
    read_how: str


def place(c: Connection, list_id: str) -> Place:
    """Raises `NoResultFound` for a list that is not stored."""
    columns = (_l[name] for name in Place.__struct_fields__)
    return Place(**c.execute(select(*columns).where(_l.id == list_id)).one()._mapping)


def put(c: Connection, list_id: str, **values: object) -> None:
    """Changes fields of a list's `Place`."""
    c.execute(update(marketing_list).where(_l.id == list_id).values(values))


def begin(c: Connection, list_id: str, *, whole: bool) -> None:
    """The members are being read: until that is complete no earlier reading of another run can be gone on with. A
    `whole` reading leaves nothing that a reading of what changed could rest on, until it is complete."""
    put(c, list_id, **({"listing": "", "judged_by": "", "base": "", "read_how": ""} if whole else {"listing": ""}))


def end(c: Connection, list_id: str, run_id: str, doubt: str, base: str) -> None:
    """The run has read the list; `doubt`: why whoever was not seen may be on it all the same; `base`: the mark of those
    on it, `run_id` for a whole reading."""
    if base in ("", run_id):
        settling.mark_left(c, list_id, run_id)
    put(c, list_id, listing=run_id, judged_by="", doubt=doubt, base="" if doubt else base)


def read_by(c: Connection, list_id: str, run_id: str) -> bool:
    """Whether the run has read all members of the list, and nobody else began to since."""
    return c.execute(select(_l.listing).where(_l.id == list_id)).scalar() == run_id


def mark(c: Connection, list_id: str, run_id: str) -> str:
    """The mark of those on a list that the run has read."""
    return c.execute(select(_l.base).where(_l.id == list_id)).scalar() or run_id


def doubt(c: Connection, list_id: str) -> str:
    """Why the last reading of the members does not prove who has left; `""` when it does."""
    return c.execute(select(_l.doubt).where(_l.id == list_id)).scalar() or ""


class Presence(msgspec.Struct):
    """Whom a reading of ids has seen: a byte for each `seq` of the list."""

    seen: bytearray


def begin_presence(c: Connection, list_id: str) -> Presence:
    last = c.execute(select(func.max(_m.seq)).where(_m.list_id == list_id)).scalar()
    return Presence(bytearray(0 if last is None else last + 1))


def see(c: Connection, list_id: str, base: str, ids: Sequence[str], presence: Presence) -> list[str]:
    """These people are on the list; those of them who were not thought to be."""
    strangers = set(ids)
    for some in in_chunks(ids):
        here = select(_m.person_id, _m.seq, _m.has_left).where(
            _m.list_id == list_id, _m.listing == base, _m.person_id.in_(some)
        )
        for row in c.execute(here):
            if row.seq < len(presence.seen):
                presence.seen[row.seq] = 1
            if not row.has_left:
                strangers.discard(row.person_id)
    return [each for each in dict.fromkeys(ids) if each in strangers]


def unseen(c: Connection, list_id: str, base: str, presence: Presence) -> list[str]:
    """Who was thought to be on the list, and was not seen."""
    gaps = [seq for seq, seen in enumerate(presence.seen) if not seen]
    found: list[str] = []
    for some in in_chunks(gaps):
        here = select(_m.person_id).where(_m.list_id == list_id, _m.listing == base, _m.seq.in_(some))
        found += c.execute(here.order_by(_m.seq)).scalars()
    return found


def known_in_base(c: Connection, list_id: str, ids: Sequence[str]) -> bool:
    """Whether one of the people is on the list, as far as is known."""
    base = c.execute(select(_l.base).where(_l.id == list_id)).scalar() or ""
    return bool(ids and base and known(c, list_id, base, ids))


def known(c: Connection, list_id: str, base: str, ids: Sequence[str]) -> set[str]:
    """Those of the people who are on the list, as far as is known."""
    found: set[str] = set()
    for some in in_chunks(ids):
        here = select(_m.person_id).where(
            _m.list_id == list_id, _m.listing == base, _m.has_left.is_(False), _m.person_id.in_(some)
        )
        found.update(c.execute(here).scalars())
    return found


def differing(c: Connection, list_id: str, marks: Collection[str], rows: Sequence[Staged]) -> list[str]:
    """Those of the members under one of the `marks` of whom another state is stored than is read now."""
    now = {
        row.person_id: (row.entity, row.name, row.address, row.fingerprint, _gates(row), row.opt_in, row.mailed_as)
        for row in rows
    }
    found: list[str] = []
    for some in in_chunks(list(now)):
        state = (_m.entity, _m.name, _m.address, _m.fingerprint, _m.own_reasons, _m.opt_in, _m.mailed_as)
        stored = select(_m.person_id, *state).where(
            _m.list_id == list_id, _m.listing.in_(marks), _m.person_id.in_(some)
        )
        found += [person_id for person_id, *known in c.execute(stored) if now[person_id] != tuple(known)]
    return found


def _gates(row: Staged) -> str:
    return join(gate.reason for gate in row.gates)


def forget_previewed(c: Connection, list_id: str) -> None:
    """Who was taken for a member between two synchronisations, and was not found by this one."""
    here = (_m.list_id == list_id, _m.outcome == "", _m.listing == PREVIEW, _m.has_left.is_(False))
    c.execute(update(list_member).where(*here).values(has_left=True, news=True))


def loose(c: Connection, list_id: str, base: str) -> bool:
    """Whether somebody who counted the list's people between two synchronisations has seen that others are on it."""
    left = select(_m.person_id).where(_m.list_id == list_id, _m.has_left.is_(True), _m.listing == base)
    fresh = select(_m.person_id).where(
        _m.list_id == list_id, _m.outcome == "", _m.listing == PREVIEW, _m.has_left.is_(False)
    )
    return bool(c.execute(select(or_(exists(left), exists(fresh)))).scalar())
