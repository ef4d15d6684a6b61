"""The values that both sides had last, one for each email account and person: the base of every merge.

What dotdigital acknowledged of a list's members is newer than what was read of a contact before that; which of the two
came last is told by the fingerprint that was sent when the contact was read. Of somebody on several lists that counts
which was acknowledged last: what the other lists sent is older. Both are of one contact: of another one that the person
has by now, because it was made anew or they have another address, nothing was ever synchronised.

Public:
    people(c, account_id, addresses) -> [Shadowed]      whose contacts these are
    keep(c, account_id, rows); again(c, account_id) -> {contact id: changed on}
    set_back(c, account_id, {address: Carried}); outlast(c, account_id, known)
    look_again(c, account_id, contacts)                 their contacts (person -> id) are read next time
    in_book_and_waiting(c, account_id, list_id) -> addresses
    known_labels(c, account_id, people) -> {address: {person: labels}}        synchronised ever with their contacts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from dyntui.model.conversion import Value
from dyntui.model.merge import NEVER, Never
from dyntui.model.outcomes import Outcome
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import list_member, marketing_list, shadow
from dyntui.store.upserts import json_text, upsert

_m, _l, _s = list_member.c, marketing_list.c, shadow.c
_NOT_OURS = ("", BY_OTHERS, OVERWRITTEN)


class Shadowed(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose contact is in a book of the account through us. `sent`: what dotdigital acknowledged last (None
    where it is not known), `seen`: what its contact had when it was read last; `sent_later`: the first came after the
    second. `fingerprint`: of what was sent. `sent_to`, `seen_of`: the contacts, as far as they are known."""

    person_id: str
    entity: str
    name: str
    address: str
    fingerprint: str
    sent: Mapping[str, Any] | None
    seen: Mapping[str, Any]
    sent_later: bool
    sent_to: int | None = None
    seen_of: int | None = None

    def of_contact(self, contact_id: int) -> Shadowed:
        """What both sides had last of this contact: what it lacks of another one's values, nobody has cleared."""
        sent = None if self.sent_to not in (None, contact_id) else self.sent
        seen = {} if self.seen_of not in (None, contact_id) else self.seen
        return msgspec.structs.replace(self, sent=sent, seen=seen)

    def base(self, label: str) -> Value | Never:
        """The value of a label that both sides had last."""
        sources = (self.sent or {}, self.seen) if self.sent_later else (self.seen, self.sent or {})
        return next((each[label] for each in sources if label in each), NEVER)

    def values(self) -> dict[str, Any]:
        """All values that both sides had last."""
        sent = self.sent or {}
        return {**self.seen, **sent} if self.sent_later else {**sent, **self.seen}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A person's values as merged. `again`: something could not be written, and is tried with the next run;
    `changed_on`: when the contact was changed last."""

    person_id: str
    contact_id: int
    values: Mapping[str, Any]
    fingerprint: str
    again: bool = False
    changed_on: str = ""


def people(c: Connection, account_id: str, addresses: Sequence[str]) -> list[Shadowed]:
    """Whose contacts have these addresses: of each address one person."""
    found: dict[str, Shadowed] = {}
    here = and_(_s.account_id == account_id, _s.person_id == _m.person_id)
    for some in in_chunks(addresses):
        rows = c.execute(
            select(
                *(_m[name] for name in ("person_id", "entity", "name", "sent_address", "sent_fingerprint")),
                *(_m[name] for name in ("sent_fields", "acknowledged_on")),
                and_(
                    _l.activated.is_(True),
                    _m.has_left.is_(False),
                    _m.outcome.not_in((Outcome.EXCLUDED.value, Outcome.REMOVED.value)),
                ).label("concerned"),
                _m.contact_id.label("sent_to"),
                _s["values"].label("seen"),
                _s.contact_id.label("seen_of"),
                _s.fingerprint.label("seen_at"),
            )
            .select_from(list_member.join(marketing_list, _l.id == _m.list_id).outerjoin(shadow, here))
            .where(beside(_l.account_id) == account_id, _m.sent_address.in_(some), _m.sent_address == _m.address)
            .order_by(_m.list_id, _m.seq)
        )
        for made in _of_each(rows.all()):
            known = found.get(made.address)
            if known is None or (made.sent_later and not known.sent_later):
                found[made.address] = made
    return [found[each] for each in addresses if each in found]


def _of_each(rows: Sequence[Any]) -> list[Shadowed]:
    """Whoever one of the rows is about, in their order, with what was sent last of those."""
    last: dict[tuple[str, str], tuple[tuple[str, bool], Shadowed]] = {}
    concerned: dict[tuple[str, str], None] = {}
    for row in rows:
        key = (row.sent_address, row.person_id)
        if row.concerned:
            concerned[key] = None
        made = _shadowed(row)
        rank = (row.acknowledged_on, made.sent_later)
        if key not in last or rank > last[key][0]:
            last[key] = (rank, made)
    return [last[key][1] for key in concerned]


def _shadowed(row: Any) -> Shadowed:
    ours = row.sent_fingerprint not in _NOT_OURS
    return Shadowed(
        person_id=row.person_id,
        entity=row.entity,
        name=row.name,
        address=row.sent_address,
        fingerprint=row.sent_fingerprint if ours else "",
        sent=row.sent_fields if ours else None,
        seen=row.seen or {},
        sent_later=ours and row.seen_at != row.sent_fingerprint,
        sent_to=row.sent_to,
        seen_of=row.seen_of,
    )


def keep(c: Connection, account_id: str, rows: Iterable[Kept]) -> None:
    """These values are what both sides have, as far as they could be written."""
    upsert(
        c,
        shadow,
        ("account_id", "person_id", "values", *_KEPT),
        ("account_id", "person_id"),
        [
            (account_id, row.person_id, json_text(dict(row.values)), *(getattr(row, name) for name in _KEPT))
            for row in rows
        ],
    )


_KEPT = ("contact_id", "fingerprint", "again", "changed_on")


class Carried(msgspec.Struct, frozen=True):
    """What a contact carries."""

    contact_id: int | None
    values: Mapping[str, Any]


def set_back(c: Connection, account_id: str, contacts: Mapping[str, Carried]) -> None:
    """An undo has written these values to the contacts with these addresses: they are newer than what any of their
    lists has sent."""
    _put(c, account_id, [(each, contacts[each.address]) for each in people(c, account_id, list(contacts))])


def outlast(c: Connection, account_id: str, known: Sequence[Shadowed]) -> None:
    """What was known of these stays known where the list that sent it has forgotten it, and another has not."""
    had = {(each.address, each.person_id): each for each in known}
    rows = []
    for each in people(c, account_id, [each.address for each in known]):
        was = had.get((each.address, each.person_id))
        if was is not None and was.fingerprint != each.fingerprint:
            rows.append((each, Carried(was.sent_to, was.values())))
    _put(c, account_id, rows)


def _put(c: Connection, account_id: str, rows: Iterable[tuple[Shadowed, Carried]]) -> None:
    written = []
    for known, carried in rows:
        ids = (carried.contact_id, known.sent_to, known.seen_of)
        contact_id = next((each for each in ids if each is not None), None)
        if contact_id is not None:
            values = json_text({**known.of_contact(contact_id).values(), **carried.values})
            written.append((account_id, known.person_id, values, contact_id, known.fingerprint))
    columns = ("values", "contact_id", "fingerprint")
    upsert(c, shadow, ("account_id", "person_id", *columns), ("account_id", "person_id"), written, update=columns)


def again(c: Connection, account_id: str) -> dict[int, str]:
    """The contacts of whom something could not be written, by id, with when they were changed when they were read."""
    waiting = select(_s.contact_id, _s.changed_on).where(_s.account_id == account_id, _s.again.is_(True))
    return {row.contact_id: row.changed_on for row in c.execute(waiting.order_by(_s.contact_id))}


def look_again(c: Connection, account_id: str, contacts: Mapping[str, int]) -> None:
    """The contacts of these people (person -> contact id) are read with the next run; what is known of them stays."""
    upsert(
        c,
        shadow,
        ("account_id", "person_id", "values", "contact_id", "again"),
        ("account_id", "person_id"),
        [(account_id, person, json_text({}), contact_id, True) for person, contact_id in contacts.items()],
        update=("again",),
    )


def in_book_and_waiting(c: Connection, account_id: str, list_id: str) -> list[str]:
    """The addresses of those in a list's book of whom something could not be written."""
    waiting = select(_m.address).select_from(list_member.join(shadow, _s.person_id == _m.person_id))
    here = (_m.list_id == list_id, _s.account_id == account_id, _s.again.is_(True), _m.sent_address == _m.address)
    return list(c.execute(waiting.where(*here, _m.address != "").order_by(_m.seq)).scalars())


class Contacted(msgspec.Struct, frozen=True):
    """A person who is to be sent to a contact."""

    person_id: str
    contact_id: int


def known_labels(
    c: Connection, account_id: str, people: Mapping[str, Contacted]
) -> dict[str, dict[str, frozenset[str]]]:
    """Whose values were ever synchronised with the contacts of these people (by address), and of which labels: whether
    they are in a book now or not."""
    found: dict[str, dict[str, frozenset[str]]] = {}

    def add(address: str, person: str, labels: Iterable[str]) -> None:
        met = found.setdefault(address, {})
        met[person] = met.get(person, frozenset()) | frozenset(labels)

    for some in in_chunks(list(people)):
        elsewhere = and_(_m.sent_address.in_(some), _m.sent_address != _m.address)
        for column, here in ((_m.address, _m.address.in_(some)), (_m.sent_address, elsewhere)):
            sent = c.execute(
                select(column, _m.person_id, _m.contact_id, _m.sent_fields, _m.sent_fingerprint)
                .select_from(list_member.join(marketing_list, _l.id == _m.list_id))
                .where(beside(_l.account_id) == account_id, here)
            )
            for address, person, contact_id, fields, mark in sent:
                if fields is not None and mark != BY_OTHERS and contact_id in (None, people[address].contact_id):
                    add(address, person, fields)
        of = {people[address].person_id: address for address in some}
        seen = select(_s.person_id, _s.contact_id, _s["values"])
        for person, contact_id, values in c.execute(
            seen.where(_s.account_id == account_id, _s.person_id.in_(list(of)))
        ):
            if values and contact_id == people[of[person]].contact_id:
                add(of[person], person, values)
    return found
