"""Members of a marketing list: as read, as synchronised, and what became of them.

A synchronisation goes through these steps, each in a write transaction together with the run's cursor:

1. `stage` every page of the listing (people keep what dotdigital has acknowledged of them), then `mark_left`;
2. what the address book holds is compared (`dyntui.store.book_contents`), then `settle` once: every person is excluded
   by name, unchanged, remembered as rejected, or pending;
3. those who do not belong in the book any more leave it (`dyntui.store.leaving`); before any import, because the
   address of a leaver may have a new owner in the list;
4. `pending_batch` -> import -> `acknowledge` and `reject`, until nothing is pending;
5. `copy_outcomes` into the run's item, then `forget_left`.

Public:
    stage(c, list_id, listing, rows)                             listing: the run's id
    not_staged(c, list_id, listing, ids) -> [id]; mark_left(c, list_id, listing) -> int
    mark_present(c, list_id, present) -> [id]                    who is on the list between two synchronisations
    settle(c, list_id, listing, account_id, now)
    pending_batch(c, list_id, limit, after=-1) -> list[Pending]; pending_count(c, list_id) -> int
    acknowledge(c, list_id, rows) -> int; reject(c, list_id, rows) -> int; offer_again(c, list_id)
    record_channels(c, list_id, reasons)
    listed(c, list_id, listing) -> int; read_by(c, list_id, listing) -> int; in_book(c, list_id) -> int
    copy_outcomes(c, run_id, item_id, list_id, listing) -> int; forget_left(c, list_id, listing) -> int
    forget_book(c, list_id)                                      after deactivation, or when the book is gone
    counts(c, list_id) -> tuple[ReasonCount, ...]
    window(c, MembersWindow) -> Found[Member]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.people import Gate
from dyntui.store import list_unsubscribes, outcomes, sequences, settling
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.gate_marks import join, split
from dyntui.store.schema import list_member, marketing_list, outcome
from dyntui.store.upserts import json_text, update_many, upsert
from dyntui.store.windows import Found, contains, ordered

_m = list_member.c
# Outcomes of who is not on the list any more.
_GONE = (Outcome.REMOVED.value, Outcome.HELD.value)
# Marks of who has not been sent.
_NOT_SENT = ("", BY_OTHERS)

# The listing of members who were read to be looked at or counted, not to be synchronised: nobody has settled them.
PREVIEW = "preview"

_PENDING = (_m.outcome == "", _m.listing != PREVIEW)

# Steps in a room of their own.
settle = settling.settle
mark_left = settling.mark_left


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A member as just read. `address` is normalised; `fields` is what would be sent, `fingerprint` its hash; `gates`
    are the record's own closed gates (`dyntui.model.people.record_gates`, VALUE_REJECTED, FILTERED...)."""

    person_id: str
    entity: str
    name: str
    address: str
    created_on: str
    fields: dict[str, Any]
    fingerprint: str
    gates: Sequence[Gate] = ()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be imported. `in_book`: dotdigital acknowledged an earlier version of them."""

    person_id: str
    seq: int
    entity: str
    name: str
    address: str
    fields: dict[str, Any]
    contact_id: int | None
    in_book: bool


class Acknowledged(msgspec.Struct, frozen=True):
    """dotdigital holds this pending person now."""

    address: str
    contact_id: int | None = None


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """dotdigital refused this pending person. Unless the record changes they are not offered again before `retry_on`
    (ISO 8601 UTC; `""`: at the next synchronisation)."""

    address: str
    reason: str
    detail: str = ""
    retry_on: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member in the grid. `outcome` None: never synchronised, or pending."""

    person: str
    entity: str
    name: str
    address: str
    outcome: Outcome | None
    reason: str
    detail: str
    also: tuple[str, ...]
    contact_id: int | None


class MembersWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which members are wanted; empty filters mean all."""

    list_id: str
    outcome: str = ""
    reason: str = ""
    offset: int = 0
    limit: int = 200
    search: str = ""
    sort: str = ""


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
)


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
        update=() if only_new else _STAGED[3:],
    )
    sequences.close_gaps(c, list_member, scope, base)


def _keep_former_addresses(c: Connection, list_id: str, page: Sequence[Staged]) -> None:
    """The addresses that people of the page have no more."""
    now = {row.person_id: row.address for row in page}
    ids = list(now)
    for start in range(0, len(ids), _FEW):
        had = select(_m.person_id, _m.address).where(
            _m.list_id == list_id, _m.person_id.in_(ids[start : start + _FEW]), _m.address != ""
        )
        changed = [(list_id, address, each) for each, address in c.execute(had) if address != now[each]]
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
    )


def not_staged(c: Connection, list_id: str, listing: str, ids: Sequence[str]) -> list[str]:
    """Those of the ids that a listing has not staged, in their order."""
    found: set[str] = set()
    for start in range(0, len(ids), _FEW):
        some = ids[start : start + _FEW]
        staged = select(_m.person_id).where(_m.list_id == list_id, _m.listing == listing, _m.person_id.in_(some))
        found.update(c.execute(staged).scalars())
    return [each for each in ids if each not in found]


def mark_present(c: Connection, list_id: str, present: Collection[str]) -> list[str]:
    """Who is on the list at this moment, between two synchronisations: those known who are not among `present` have
    left, those who are have not. Whom of `present` nobody has read yet, in order."""
    known = {
        row.person_id: row.has_left for row in c.execute(select(_m.person_id, _m.has_left).where(_m.list_id == list_id))
    }
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(has_left=bindparam("b_left", type_=_m.has_left.type))
    )
    differ = [(each not in present, list_id, each) for each, left in known.items() if left != (each not in present)]
    update_many(c, statement, ("b_left", "b_list", "b_person"), differ)
    return [each for each in present if each not in known]


def pending_batch(c: Connection, list_id: str, limit: int, after: int = -1) -> list[Pending]:
    """The next people to import after a settled listing, by `seq` from `after` on: the same ones until acknowledged or
    rejected."""
    rows = c.execute(
        select(_m.person_id, _m.seq, _m.entity, _m.name, _m.address, _m.fields, _m.contact_id, _m.sent_fingerprint)
        .where(_m.list_id == list_id, *_PENDING, _m.seq > after)
        .order_by(_m.seq)
        .limit(limit)
    )
    return [
        Pending(
            person_id=row.person_id,
            seq=row.seq,
            entity=row.entity,
            name=row.name,
            address=row.address,
            fields=row.fields,
            contact_id=row.contact_id,
            in_book=row.sent_fingerprint not in _NOT_SENT,
        )
        for row in rows
    ]


def pending_count(c: Connection, list_id: str) -> int:
    """How many people wait to be imported."""
    return _count(c, _m.list_id == list_id, *_PENDING)


def acknowledge(c: Connection, list_id: str, rows: Iterable[Acknowledged]) -> int:
    """These pending people are in the book as staged: added, or updated where they had been before. How many it were;
    an address that nobody pending has is passed over."""
    known = bindparam("b_contact", type_=_m.contact_id.type)
    statement = (
        update(list_member)
        .where(*_pending_with_address())
        .values(
            outcome=case(
                (or_(*(_m.sent_fingerprint == each for each in _NOT_SENT)), Outcome.ADDED.value),
                else_=Outcome.UPDATED.value,
            ),
            reason="",
            detail="",
            also="",
            sent_fingerprint=_m.fingerprint,
            sent_address=_m.address,
            contact_id=func.coalesce(known, _m.contact_id),
            rejected_fingerprint="",
            rejected_reason="",
            rejected_detail="",
            retry_on="",
        )
    )
    values = [(row.contact_id, list_id, row.address) for row in rows]
    done = update_many(c, statement, ("b_contact", "b_list", "b_address"), values)
    _overwrite(c, list_id, [address for _, _, address in values])
    return done


def _overwrite(c: Connection, list_id: str, addresses: Sequence[str]) -> None:
    """A dotdigital contact is one per account and has the values that came last: other records which were sent with one
    of these addresses would have to be sent again."""
    here = list_member.alias("here")
    address = bindparam("b_address", type_=String)
    sender = select(here.c.person_id).where(
        here.c.list_id == list_id,
        here.c.address == address,
        here.c.outcome.in_((Outcome.ADDED.value, Outcome.UPDATED.value)),
    )
    account = select(marketing_list.c.account_id).where(marketing_list.c.id == list_id).scalar_subquery()
    lists = select(marketing_list.c.id).where(marketing_list.c.account_id == account)
    statement = (
        update(list_member)
        .where(
            _m.address == address,
            _m.sent_address == _m.address,
            _m.sent_fingerprint.not_in((*_NOT_SENT, OVERWRITTEN)),
            _m.person_id.not_in(sender),
            or_(_m.list_id == list_id, _m.list_id.in_(lists)),
        )
        .values(sent_fingerprint=OVERWRITTEN)
    )
    for start in range(0, len(addresses), _FEW):
        some = addresses[start : start + _FEW]
        others = select(_m.address).where(_m.address.in_(some)).group_by(_m.address)
        several = c.execute(others.having(func.min(_m.person_id) != func.max(_m.person_id))).scalars().all()
        for each in several:
            c.execute(statement, {"b_address": each})


def reject(c: Connection, list_id: str, rows: Iterable[Rejection]) -> int:
    """dotdigital refused these pending people as staged. How many it were; an address that nobody pending has is passed
    over. What was acknowledged of them earlier stays in the book."""
    reason, detail = bindparam("b_reason", type_=String), bindparam("b_detail", type_=String)
    statement = (
        update(list_member)
        .where(*_pending_with_address())
        .values(
            outcome=Outcome.REJECTED.value,
            reason=reason,
            detail=detail,
            also="",
            rejected_fingerprint=_m.fingerprint,
            rejected_reason=reason,
            rejected_detail=detail,
            retry_on=bindparam("b_retry", type_=String),
        )
    )
    values = [(row.reason, row.detail, row.retry_on, list_id, row.address) for row in rows]
    return update_many(c, statement, ("b_reason", "b_detail", "b_retry", "b_list", "b_address"), values)


def offer_again(c: Connection, list_id: str) -> None:
    """Rows that dotdigital refused wait for nothing: the next `settle` takes them for pending."""
    c.execute(update(list_member).where(_m.list_id == list_id, _m.retry_on != "").values(retry_on=""))


def record_channels(c: Connection, list_id: str, reasons: Mapping[str, str]) -> None:
    """What dotdigital says of people who were just imported, by address: the reason code of whom it would not mail,
    `""` for whom it would. It stands behind what became of them."""
    statement = (
        update(list_member)
        .where(
            _m.list_id == bindparam("b_list", type_=String),
            _m.address == bindparam("b_address", type_=String),
        )
        .values(
            channel=bindparam("b_channel", type_=String),
            also=case(
                (
                    or_(_m.outcome == Outcome.ADDED.value, _m.outcome == Outcome.UPDATED.value),
                    bindparam("b_also", type_=String),
                ),
                else_=_m.also,
            ),
        )
    )
    rows = [(reason, reason, list_id, address) for address, reason in reasons.items()]
    update_many(c, statement, ("b_channel", "b_also", "b_list", "b_address"), rows)


def imported(c: Connection, list_id: str) -> frozenset[str]:
    """The addresses of those whom the synchronisation under way has imported."""
    done = (Outcome.ADDED.value, Outcome.UPDATED.value)
    return frozenset(c.execute(select(_m.address).where(_m.list_id == list_id, _m.outcome.in_(done))).scalars())


def _pending_with_address() -> tuple[ColumnElement[bool], ...]:
    return (
        _m.list_id == bindparam("b_list", type_=String),
        _m.address == bindparam("b_address", type_=String),
        *_PENDING,
    )


def listed(c: Connection, list_id: str, listing: str) -> int:
    """How many different people a listing has staged."""
    return _count(c, _m.list_id == list_id, _m.listing == listing)


def read_by(c: Connection, list_id: str, listing: str) -> int:
    """How many people a synchronisation had to account for: those of its listing, and those who left the list and were
    in the book (until `forget_left`)."""
    gone = or_(_m.sent_address != "", _m.outcome.in_((Outcome.REMOVED.value, Outcome.HELD.value)))
    return _count(c, _m.list_id == list_id, or_(_m.listing == listing, gone))


def held(c: Connection) -> int:
    """How many removals wait for approval, over all lists."""
    return _count(c, _m.outcome == Outcome.HELD.value)


def in_book(c: Connection, list_id: str) -> int:
    """How many of the book's contacts are there through us."""
    return _count(c, _m.list_id == list_id, _m.sent_address != "", _m.sent_fingerprint != BY_OTHERS)


def addresses_of_contacts(c: Connection, contact_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(contact id, address) as synchronised, over all lists, of contacts that dotdigital names by id alone."""
    known: set[tuple[int, str]] = set()
    for start in range(0, len(contact_ids), _FEW):
        some = contact_ids[start : start + _FEW]
        rows = select(_m.contact_id, _m.sent_address).where(_m.contact_id.in_(some), _m.sent_address != "")
        known.update((row.contact_id, row.sent_address) for row in c.execute(rows.distinct()))
    return sorted(known)


def copy_outcomes(c: Connection, run_id: str, item_id: str, list_id: str, listing: str) -> int:
    """Keep what became of everybody (the people of the listing, and those who left or are held) as the people of a
    run's item; how many. Who is still pending is not copied: the run will not add up."""
    place = func.row_number().over(order_by=_m.seq) - 1
    people = select(
        literal(run_id, String),
        literal(item_id, String),
        _m.person_id,
        place,
        _m.entity,
        _m.name,
        case((_m.address == "", _m.sent_address), else_=_m.address),
        _m.outcome,
        _m.reason,
        _m.detail,
        _m.also,
    ).where(_m.list_id == list_id, _m.outcome != "", or_(_m.listing == listing, _m.outcome.in_(_GONE)))
    outcomes.clear(c, run_id, item_id)
    columns = ["run_id", "item_id", "person_id", "seq", "entity", "name", "address"]
    c.execute(insert(outcome).from_select([*columns, "outcome", "reason", "detail", "also"], people))
    return sum(each.people for each in outcomes.recount(c, run_id, item_id))


def forget_left(c: Connection, list_id: str, listing: str) -> int:
    """Delete those who left the list and have no contact in the book; how many. The others close ranks."""
    going = (_m.list_id == list_id, _m.listing != listing, _m.sent_address == "")
    list_unsubscribes.keep_addresses(c, going)
    gone = c.execute(delete(list_member).where(*going)).rowcount
    if gone:
        sequences.close_gaps(c, list_member, (_m.list_id == list_id,))
    return gone


def forget_book(c: Connection, list_id: str) -> None:
    """The list has no address book any more: nobody is in it, nothing is known to be refused."""
    c.execute(
        update(list_member)
        .where(_m.list_id == list_id)
        .values(
            sent_fingerprint="",
            sent_address="",
            contact_id=null(),
            rejected_fingerprint="",
            rejected_reason="",
            rejected_detail="",
            retry_on="",
            outcome="",
            reason="",
            detail="",
            also="",
        )
    )


def counts(c: Connection, list_id: str, listing: str = "") -> tuple[ReasonCount, ...]:
    """How many members ended in each outcome and reason; who is pending is not in it. With a `listing`, only its people
    and those whom it removed or holds: the people of that run."""
    of_run = (or_(_m.listing == listing, _m.outcome.in_(_GONE)),) if listing else ()
    rows = c.execute(
        select(_m.outcome, _m.reason, func.count().label("people"))
        .where(_m.list_id == list_id, _m.outcome != "", *of_run)
        .group_by(_m.outcome, _m.reason)
        .order_by(_m.outcome, _m.reason)
    )
    return tuple(ReasonCount(Outcome(row.outcome), row.reason, row.people) for row in rows)


_SORTABLE = {name: _m[name] for name in ("entity", "name", "address", "outcome", "reason", "detail", "contact_id")}


# Places looked up at once; well below what a statement may carry (SQLite: 32,766 values).
_FEW = 5000


def window(c: Connection, asked: MembersWindow) -> Found[Member]:
    """Members in the order of reading; the search looks at name and address."""
    scope = [_m.list_id == asked.list_id]
    narrowed = list(scope)
    if asked.outcome:
        narrowed.append(_m.outcome == asked.outcome)
    if asked.reason:
        narrowed.append(_m.reason == asked.reason)
    if asked.search:
        narrowed.append(contains((_m.name, _m.address), asked.search))
    total = sequences.following(c, list_member, scope)
    if asked.search and not asked.sort:
        # What matches few is found by reading once; of what matches many the first ones are met soon.
        few = c.execute(select(_m.seq).where(*narrowed).limit(_FEW + 1)).scalars().all()
        if len(few) <= _FEW:
            shown = sorted(few)[asked.offset : asked.offset + asked.limit]
            return Found(_in_places(c, asked, shown), len(few), total)
    matching = total if len(narrowed) == 1 else _count(c, *narrowed)
    # Only the places are sorted and skipped over; the rows themselves are fetched for what is shown.
    places = select(_m.seq).where(*narrowed)
    if len(narrowed) == 1 and not asked.sort:
        places = places.where(_m.seq >= asked.offset).order_by(_m.seq)
    else:
        places = ordered(places, asked.sort, _SORTABLE, (_m.seq,)).offset(asked.offset)
    return Found(_in_places(c, asked, c.execute(places.limit(asked.limit)).scalars().all()), matching, total)


def _in_places(c: Connection, asked: MembersWindow, places: Sequence[int]) -> tuple[Member, ...]:
    """The rows at these places of the list, in this order."""
    found: dict[int, Member] = {}
    for start in range(0, len(places), _FEW):
        some = select(list_member).where(_m.list_id == asked.list_id, _m.seq.in_(places[start : start + _FEW]))
        found.update((row.seq, _member(row)) for row in c.execute(some))
    return tuple(found[each] for each in places)


def _count(c: Connection, *where: ColumnElement[bool]) -> int:
    return c.execute(select(func.count()).select_from(list_member).where(*where)).scalar_one()


def _member(row: Row[Any]) -> Member:
    return Member(
        person=row.person_id,
        entity=row.entity,
        name=row.name,
        address=row.address,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        detail=row.detail,
        also=split(row.also),
        contact_id=row.contact_id,
    )
