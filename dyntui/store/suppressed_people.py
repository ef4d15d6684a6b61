"""People whom an email account suppressed at an address that they had: they said no as a person, whatever address they
take next.

That counts for what people do themselves (they unsubscribe, they complain, they ask for it), not for what becomes of an
address (it bounces, its domain is blocked), and goes on to count when that happens to the address later. And it counts
for who had the address when it happened, as far as lists were read: who had given it up before is not meant by what
somebody else does with it. A record stands for those that were merged into it.

Public:
    people(account_id, among) -> Select: person_id, reason, detail     who it is, once each
    person_ids(among) -> Select: person_id                             in any account
    at_present(c, address) -> [(person_id, reason)]; forget(c, person_ids)      for a decision
    had(c, person_ids) -> {address: [Had]}                             what these people had before; for a last look
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import msgspec
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    String,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from dyntui.store.among import Among, person_in
from dyntui.store.bound import Value
from dyntui.store.gate_marks import code_mark
from dyntui.store.schema import former_address, list_member, merged_record, suppression
from dyntui.store.stand_ins import stand_ins

_f, _s = former_address.c, suppression.c
_OTHERS = stand_ins("suppressed_stand_ins")
_r = _OTHERS.c
_STILL_HAD = or_(_f.gone_on == "", _f.gone_on >= _s.said_on)


class Had(msgspec.Struct, frozen=True):
    """A person who had an address until lists were read at `until`; `""`: until now."""

    person_id: str
    until: str


def _found(among: Among | None = None) -> CompoundSelect[tuple[str, str, str, str, str, str]]:
    named = zip((_s.said_reason, _s.said_status, _s.said_on), ("reason", "status", "happened_on"), strict=True)
    said = (_s.account_id, *(column.label(name) for column, name in named), _s.address)
    with_former = former_address.join(suppression, (_s.address == _f.address) & _STILL_HAD)
    by_will = _s.said_reason != ""
    survivor = person_in(among, _r.survivor_id)
    # Said twice, so that an index finds the few, and not everybody is gone through.
    stood_for = stand_ins("suppressed_stood_for").c
    of_few = person_in(among, stood_for.survivor_id)
    few_had = () if among is None else (_f.person_id.in_(select(stood_for.person_id).where(of_few)),)
    few_said = () if among is None else (_s.address.in_(select(stood_for.address).where(of_few)),)
    return union_all(
        select(_f.person_id, *said).select_from(with_former).where(by_will, person_in(among, _f.person_id)),
        select(_r.survivor_id, *said)
        .select_from(with_former.join(_OTHERS, _r.person_id == _f.person_id))
        .where(by_will, survivor, *few_had),
        select(_r.survivor_id, *said)
        .select_from(_OTHERS.join(suppression, _s.address == _r.address))
        .where(by_will, survivor, _r.address != "", *few_said),
    )


def people(account_id: Value, among: Among | None = None) -> Select[tuple[str, str, str]]:
    """Who said no to an account; by another account's suppressions as SUPPRESSED_OTHER_ACCOUNT."""
    each = _found(among).subquery("suppressed_as").c
    here = each.account_id == account_id
    place = func.row_number().over(
        partition_by=each.person_id, order_by=[case((here, 0), else_=1), code_mark(each.reason), each.address]
    )
    as_whom = each.status + literal(", ", String) + each.happened_on + literal(" as ", String) + each.address
    ranked = select(
        each.person_id,
        case((here, each.reason), else_=literal("SUPPRESSED_OTHER_ACCOUNT", String)).label("reason"),
        case((here, as_whom), else_=each.account_id).label("detail"),
        place.label("place"),
    ).subquery("suppressed_ranked")
    return select(ranked.c.person_id, ranked.c.reason, ranked.c.detail).where(ranked.c.place == 1)


def person_ids(among: Among | None = None) -> Select[tuple[str]]:
    """Who said no to any account."""
    return _anywhere() if among is None else select(_found(among).subquery("suppressed_anywhere").c.person_id)


@functools.cache
def _anywhere() -> Select[tuple[str]]:
    return select(_found().subquery("suppressed_anywhere").c.person_id)


def at_present(c: Connection, address: str) -> list[tuple[str, str]]:
    """Members who have an address now and said no at another one, with the reason."""
    each = _found().subquery("suppressed_at").c
    here = select(list_member.c.person_id).where(list_member.c.address == address)
    rows = select(each.person_id, each.reason).where(each.person_id.in_(here), each.address != address)
    return sorted({(row.person_id, row.reason) for row in c.execute(rows)})


def forget(c: Connection, person_ids: Collection[str]) -> None:
    """What these people, or the records that were merged into them, had before says nothing any more; the caller
    records why."""
    merged = select(_r.person_id).where(_r.survivor_id.in_(list(person_ids)))
    theirs = or_(_f.person_id.in_(list(person_ids)), _f.person_id.in_(merged))
    c.execute(delete(former_address).where(theirs))
    into = merged_record.c.survivor_id.in_(list(person_ids)) | merged_record.c.person_id.in_(merged)
    c.execute(update(merged_record).where(into).values(address=""))


def had(c: Connection, person_ids: Collection[str]) -> dict[str, list[Had]]:
    """The addresses that these people had before, or a record that was merged into them."""
    found: dict[str, list[Had]] = {}
    into = select(_f.address, _r.survivor_id, _f.gone_on).join(_OTHERS, _r.person_id == _f.person_id)
    merged = select(_r.address, _r.survivor_id, literal("", String)).where(_r.address != "")
    for asked in (select(_f.address, _f.person_id, _f.gone_on), into, merged):
        for address, person_id, until in c.execute(asked):
            if person_id in person_ids:
                found.setdefault(address, []).append(Had(person_id, until))
    return found
