"""Members of a marketing list: how many there are, what became of them, and who is forgotten.

A synchronisation goes through these steps, each in a write transaction together with the run's cursor:

1. `staging.stage` every page of the listing (people keep what dotdigital has acknowledged of them), then
   `settling.mark_left`;
2. what the address book holds is compared (`book_contents`), then `settling.settle` once: every person is excluded by
   name, unchanged, remembered as rejected, or pending;
3. those who do not belong in the book any more leave it (`leaving`); before any import, because the address of a leaver
   may have a new owner in the list;
4. `pending_members.batch` -> import -> `acknowledge` and `reject`, until nothing is pending;
5. `intervals.keep` what became of everybody, as `named`, then `forget_left`.

Public:
    read_by(c, list_id, listing) -> int; in_book(c, list_id) -> int
    counts(c, list_id, listing="") -> tuple[ReasonCount, ...]; addresses_of_contacts(c, account_id, contact_ids)
    named(list_id, listing) -> Select; accounted_for(listing) -> condition; forget_left(c, list_id, listing) -> int
    with_news(list_id) -> Select; told(c, list_id)
    with_address(c, list_id, listing, address) -> ids; became(c, list_id, people) -> [PersonOutcome]
    mailed_as(c, people) -> {contact: [account]}                 accounts that are mailed through a contact
    forget_book(c, list_id)                                      after deactivation, or when the book is gone
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount
from dyntui.store import gate_marks, intervals, list_unsubscribes, sequences, unanswered_imports
from dyntui.store.book_marks import BY_OTHERS
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import book_stranger, list_member, marketing_list

_m = list_member.c
# Outcomes of who is not on the list any more, besides who is kept in the book by a decision (`held`).
_GONE = (Outcome.REMOVED.value, Outcome.HELD.value)


def read_by(c: Connection, list_id: str, listing: str) -> int:
    """How many people a synchronisation had to account for: those of its listing, and those who left the list and were
    in the book (until `forget_left`)."""
    # Those of whom nothing is to be accounted for are few, and found by indexes.
    left = (_m.list_id == list_id, _m.has_left, _m.listing != listing)
    fresh = (_m.list_id == list_id, _m.outcome == "", _m.has_left.is_(False), _m.listing != listing)
    without = (_m.sent_address == "", _m.outcome.not_in(_GONE))
    return _count(c, _m.list_id == list_id) - _count(c, *left, *without) - _count(c, *fresh, *without)


def with_address(c: Connection, list_id: str, listing: str, address: str) -> tuple[str, ...]:
    """Who of a listing has an address, and who is in the book with it, on the list or not any more."""
    here = or_(and_(_m.listing == listing, _m.address == address), _m.sent_address == address)
    return tuple(c.execute(select(_m.person_id).where(_m.list_id == list_id, here).order_by(_m.seq)).scalars())


def became(c: Connection, list_id: str, people: Sequence[str]) -> list[PersonOutcome]:
    """What became of these people in the synchronisation under way. Who still waits is not among them."""
    of_them = _named(_m.list_id == list_id, _m.person_id.in_(people)).order_by(_m.seq)
    return [
        PersonOutcome(
            entity=row.entity,
            person=row.person_id,
            name=row.name,
            address=row.address,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            detail=row.detail,
            also=gate_marks.split(row.also),
        )
        for row in c.execute(of_them)
    ]


def mailed_as(c: Connection, people: Collection[str]) -> dict[str, list[str]]:
    """The contacts through whom some of these people, accounts, are mailed."""
    found: dict[str, list[str]] = {}
    through = _m.mailed_as != literal_column("''")  # written out, as the index of those few is
    rows = select(_m.mailed_as, _m.person_id).where(through).distinct().order_by(_m.person_id)
    for contact, account in c.execute(rows):
        if account in people:
            found.setdefault(contact, []).append(account)
    return found


def in_book(c: Connection, list_id: str) -> int:
    """How many of the book's contacts are there through us."""
    return _count(c, _m.list_id == list_id, _m.sent_address != "", _m.sent_fingerprint != BY_OTHERS)


def addresses_of_contacts(c: Connection, account_id: str, contact_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(contact id, address) as synchronised, over all lists of an email account, of contacts that dotdigital names by
    id alone: another account has other contacts with the same ids."""
    known: set[tuple[int, str]] = set()
    of_account = select(marketing_list.c.id).where(marketing_list.c.account_id == account_id)
    for some in in_chunks(contact_ids):
        rows = select(_m.contact_id, _m.sent_address).where(
            _m.contact_id.in_(some), _m.sent_address != "", beside(_m.list_id).in_(of_account)
        )
        known.update((row.contact_id, row.sent_address) for row in c.execute(rows.distinct()))
    return sorted(known)


def counts(c: Connection, list_id: str, listing: str = "") -> tuple[ReasonCount, ...]:
    """How many members ended in each outcome and reason; who is pending is not in it. With a `listing`, only its people
    and those whom it removed or holds: the people of that run."""
    found = _by_reason(c, _m.list_id == list_id)
    if listing:
        found -= _by_reason(c, _m.list_id == list_id, _m.has_left, ~accounted_for(listing))
    return tuple(
        ReasonCount(Outcome(outcome), reason, people) for (outcome, reason), people in sorted(found.items()) if people
    )


def _by_reason(c: Connection, *where: ColumnElement[bool]) -> Counter[tuple[str, str]]:
    grouped = select(_m.outcome, _m.reason, func.count().label("people")).where(*where, _m.outcome != "")
    rows = c.execute(grouped.group_by(_m.outcome, _m.reason))
    return Counter({(row.outcome, row.reason): row.people for row in rows})


def named(list_id: str, listing: str) -> Select[Any]:
    """What became of everybody in a listing, those who left or are held included, as `intervals.keep` takes it. Who is
    still pending is not among them: the run will not add up."""
    return _named(_m.list_id == list_id, accounted_for(listing))


def _named(*whom: ColumnElement[bool]) -> Select[Any]:
    return select(
        _m.person_id,
        _m.seq,
        _m.entity,
        _m.name,
        case((_m.address == "", _m.sent_address), else_=_m.address).label("address"),
        _m.outcome,
        _m.reason,
        _m.detail,
        _m.also,
    ).where(_m.outcome != "", *whom)


def accounted_for(listing: str) -> ColumnElement[bool]:
    """Whom a synchronisation accounts for, once everybody has an outcome: those of its listing, those who are held, and
    those who have left the list and the book."""
    return or_(_m.listing == listing, _m.gated_by == listing, _m.outcome.in_(_GONE))


def forget_left(c: Connection, list_id: str, listing: str) -> int:
    """Delete those who left the list and have no contact in the book, and none that is on its way there; how many. The
    last of the others take their places."""
    asked_for = _m.person_id.in_(unanswered_imports.people(list_id))
    going = (_m.list_id == list_id, _m.has_left, _m.listing != listing, _m.sent_address == "", ~asked_for)
    list_unsubscribes.keep_addresses(c, going)
    intervals.over(c, f"list/{list_id}", select(_m.person_id).where(*going))
    gone = c.execute(delete(list_member).where(*going)).rowcount
    if gone:
        sequences.fill_gaps(c, list_member, (_m.list_id == list_id,))
    return gone


def told(c: Connection, list_id: str) -> None:
    """What became of everybody is kept: nobody is news."""
    c.execute(update(list_member).where(_m.list_id == list_id, _m.news).values(news=False))


def with_news(list_id: str) -> Select[Any]:
    """The ids of those of whom something has changed that is not kept yet."""
    return select(_m.person_id).where(_m.list_id == list_id, _m.news)


def forget_book(c: Connection, list_id: str) -> None:
    """The list has no address book any more: nobody is in it, nothing is known to be refused, and no stranger waits
    there for a decision."""
    c.execute(delete(book_stranger).where(book_stranger.c.list_id == list_id))
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


def _count(c: Connection, *where: ColumnElement[bool]) -> int:
    return c.execute(select(func.count()).select_from(list_member).where(*where)).scalar_one()
