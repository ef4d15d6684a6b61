"""Why somebody is mailed or not: where their records stand for a send, and what each closed gate rests on.

Where they stand is asked of the same statement that counts everybody (`count_standing`), for a few people only.

Public:
    of_address(c, address, account_id=, campaign_id=, lists=) -> list[Verdict]
    of_person(c, person_id, account_id=, lists=) -> list[Verdict]
    facts(c, person_id, address, account_id, campaign_id, lists) -> (Fact, ...)
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, String, bindparam, func, or_, select

from dyntui.model.outcomes import Outcome
from dyntui.model.why import Asked, Fact, Verdict, closed
from dyntui.store import count_standing, environment, list_unsubscribes, mailed_already, suppressed_people, watermarks
from dyntui.store.among import TOLD, told
from dyntui.store.bound import text
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
from dyntui.store.stand_ins import stand_ins

_m, _l = list_member.c, marketing_list.c
_r = stand_ins("why_stand_ins").c
_NO_COUNT = ""
_ACCOUNT = text("account")
_WHOSE = bindparam("b_whose", expanding=True, type_=String)
_STOOD_FOR = select(_r.person_id, _r.address).where(_r.survivor_id.in_(_WHOSE))
# Putting the larger statements together takes longer than carrying them out: those about so many lists are kept.
# Of each it is up to some MB of the service.
_KEPT = 4


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
                facts(c, row.person_id, row.address, account_id, campaign_id, lists),
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


def _stood_for(c: Connection, people: Sequence[str]) -> Sequence[Row[str, str]]:
    return c.execute(_STOOD_FOR, {_WHOSE.key: list(people)}).all()


def facts(
    c: Connection, person_id: str, address: str, account_id: str, campaign_id: int, lists: Sequence[str]
) -> tuple[Fact, ...]:
    """Everything known that may keep a person from a mail, with its dates."""
    # What those said, and had, for whom the person stands counts.
    people = (person_id, *(row.person_id for row in _stood_for(c, (person_id,))))
    return (
        *_suppressions(c, person_id, address, account_id),
        *_opt_outs(c, people, address),
        *_unsubscribes(c, person_id, address, lists),
        *_had(c, people, address, account_id, campaign_id),
        *_marked(c, account_id),
        *_of_members(c, person_id, lists),
    )


@functools.cache
def _suppressed_before() -> Select[Any]:
    return suppressed_people.people(_ACCOUNT, TOLD)


@functools.cache
def _unsubscribed_before() -> Select[Any]:
    return list_unsubscribes.people(TOLD)


def _suppressions(c: Connection, person_id: str, address: str, account_id: str) -> list[Fact]:
    s = suppression.c
    names: dict[str, str] = {row.id: row.name for row in c.execute(select(email_account.c.id, email_account.c.name))}
    rows = c.execute(select(suppression).where(s.address == address, s.address != "").order_by(s.account_id))
    facts = [
        Fact(
            code=row.reason if row.account_id == account_id else "SUPPRESSED_OTHER_ACCOUNT",
            detail=f"{row.status} in {names.get(row.account_id, row.account_id)}",
            since=row.suppressed_on,
            learned_on=row.learned_on,
        )
        for row in rows
    ]
    before = c.execute(_suppressed_before(), told((person_id,)) | {_ACCOUNT.key: account_id})
    facts.extend(Fact(code=row.reason, detail=names.get(row.detail, row.detail)) for row in before)
    return facts


def _opt_outs(c: Connection, people: Sequence[str], address: str) -> list[Fact]:
    o, a = opt_out.c, opt_out_address.c
    with_address = select(a.person_id).where(a.address == address, a.address != "")
    rows = c.execute(
        select(opt_out)
        .where(or_(o.person_id.in_(people), o.person_id.in_(with_address)))
        .order_by(o.person_id != people[0], o.person_id)
    )
    return [
        Fact(
            code=row.reason,
            detail=f"{row.entity} {row.person_id}{f', {row.said_by}' if row.said_by else ''}",
            learned_on=row.learned_on,
        )
        for row in rows
    ]


def _unsubscribes(c: Connection, person_id: str, address: str, lists: Sequence[str]) -> list[Fact]:
    u = list_unsubscribe.c
    as_person = c.execute(_unsubscribed_before(), told((person_id,)))
    pairs = {(row.list_id, row.address) for row in as_person if row.person_id == person_id}
    pairs |= {(each, address) for each in lists}
    rows = c.execute(
        select(list_unsubscribe, _l.name)
        .join(marketing_list, _l.id == u.list_id, isouter=True)
        .where(u.list_id.in_(lists), u.address.in_({each for _, each in pairs}))
        .order_by(_l.name)
    )
    return [
        Fact(
            code="UNSUBSCRIBED_LIST",
            detail=(row.name or row.list_id) + ("" if row.address == address else f", as {row.address}"),
            since=row.unsubscribed_on,
            learned_on=row.learned_on,
        )
        for row in rows
        if (row.list_id, row.address) in pairs
    ]


def _had(c: Connection, people: Sequence[str], address: str, account_id: str, campaign_id: int) -> list[Fact]:
    if not campaign_id:
        return []
    r = recipient.c
    ours = mailed_already.of_person(people, address, account_id, campaign_id)
    rows = c.execute(ours.limit(1)).all()
    facts = [Fact(code="ALREADY_SENT", detail=f"sent by {row.created_by}".strip(), since=row.sent_on) for row in rows]
    if not facts:
        seen = select(func.min(r.sent_on).label("sent_on")).where(
            r.account_id == account_id, r.campaign_id == campaign_id, r.address == address
        )
        # With another address than they have by now.
        moved = mailed_already.as_contacts(account_id, campaign_id, r.sent_on, r.address)
        moved = moved.where(_m.person_id.in_(people), r.address != address).order_by(r.sent_on).limit(1)
        facts = [
            Fact(code="ALREADY_SENT", detail="as dotdigital shows", since=row.sent_on)
            for row in c.execute(seen)
            if row.sent_on is not None
        ] or [
            Fact(
                code="ALREADY_SENT", detail=f"as dotdigital shows, at {row.address or 'no address'}", since=row.sent_on
            )
            for row in c.execute(moved)
        ]
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


def _of_members(c: Connection, person_id: str, lists: Sequence[str]) -> list[Fact]:
    """What the person's rows on the lists say: the record's own gates, what the book holds, what was refused."""
    rows = c.execute(
        select(list_member, _l.name.label("list_name"), _l.last_synced)
        .join(marketing_list, _l.id == _m.list_id)
        .where(_m.person_id == person_id, _m.list_id.in_(lists))
        .order_by(_l.name)
    ).all()
    facts: dict[str, Fact] = {}
    for row in rows:
        own = split(row.own_reasons)
        for code in own:
            detail = row.own_detail if code == own[0] else ""
            facts.setdefault(code, Fact(code=code, detail=detail, learned_on=row.last_synced))
        for code, detail in (
            (row.channel, f"in the address book of {row.list_name}"),
            (row.rejected_reason, row.rejected_detail),
            ("LEFT_LIST" if row.has_left else "", row.list_name),
        ):
            if code:
                facts.setdefault(code, Fact(code=code, detail=detail, learned_on=row.last_synced))
        facts.setdefault("NOT_SYNCED", Fact(code="NOT_SYNCED", detail=row.list_name, learned_on=row.last_synced))
    # An opt-out is told with the record and the column that said so.
    return [each for code, each in facts.items() if code not in ("DO_NOT_EMAIL", "DO_NOT_BULK_EMAIL")]


def _asked(c: Connection, account_id: str, lists: Sequence[str]) -> tuple[Asked, ...]:
    learned = c.execute(select(func.max(opt_out.c.learned_on))).scalar_one() or ""
    synced = c.execute(select(_l.name, _l.last_synced).where(_l.id.in_(lists)).order_by(_l.name)).all()
    return (
        Asked("dotdigital's suppressions", watermarks.get(c, account_id, "suppressed-since")),
        Asked("opt-outs in Dynamics, the newest one known", learned),
        *(Asked(f"marketing list {row.name}", row.last_synced) for row in synced),
    )
