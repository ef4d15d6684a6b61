"""Why somebody is mailed or not: where their records stand for a send, and what each closed gate rests on.

Where they stand is asked of the same statement that counts everybody (`count_standing`), for a few people only.

Public:
    of_address(c, address, account_id=, campaign_id=, lists=) -> list[Verdict]
    of_person(c, person_id, account_id=, lists=) -> list[Verdict]
    opt_outs_of(c, address) -> [Fact]
    facts_of(c, people, account_id, campaign_id, lists) -> {person_id: (Fact, ...)}
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, Select, String, bindparam, func, or_, select

from dyntui.model.outcomes import Outcome
from dyntui.model.why import Asked, Fact, Verdict, closed
from dyntui.store import count_standing, environment, list_unsubscribes, mailed_already, suppressed_people, watermarks
from dyntui.store.among import TOLD, told
from dyntui.store.bound import text
from dyntui.store.chunks import beside
from dyntui.store.count_standing import Facts
from dyntui.store.gate_marks import split
from dyntui.store.schema import (
    email_account,
    list_member,
    list_unsubscribe,
    marketing_list,
    opt_out,
    opt_out_address,
    recipient,
    suppression,
)
from dyntui.store.stand_ins import into, stand_ins

_m, _l = list_member.c, marketing_list.c
_r = stand_ins("why_stand_ins").c
_NO_COUNT = ""
_ACCOUNT = text("account")
_WHOSE = bindparam("b_whose", expanding=True, type_=String)
_STOOD_FOR = select(_r.survivor_id, _r.person_id, _r.address).where(_r.survivor_id.in_(_WHOSE))
# Putting the larger statements together takes longer than carrying them out: those about so many lists are kept.
# Of each it is up to some MB of the service.
_KEPT = 4
# People of whom the facts are asked at once: each stands several times in some of the statements.
_AT_ONCE: Final = 500
_OPT_OUTS: Final = {"DO_NOT_EMAIL", "DO_NOT_BULK_EMAIL"}


def of_address(
    c: Connection, address: str, *, account_id: str, campaign_id: int, lists: Sequence[str]
) -> list[Verdict]:
    """Where every record on the lists that has the address stands, for a send of the campaign to all of them; of
    several records the one that would be mailed first."""
    people = select(_m.person_id).where(_m.address == address, _m.list_id.in_(lists)).distinct()
    return _verdicts(c, c.execute(people).scalars().all(), account_id, campaign_id, lists)


def of_person(c: Connection, person_id: str, *, account_id: str, lists: Sequence[str]) -> list[Verdict]:
    """Where a record stands on each of the lists for a send to that list alone, of a campaign that nobody has had."""
    return [each for one in lists for each in _verdicts(c, [person_id], account_id, 0, [one])]


def _verdicts(
    c: Connection, people: Sequence[str], account_id: str, campaign_id: int, lists: Sequence[str]
) -> list[Verdict]:
    if not people or not lists:
        return []
    everybody, addresses = _among(c, people, lists)
    known = count_standing.facts(c, account_id, campaign_id, lists, few=True)
    asked_of = told(everybody, addresses) | {_WHOSE.key: list(people)}
    rows = c.execute(_where_they_stand(known), asked_of).all()
    rest_on = facts_of(c, [(row.person_id, row.address) for row in rows], account_id, campaign_id, lists)
    where = ", ".join(c.execute(select(_l.name).where(_l.id.in_(lists)).order_by(_l.name)).scalars())
    asked = _asked(c, account_id, lists)
    return [
        Verdict(
            person=row.person_id,
            entity=row.entity,
            name=row.name,
            address=row.address,
            where=where,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            detail=row.detail,
            gates=closed(
                (row.reason, *split(row.also)) if row.reason else (),
                row.detail,
                rest_on[row.person_id],
            ),
            asked=asked,
        )
        for row in rows
    ]


@functools.lru_cache(maxsize=_KEPT)
def _where_they_stand(known: Facts) -> Select[Any]:
    stands = count_standing.stands(_NO_COUNT, known, TOLD)
    shown = (_m[name] for name in ("person_id", "entity", "name", "address"))
    return (
        select(*shown, stands.c.list_id, *count_standing.named(stands))
        .join(stands, (_m.list_id == stands.c.list_id) & (_m.person_id == stands.c.person_id))
        .where(_m.person_id.in_(_WHOSE))
        .order_by(stands.c.mask, _m.person_id)
    )


def _among(c: Connection, people: Sequence[str], lists: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people, and the records that they stand for: what is known of those counts for them. Besides, whoever has one
    of their addresses."""
    merged = _stood_for(c, people)
    own = c.execute(select(_m.address).where(_m.person_id.in_(people), _m.list_id.in_(lists)).distinct()).scalars()
    addresses = {*own, *(row.address for row in merged)} - {""}
    rivals = c.execute(select(_m.person_id).where(_m.address.in_(sorted(addresses))).distinct()).scalars()
    everybody = dict.fromkeys((*people, *(row.person_id for row in merged), *rivals))
    return tuple(everybody), tuple(sorted(addresses))


def _stood_for(c: Connection, people: Sequence[str]) -> Sequence[Row[str, str, str]]:
    return c.execute(_STOOD_FOR, {_WHOSE.key: list(people)}).all()


def opt_outs_of(c: Connection, address: str) -> list[Fact]:
    """What was said in Dynamics against an address, whatever records have it."""
    nobody = _Person("", address)
    return _opt_outs(c, [nobody])[nobody.id]


def facts_of(
    c: Connection, people: Sequence[tuple[str, str]], account_id: str, campaign_id: int, lists: Sequence[str]
) -> dict[str, tuple[Fact, ...]]:
    """Everything known that may keep each of the people (id, address) from a mail, with its dates: as many statements
    for hundreds as for one."""
    found: dict[str, tuple[Fact, ...]] = {}
    once = list(dict(people).items())
    for start in range(0, len(once), _AT_ONCE):
        found |= _facts_of_some(c, once[start : start + _AT_ONCE], account_id, campaign_id, lists)
    return found


def _facts_of_some(
    c: Connection, people: Sequence[tuple[str, str]], account_id: str, campaign_id: int, lists: Sequence[str]
) -> dict[str, tuple[Fact, ...]]:
    asked = [_Person(*each) for each in people]
    by_id = {each.id: each for each in asked}
    # What those said, and had, for whom the person stands counts.
    for row in _stood_for(c, list(by_id)):
        by_id[row.survivor_id].records.append(row.person_id)
    marked = _marked(c, account_id)
    known = (
        _suppressions(c, asked, account_id),
        _opt_outs(c, asked),
        _unsubscribes(c, asked, lists),
        _had(c, asked, account_id, campaign_id),
        {each.id: marked for each in asked},
    )
    facts = {each.id: [fact for some in known for fact in some.get(each.id, ())] for each in asked}
    for id, of_member in _of_members(c, asked, lists).items():
        # An opt-out is told with the record and the column that said so; of a second one only the list's row knows.
        told_already = {fact.code for fact in facts[id]} & _OPT_OUTS
        facts[id] += [each for each in of_member if each.code not in told_already]
    return {id: tuple(of_person) for id, of_person in facts.items()}


class _Person:
    """Somebody who is asked about, with the records that they stand for, their own first."""

    def __init__(self, id: str, address: str) -> None:
        self.id = id
        self.address = address
        self.records = [id]


_Known = dict[str, list[Fact]]
_R = TypeVar("_R")


def _addresses(people: Sequence[_Person]) -> list[str]:
    return sorted({each.address for each in people} - {""})


def _records(people: Sequence[_Person]) -> list[str]:
    return list(dict.fromkeys(record for each in people for record in each.records))


def _grouped(rows: Iterable[_R], key: Callable[[_R], str]) -> dict[str, list[_R]]:
    found: dict[str, list[_R]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


@functools.cache
def _suppressed_before() -> Select[Any]:
    return suppressed_people.people(_ACCOUNT, TOLD)


@functools.cache
def _unsubscribed_before() -> Select[Any]:
    return list_unsubscribes.people(TOLD)


def _suppressions(c: Connection, people: Sequence[_Person], account_id: str) -> _Known:
    s = suppression.c
    names: dict[str, str] = {row.id: row.name for row in c.execute(select(email_account.c.id, email_account.c.name))}
    rows = c.execute(select(suppression).where(s.address.in_(_addresses(people))).order_by(s.account_id))
    at_address = {
        address: [
            Fact(
                code=row.reason if row.account_id == account_id else "SUPPRESSED_OTHER_ACCOUNT",
                detail=f"{row.status} in {names.get(row.account_id, row.account_id)}",
                since=row.suppressed_on,
                learned_on=row.learned_on,
            )
            for row in some
        ]
        for address, some in _grouped(rows, lambda row: row.address).items()
    }
    facts = {each.id: list(at_address.get(each.address, ())) for each in people}
    before = c.execute(_suppressed_before(), told(list(facts)) | {_ACCOUNT.key: account_id})
    for row in before:
        facts[row.person_id].append(Fact(code=row.reason, detail=names.get(row.detail, row.detail)))
    return facts


def _opt_outs(c: Connection, people: Sequence[_Person]) -> _Known:
    o, a = opt_out.c, opt_out_address.c
    addresses = _addresses(people)
    sharing: dict[str, set[str]] = {}
    for row in c.execute(select(a.address, a.person_id).where(a.address.in_(addresses))):
        sharing.setdefault(row.address, set()).add(row.person_id)
    with_address = select(a.person_id).where(a.address.in_(addresses))
    some = or_(o.person_id.in_(_records(people)), o.person_id.in_(with_address))
    said = _grouped(c.execute(select(opt_out).where(some)), lambda row: row.person_id)
    facts: _Known = {}
    for each in people:
        whose = sorted(sharing.get(each.address, set()).union(each.records), key=lambda id: (id != each.id, id))
        facts[each.id] = [
            Fact(
                code=row.reason,
                detail=f"{row.entity} {row.person_id}{f', {row.said_by}' if row.said_by else ''}",
                learned_on=row.learned_on,
            )
            for id in whose
            for row in said.get(id, ())
        ]
    return facts


def _unsubscribes(c: Connection, people: Sequence[_Person], lists: Sequence[str]) -> _Known:
    u = list_unsubscribe.c
    pairs = {each.id: {(one, each.address) for one in lists} for each in people}
    for row in c.execute(_unsubscribed_before(), told(list(pairs))):
        if row.person_id in pairs:
            pairs[row.person_id].add((row.list_id, row.address))
    addresses = {address for mine in pairs.values() for _, address in mine}
    rows = c.execute(
        select(list_unsubscribe, _l.name)
        .join(marketing_list, _l.id == u.list_id, isouter=True)
        .where(u.list_id.in_(lists), u.address.in_(addresses))
    )
    known = {(row.list_id, row.address): row for row in rows}
    return {
        each.id: [
            Fact(
                code="UNSUBSCRIBED_LIST",
                detail=(row.name or row.list_id) + ("" if row.address == each.address else f", as {row.address}"),
                since=row.unsubscribed_on,
                learned_on=row.learned_on,
            )
            for row in sorted(
                (known[pair] for pair in pairs[each.id] if pair in known),
                key=lambda row: (row.name or "", row.list_id, row.address),
            )
        ]
        for each in people
    }


def _had(c: Connection, people: Sequence[_Person], account_id: str, campaign_id: int) -> _Known:
    """Who has had the campaign: by a send of ours; as dotdigital shows it, with the address or with another one."""
    if not campaign_id:
        return {}
    r = recipient.c
    records, addresses = _records(people), _addresses(people)
    ours = c.execute(mailed_already.of_people(records, addresses, account_id, campaign_id)).all()
    seen = select(r.address, func.min(r.sent_on).label("sent_on")).where(
        beside(r.account_id) == account_id, r.campaign_id == campaign_id, r.address.in_(addresses)
    )
    shown = {row.address: row.sent_on for row in c.execute(seen.group_by(r.address))}
    # With another address than they have by now.
    moved = mailed_already.as_contacts(account_id, campaign_id, r.sent_on, r.address, _m.person_id)
    as_contacts = c.execute(moved.where(_m.person_id.in_(records)).order_by(r.sent_on)).all()
    # The first send by which a record, or whoever had an address, had it.
    first: dict[tuple[str, str], tuple[int, Row[Any]]] = {}
    for place, row in enumerate(ours):
        for key in (("", row.address), ("record", row.person_id), ("record", row.mailed_as)):
            first.setdefault(key, (place, row))
    by_contact = _grouped(as_contacts, lambda row: row.person_id)
    facts: _Known = {}
    for each in people:
        keys = [("record", record) for record in each.records] + ([("", each.address)] if each.address else [])
        _, by_us = min((first[key] for key in keys if key in first), key=lambda found: found[0], default=(0, None))
        elsewhere = [
            row for record in each.records for row in by_contact.get(record, ()) if row.address != each.address
        ]
        before = min(elsewhere, key=lambda row: row.sent_on, default=None)
        if by_us is not None and by_us.unknown and each.address not in shown and before is None:
            whose = f"the send {by_us.id[:8]} of {by_us.created_by or 'somebody'}"
            detail, since = f"whom {whose} mailed is not known: `dyntui campaigns settle`", by_us.sent_on
        elif by_us is not None and not by_us.unknown:
            detail, since = f"sent by {by_us.created_by}".strip(), by_us.sent_on
        elif each.address in shown:
            detail, since = "as dotdigital shows", shown[each.address]
        elif before is not None:
            detail, since = f"as dotdigital shows, at {before.address or 'no address'}", before.sent_on
        else:
            continue
        facts[each.id] = [Fact(code="ALREADY_SENT", detail=detail, since=since)]
    return facts


def _marked(c: Connection, account_id: str) -> list[Fact]:
    """What the allow list stands for: the organisation or the email account is marked as not production."""
    return [
        Fact(
            code="NOT_ALLOW_LISTED",
            detail=f"{each.account or 'the organisation'} is marked as not production by {each.marked_by}",
            since=each.marked_on,
        )
        for each in environment.marks(c)
        if each.account_id in ("", account_id)
    ]


def _of_members(c: Connection, people: Sequence[_Person], lists: Sequence[str]) -> _Known:
    """What the people's rows on the lists say: the record's own gates, what the book holds, what was refused."""
    rows = c.execute(
        select(list_member, _l.name.label("list_name"), _l.last_synced, into(_m.person_id).label("into"))
        .join(marketing_list, _l.id == _m.list_id)
        .where(_m.person_id.in_([each.id for each in people]), beside(_m.list_id).in_(lists))
        .order_by(_l.name)
    ).all()
    found: dict[str, dict[str, Fact]] = {}
    for row in rows:
        facts = found.setdefault(row.person_id, {})
        own = split(row.own_reasons)
        for code in own:
            detail = row.own_detail if code == own[0] else ""
            if code == "MERGED":
                detail = detail or row.into or ""
            if code in _OPT_OUTS:
                detail = f"{row.entity} {row.person_id}{f', {detail}' if detail else ''}"
            facts.setdefault(code, Fact(code=code, detail=detail, learned_on=row.last_synced))
        for code, detail in (
            (row.channel, f"in the address book of {row.list_name}"),
            (row.rejected_reason, row.rejected_detail),
            ("LEFT_LIST" if row.has_left else "", row.list_name),
        ):
            if code:
                facts.setdefault(code, Fact(code=code, detail=detail, learned_on=row.last_synced))
        facts.setdefault("NOT_SYNCED", Fact(code="NOT_SYNCED", detail=row.list_name, learned_on=row.last_synced))
    return {person_id: list(facts.values()) for person_id, facts in found.items()}


def _asked(c: Connection, account_id: str, lists: Sequence[str]) -> tuple[Asked, ...]:
    learned = c.execute(select(func.max(opt_out.c.learned_on))).scalar_one() or ""
    synced = c.execute(select(_l.name, _l.last_synced).where(_l.id.in_(lists)).order_by(_l.name)).all()
    return (
        Asked("dotdigital's suppressions", watermarks.get(c, account_id, "suppressed-since")),
        Asked("opt-outs in Dynamics, the newest one known", learned),
        *(Asked(f"marketing list {row.name}", row.last_synced) for row in synced),
    )
