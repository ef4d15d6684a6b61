"""Records in Dynamics that opted out, the addresses they opted out with, and records that were merged into others.

An opt-out counts for the record and for each of its addresses, those it has given up since among them. It ends by
evidence only (`lift`): a reading that does not show a record says nothing about what the person wants.

Public:
    begin(c) -> reading; stage(c, reading, rows, now)                      all opted-out records, read anew
    learn(c, rows, merges, now) -> list[OptOut]                            some of them, outside of a reading
    unseen(c, reading, after="", limit=5000) -> list[Unseen]; keep(c, person_ids, why)
    lift(c, reading, taken_back, now) -> int; of_address(c, address) -> list[Known]; forget_address(c, address, ids)
    record_merges(c, rows, now); survivors(c); add_addresses(c, pairs, now)
    opted_addresses(among), opted_survivors(among) -> CTE; is_opted_out(person_id, address)          for joins
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import CTE, ColumnElement, Connection, String, bindparam, case, delete, exists, func, select, update

from dyntui.store import consent_news, lifts, watermarks
from dyntui.store.among import Among, address_in, person_in
from dyntui.store.chunks import in_chunks
from dyntui.store.gate_marks import code_mark
from dyntui.store.lifts import Lift
from dyntui.store.schema import consent_lift, list_member, merged_record, opt_out, opt_out_address
from dyntui.store.stand_ins import stand_ins
from dyntui.store.upserts import Excluded, update_many, upsert

_o = opt_out.c
_a = opt_out_address.c
_r = merged_record.c
# The count of readings of opt-outs, which are the organisation's.
_READINGS_ACCOUNT, _READINGS = "", "opt-outs"


class OptOut(msgspec.Struct, frozen=True, kw_only=True):
    """A record that opted out. `reason`: DO_NOT_EMAIL or DO_NOT_BULK_EMAIL; `said_by`: the column that says so;
    `addresses`: normalised, all that it has."""

    person_id: str
    entity: str
    reason: str
    said_by: str = ""
    addresses: Sequence[str] = ()


class Unseen(msgspec.Struct, frozen=True):
    """A record whose opt-out is known and which a reading did not show. `kept`: why, as found before; `""` at first;
    `said_by`: the column that had said so."""

    entity: str
    person_id: str
    kept: str
    said_by: str = ""


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was merged into another one of its table; `address`: its own, normalised."""

    person_id: str
    entity: str
    master_id: str
    address: str = ""


def begin(c: Connection) -> str:
    """A reading of all records that opted out begins; what names it. Several may be under way side by side: each leaves
    alone what another has seen since it began itself."""
    reading = f"{int(watermarks.get(c, _READINGS_ACCOUNT, _READINGS) or 0) + 1:012d}"
    watermarks.put(c, _READINGS_ACCOUNT, _READINGS, reading)
    return reading


def stage(c: Connection, reading: str, rows: Iterable[OptOut], now: str) -> list[OptOut]:
    """Keep one page of the records that opted out. Where one record is shown several times by one reading the stronger
    opt-out stands; addresses are added to those known of it, none is taken away. Which of them had not been known."""
    several = list(rows)
    fresh = _not_known(c, several)
    if fresh:
        consent_news.told(c)
    # The mark is that of the reading begun last: whichever of those under way asks first, it knows this as seen.
    newest = watermarks.get(c, _READINGS_ACCOUNT, _READINGS)

    def kept(new: Excluded) -> Mapping[str, ColumnElement[Any]]:
        stands = (_o.listing >= reading) & (code_mark(_o.reason) < code_mark(new.reason))
        return {name: case((stands, _o[name]), else_=new[name]) for name in ("reason", "said_by")}

    upsert(
        c,
        opt_out,
        ("person_id", "entity", "reason", "said_by", "learned_on", "listing", "kept"),
        ("person_id",),
        ((row.person_id, row.entity, row.reason, row.said_by, now, newest, "") for row in several),
        update=("entity", "listing", "kept"),
        computed=kept,
    )
    add_addresses(c, ((address, row.person_id) for row in several for address in row.addresses if address), now)
    return fresh


def learn(c: Connection, rows: Sequence[OptOut], merges: Iterable[Merge], now: str) -> list[OptOut]:
    """Keeps records that have opted out, and those that were merged away, whichever reading is under way; which of them
    had not been known."""
    fresh = stage(c, watermarks.get(c, _READINGS_ACCOUNT, _READINGS), rows, now)
    record_merges(c, merges, now)
    return fresh


def _not_known(c: Connection, rows: Sequence[OptOut]) -> list[OptOut]:
    known: set[str] = set()
    for chunk in in_chunks([row.person_id for row in rows]):
        known.update(c.execute(select(_o.person_id).where(_o.person_id.in_(chunk))).scalars())
    return [row for row in rows if row.person_id not in known]


def unseen(c: Connection, reading: str, after: str = "", limit: int = 5000) -> list[Unseen]:
    """Records known to have opted out that nobody has seen since the reading began, by person id from `after` on."""
    rows = c.execute(
        select(_o.entity, _o.person_id, _o.kept, _o.said_by)
        .where(_o.listing < reading, _o.person_id > after)
        .order_by(_o.person_id)
        .limit(limit)
    )
    return [Unseen(*row) for row in rows]


def said_by(c: Connection, person_ids: Sequence[str]) -> dict[str, str]:
    """Those of the records that are known to have opted out, with the column that had said so."""
    found: dict[str, str] = {}
    for chunk in in_chunks(person_ids):
        rows = c.execute(select(_o.person_id, _o.said_by).where(_o.person_id.in_(chunk)))
        found.update((row.person_id, row.said_by) for row in rows)
    return found


class Size(msgspec.Struct, frozen=True):
    """How many opt-outs and addresses of them are known, and how many have ended so far."""

    records: int
    addresses: int
    ended: int

    def differences(self, before: Size) -> int:
        """How many opt-outs, or addresses of them, came or went since."""
        ended = self.ended - before.ended
        came = self.records - before.records + ended
        return came + ended or abs(self.addresses - before.addresses)


def size(c: Connection) -> Size:
    counted = [select(func.count()).select_from(each) for each in (opt_out, opt_out_address)]
    ended = select(func.count()).select_from(consent_lift).where(consent_lift.c.kind == lifts.OPT_OUT)
    return Size(*(int(c.execute(each).scalar_one()) for each in (*counted, ended)))


def keep(c: Connection, person_ids: Iterable[str], why: str) -> None:
    """These records cannot take their opt-out back any more ("gone", "merged"): it counts as it is."""
    statement = update(opt_out).where(_o.person_id == bindparam("b_person", type_=String)).values(kept=why)
    update_many(c, statement, ("b_person",), ((each,) for each in person_ids))


def lift(c: Connection, reading: str, taken_back: Mapping[str, str], now: str) -> int:
    """These records took their opt-out back (person id -> what says so), and count no more; how many. Whom a reading
    has seen opted out since `reading` began stays."""
    several = list(taken_back)
    lifted = 0
    for chunk in in_chunks(several):
        some = select(_o.person_id, _o.reason).where(_o.person_id.in_(chunk), _o.listing < reading)
        going = [
            Lift(kind=lifts.OPT_OUT, person_id=row.person_id, reason=row.reason, evidence=taken_back[row.person_id])
            for row in c.execute(some)
        ]
        forget(c, [each.person_id for each in going])
        lifts.record(c, going, now)
        lifted += len(going)
    return lifted


def forget(c: Connection, person_ids: Sequence[str]) -> None:
    """These records count no more; the caller records why."""
    c.execute(delete(opt_out_address).where(_a.person_id.in_(person_ids)))
    c.execute(delete(opt_out).where(_o.person_id.in_(person_ids)))


class Known(msgspec.Struct, frozen=True):
    """A record that opted out, as known. `kept`: `""` where Dynamics said so when it was read last."""

    person_id: str
    entity: str
    reason: str
    said_by: str
    kept: str


def of_address(c: Connection, address: str) -> list[Known]:
    """The records that opted out with an address."""
    rows = (
        select(_o.person_id, _o.entity, _o.reason, _o.said_by, _o.kept)
        .join(opt_out_address, _a.person_id == _o.person_id)
        .where(_a.address == address)
        .order_by(_o.person_id)
    )
    return [Known(*row) for row in c.execute(rows)]


def forget_address(c: Connection, address: str, person_ids: Sequence[str]) -> None:
    """The address counts for these records no more; one that is left without any is forgotten with it. The caller
    records why."""
    c.execute(delete(opt_out_address).where(_a.address == address, _a.person_id.in_(person_ids)))
    others = set(c.execute(select(_a.person_id).where(_a.person_id.in_(person_ids))).scalars())
    forget(c, [each for each in person_ids if each not in others])


def record_merges(c: Connection, rows: Iterable[Merge], now: str) -> None:
    """Keep which records were merged into which; a chain of merges ends in the record that is left."""
    several = list(rows)
    upsert(
        c,
        merged_record,
        ("person_id", "entity", "master_id", "survivor_id", "address", "learned_on"),
        ("person_id",),
        ((row.person_id, row.entity, row.master_id, row.master_id, row.address, now) for row in several),
        update=("master_id", "survivor_id"),
    )
    # Each round takes every chain twice as far.
    further = merged_record.alias("further")
    onward = select(further.c.survivor_id).where(further.c.person_id == _r.survivor_id).scalar_subquery()
    goes_on = exists().where(further.c.person_id == _r.survivor_id, further.c.survivor_id != _r.survivor_id)
    for _ in range(64):
        if not c.execute(update(merged_record).where(goes_on).values(survivor_id=onward)).rowcount:
            return


def survivors(c: Connection) -> list[tuple[str, str, str]]:
    """(entity, survivor, record that was merged into it and had opted out), by entity and survivor."""
    rows = c.execute(
        select(_o.entity, _r.survivor_id, _r.person_id)
        .join(opt_out, _o.person_id == _r.person_id)
        .order_by(_o.entity, _r.survivor_id, _r.person_id)
    )
    return [(row.entity, row.survivor_id, row.person_id) for row in rows]


def add_addresses(c: Connection, pairs: Iterable[tuple[str, str]], now: str) -> None:
    """Further addresses (with the record that opted out) that count as opted out with it."""
    upsert(
        c,
        opt_out_address,
        ("address", "person_id", "learned_on"),
        ("address", "person_id"),
        ((address, person_id, now) for address, person_id in pairs),
        update=(),
    )


def opted_addresses(among: Among | None = None) -> CTE:
    """`address`, `reason`, `entity`, `person_id`: of the records that opted out with an address of some member the one
    with the strongest reason, then the lowest id."""
    in_use = exists().where(list_member.c.address == _a.address)
    place = func.row_number().over(partition_by=_a.address, order_by=[code_mark(_o.reason), _o.person_id])
    ranked = (
        select(_a.address, _o.reason, _o.entity, _o.person_id, place.label("place"))
        .join(opt_out, _o.person_id == _a.person_id)
        .where(in_use, address_in(among, _a.address))
        .subquery("opted_ranked")
    )
    columns = (ranked.c[name] for name in ("address", "reason", "entity", "person_id"))
    return select(*columns).where(ranked.c.place == 1).cte("opted_addresses").prefix_with("MATERIALIZED")


def opted_survivors(among: Among | None = None) -> CTE:
    """`survivor_id`, `reason`, `entity`, `person_id`, `how`: records that stand for another one which had opted out."""
    r = stand_ins("opted_stand_ins").c
    place = func.row_number().over(partition_by=r.survivor_id, order_by=[code_mark(_o.reason), _o.person_id])
    ranked = (
        select(r.survivor_id, _o.reason, _o.entity, _o.person_id, r.how, place.label("place"))
        .join(opt_out, _o.person_id == r.person_id)
        .where(person_in(among, r.survivor_id))
        .subquery("survivors_ranked")
    )
    columns = (ranked.c[name] for name in ("survivor_id", "reason", "entity", "person_id", "how"))
    return select(*columns).where(ranked.c.place == 1).cte("opted_survivors").prefix_with("MATERIALIZED")


def is_opted_out(person_id: ColumnElement[str], address: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a person or an address (`""`: none) opted out, or a record that the person stands for."""
    r = stand_ins("opted_stand_ins").c
    merged = select(r.survivor_id).join(opt_out, _o.person_id == r.person_id)
    return (
        person_id.in_(select(_o.person_id))
        | person_id.in_(merged)
        | ((address != "") & address.in_(select(_a.address)))
    )
