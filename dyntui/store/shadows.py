"""The values that both sides had last, one for each email account and person: the base of every merge.

What dotdigital acknowledged of a list's members is newer than what was read of a contact before that; which of the two
came last is told by the fingerprint that was sent when the contact was read. Both are of one contact: of another one
that the person has by now, because it was made anew or they have another address, nothing was ever synchronised.

Public:
    people(c, account_id, addresses) -> [Shadowed]      whose contacts these are
    keep(c, account_id, rows); again(c, account_id) -> {contact id: changed on}
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
                _m.sent_fields,
                _m.contact_id.label("sent_to"),
                _s["values"].label("seen"),
                _s.contact_id.label("seen_of"),
                _s.fingerprint.label("seen_at"),
            )
            .select_from(list_member.join(marketing_list, _l.id == _m.list_id).outerjoin(shadow, here))
            .where(
                _l.account_id == account_id,
                _l.activated.is_(True),
                _m.sent_address.in_(some),
                _m.sent_address == _m.address,
                _m.has_left.is_(False),
                _m.outcome.not_in((Outcome.EXCLUDED.value, Outcome.REMOVED.value)),
            )
            .order_by(_m.list_id, _m.seq)
        )
        for row in rows:
            ours = row.sent_fingerprint not in _NOT_OURS
            made = Shadowed(
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
            known = found.get(row.sent_address)
            if known is None or (made.sent_later and not known.sent_later):
                found[row.sent_address] = made
    return [found[each] for each in addresses if each in found]


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
