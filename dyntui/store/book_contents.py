"""What a list's address book holds, against what is known of the list's people: the proof of every outcome.

Contacts are removed, deleted and added in dotdigital by other hands, too. The book's listing is compared page by page,
after the list's members were read and before they are settled; nothing of it is kept but what differs.

Public:
    begin(c, list_id) -> Reading; begin_with_news(c, list_id) -> Reading
    gone_by_themselves(c, list_id, account_id) -> int               contacts who have withdrawn consent, and are in it
    compare(c, list_id, listing, page, reading)                     `reading.strangers` and `reading.left` grow
    forbidden(c, list_id, addresses) -> [address]                   who must not be in the book
    unseen(c, list_id, reading, since) -> [(place, contact id)]     after the last page: imported since, and not shown
    present(reading, places)                                        of those it is known that they are in the book
    missing(c, list_id, listing, reading) -> [address]              at last
    adopt(c, list_id, people)                                       who was put there by others
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, String, bindparam, case, func, null, or_, select, union, update

from dyntui.model.outcomes import Outcome
from dyntui.store import channels, moved_contacts, unanswered_imports, unsettled
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, list_unsubscribe, opt_out_address, suppression
from dyntui.store.upserts import update_many

_m = list_member.c
# The book holds the address that was sent of the person; it holds the one that their record has now.
_SENT, _PRESENT = 1, 2


class BookContact(msgspec.Struct, frozen=True):
    """A contact of the book: its normalised address, and the reason code of dotdigital's own status (`""`: it would
    mail the contact)."""

    address: str
    contact_id: int
    channel: str = ""


class Reading(msgspec.Struct):
    """A reading of a book under way. `moved`: the places of people who are in it under another address than their
    present one; `seen`: a byte for each place of the list, of the bits `_SENT` and `_PRESENT`. Of contacts that are in
    the book, by address with their ids: `strangers` are no members, and consent forbids them; `left` have unsubscribed
    from this list, as far as is known. `contacts`: how many were read; `others`: the strangers of the last page;
    `found`: how many contacts are other than was known."""

    moved: dict[str, int]
    seen: bytearray
    found: int = 0
    strangers: dict[str, int] = {}
    left: dict[str, int] = {}
    contacts: int = 0
    others: list[BookContact] = []


def begin(c: Connection, list_id: str) -> Reading:
    """The book is read from its beginning. Whom others put there is found anew each time."""
    theirs = _m.sent_fingerprint == BY_OTHERS
    c.execute(
        update(list_member)
        .where(_m.list_id == list_id, theirs)
        .values(sent_fingerprint="", sent_address="", contact_id=null(), news=True)
    )
    return _begun(c, list_id)


def begin_with_news(c: Connection, list_id: str) -> Reading:
    """Only contacts that were changed are read: whom others put into the book is known since it was read as a whole."""
    return _begun(c, list_id, unsettled.is_one_in_book(list_id))


def _begun(c: Connection, list_id: str, *among: ColumnElement[bool]) -> Reading:
    elsewhere = select(_m.sent_address, _m.seq).where(
        _m.list_id == list_id, _m.sent_address != "", _m.sent_address != _m.address, *among
    )
    last = c.execute(select(_m.seq).where(_m.list_id == list_id).order_by(_m.seq.desc()).limit(1)).scalar()
    moved = {row.sent_address: row.seq for row in c.execute(elsewhere)}
    return Reading(moved=moved, seen=bytearray(0 if last is None else last + 1))


def gone_by_themselves(c: Connection, list_id: str, account_id: str) -> int:
    """How many contacts that are in the book as far as is known have withdrawn consent in dotdigital since: it takes
    them out of the book itself."""
    withdrew = union(
        select(suppression.c.address).where(suppression.c.account_id == account_id),
        select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == list_id),
    )
    here = (_m.list_id == list_id, _m.address.in_(withdrew), _m.sent_address == _m.address)
    return int(c.execute(select(func.count()).select_from(list_member).where(*here)).scalar_one())


def compare(c: Connection, list_id: str, listing: str, page: Sequence[BookContact], reading: Reading) -> None:
    """One page of the book. A member whom others put there is taken note of, as is what dotdigital says of everybody's
    channel."""
    by_address = {each.address: each for each in page if each.address}
    rows = c.execute(
        select(_m.person_id, _m.seq, _m.address, _m.sent_address, _m.contact_id, _m.channel, _m.listing).where(
            _m.list_id == list_id, _m.address.in_(list(by_address))
        )
    ).all()
    ours = {row.address for row in rows if row.sent_address == row.address}
    news: list[tuple[int, str, str, str]] = []
    anew: list[tuple[str, str]] = []
    adopted: list[tuple[str, int, str, str]] = []
    members = set(ours)
    # Who left the list before the end of an import that asked for them was seen is there through us, and leaves it.
    gone = {row.person_id for row in rows if row.listing != listing and not row.sent_address}
    through_us = unanswered_imports.among(c, list_id, gone)
    leaving: list[tuple[str, int, str, str]] = []
    for row in rows:
        contact = by_address[row.address]
        reading.seen[row.seq] |= _PRESENT
        if row.sent_address == row.address:
            reading.seen[row.seq] |= _SENT
            if (row.contact_id, row.channel) != (contact.contact_id, contact.channel):
                news.append((contact.contact_id, contact.channel, list_id, row.person_id))
            if row.contact_id not in (None, contact.contact_id):
                # Somebody has made the contact anew: it carries nothing that was sent.
                anew.append((list_id, row.person_id))
            continue
        if row.person_id in through_us and row.address not in ours:
            leaving.append((row.address, contact.contact_id, list_id, row.person_id))
            reading.seen[row.seq] |= _SENT
            members.add(row.address)
        if row.listing != listing:
            continue
        members.add(row.address)
        if row.channel != contact.channel:
            news.append((row.contact_id, contact.channel, list_id, row.person_id))
        if row.address not in ours and row.sent_address == "":
            adopted.append((row.address, contact.contact_id, list_id, row.person_id))
            reading.seen[row.seq] |= _SENT
    for address in reading.moved.keys() & by_address.keys():
        reading.seen[reading.moved[address]] |= _SENT
        members.add(address)
    reading.found += len(news) + len(adopted) + len(anew) + len(leaving)
    _keep(c, news, adopted)
    _found(c, leaving, OVERWRITTEN)
    unanswered_imports.seen(c, list_id, {person: contact for _, contact, _, person in (*adopted, *leaving)})
    channels.would_be_mailed(c, list_id, [each.address for each in by_address.values() if not each.channel])
    _send_again(c, anew)
    strangers = [address for address in by_address if address not in members]
    moved_contacts.met_in_book(c, list_id, {each: by_address[each].contact_id for each in strangers})
    reading.contacts += len(page)
    reading.others = [by_address[each] for each in strangers]
    reading.strangers |= {each: by_address[each].contact_id for each in forbidden(c, list_id, strangers)}
    u = list_unsubscribe.c
    left = c.execute(select(u.address).where(u.list_id == list_id, u.address.in_(list(by_address)))).scalars()
    reading.left |= {each: by_address[each].contact_id for each in left}


def _keep(c: Connection, news: list[tuple[int, str, str, str]], adopted: list[tuple[str, int, str, str]]) -> None:
    here = (
        _m.list_id == bindparam("b_list", type_=String),
        _m.person_id == bindparam("b_person", type_=String),
    )
    contact = bindparam("b_contact", type_=_m.contact_id.type)
    told = (
        update(list_member)
        .where(*here)
        .values(contact_id=contact, channel=bindparam("b_channel", type_=String), news=True)
    )
    update_many(c, told, ("b_contact", "b_channel", "b_list", "b_person"), news)
    _found(c, adopted, BY_OTHERS)


def _found(c: Connection, people: list[tuple[str, int, str, str]], carries: str) -> None:
    """They are in the book, with what is no fingerprint of anything that was sent."""
    contact = bindparam("b_contact", type_=_m.contact_id.type)
    found = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(
            sent_address=bindparam("b_address", type_=String), contact_id=contact, sent_fingerprint=carries, news=True
        )
    )
    update_many(c, found, ("b_address", "b_contact", "b_list", "b_person"), people)


def adopt(c: Connection, list_id: str, people: Sequence[tuple[str, int, str]]) -> None:
    """These members (address, contact id, person) are in the book, where others have put them."""
    _keep(c, [], [(address, contact_id, list_id, person) for address, contact_id, person in people])


def _send_again(c: Connection, people: list[tuple[str, str]]) -> None:
    here = (
        _m.list_id == bindparam("b_list", type_=String),
        _m.person_id == bindparam("b_person", type_=String),
    )
    update_many(
        c,
        update(list_member).where(*here).values(sent_fingerprint=OVERWRITTEN, news=True),
        ("b_list", "b_person"),
        people,
    )


def forbidden(c: Connection, list_id: str, addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that are suppressed, opted out in Dynamics, or unsubscribed from the list."""
    known: set[str] = set()
    for some in in_chunks(addresses):
        u = list_unsubscribe.c
        for asked in (
            select(suppression.c.address).where(suppression.c.address.in_(some)),
            select(opt_out_address.c.address).where(opt_out_address.c.address.in_(some)),
            select(u.address).where(u.list_id == list_id, u.address.in_(some)),
        ):
            known.update(c.execute(asked).scalars())
    return [each for each in addresses if each in known]


def unseen(c: Connection, list_id: str, reading: Reading, since: str) -> list[tuple[int, int | None]]:
    """Place and contact of those whom dotdigital acknowledged since a moment and the reading did not show. That proves
    nothing yet: a listing may lag behind imports."""
    rows = c.execute(
        select(_m.seq, _m.contact_id).where(
            _m.list_id == list_id, _m.sent_address != "", _m.acknowledged_on >= since, _m.acknowledged_on != ""
        )
    )
    return [(row.seq, row.contact_id) for row in rows if not reading.seen[row.seq] & _SENT]


def present(reading: Reading, places: Iterable[int]) -> None:
    """It is known otherwise that the book holds who has these places, with the address that was sent."""
    for place in places:
        reading.seen[place] |= _SENT | _PRESENT
        reading.contacts += 1


def missing(c: Connection, list_id: str, listing: str, reading: Reading) -> list[str]:
    """The book was read to its end: who was thought to be in it and is not. They are added again where they belong; who
    has left the list meanwhile is `removed`, by other hands. The addresses that they were thought to be in it with."""
    rows = c.execute(
        select(_m.person_id, _m.seq, _m.sent_address, _m.channel).where(
            _m.list_id == list_id, or_(_m.sent_address != "", _m.channel != "")
        )
    )
    gone: list[tuple[str, str]] = []
    lost: list[str] = []
    quiet: list[tuple[str, str]] = []
    # Of a million rows only those that differ are kept.
    for row in rows:
        seen = reading.seen[row.seq] if row.seq < len(reading.seen) else 0
        if row.sent_address and not seen & _SENT:
            gone.append((list_id, row.person_id))
            lost.append(row.sent_address)
        if row.channel and not seen & _PRESENT:
            quiet.append((list_id, row.person_id))
    here = (
        _m.list_id == bindparam("b_list", type_=String),
        _m.person_id == bindparam("b_person", type_=String),
    )
    left = _m.listing != listing
    forget = (
        update(list_member)
        .where(*here)
        .values(
            sent_fingerprint="",
            sent_address="",
            contact_id=null(),
            news=True,
            outcome=case((left, Outcome.REMOVED.value), else_=_m.outcome),
            reason=case((left, ""), else_=_m.reason),
            detail=case((left, "not in the address book any more"), else_=_m.detail),
            also=case((left, ""), else_=_m.also),
        )
    )
    update_many(c, forget, ("b_list", "b_person"), gone)
    update_many(c, update(list_member).where(*here).values(channel="", news=True), ("b_list", "b_person"), quiet)
    return lost
