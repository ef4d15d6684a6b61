"""Rows of account, contact and lead as members of a marketing list, read as people with what is sent for them.

readings(c, account_id) -> {Entity: Reading}      how rows are read, with the columns that feed data labels
as_asked(reading) -> str                          tells one way of reading from another
staged(reading, row) -> Staged
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dataverse.wanted import Wanted
from dyntui.model.conversion import Rejected
from dyntui.model.mapping import PRIMARY_CONTACTS
from dyntui.model.opt_in import CODES, OptIn
from dyntui.model.opt_in import COLUMN as _OPT_IN
from dyntui.model.payloads import Feed, Feeds, fingerprint, payload
from dyntui.model.people import Entity, Gate, Person, normalise, record_gates
from dyntui.store import mappings
from dyntui.store.staging import Staged
from dyntui.sync import mailed_through, mapped_fields
from dyntui.sync.mapped_fields import Source

_SHARED = {
    "address": "emailaddress1",
    "no_email": "donotemail",
    "no_bulk": "donotbulkemail",
    "state": "statecode",
    "created_on": "createdon",
}
_NAMES = {"name": "fullname", "first": "firstname", "last": "lastname", "opt_in": _OPT_IN}


class ContactRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, **_NAMES, "id": "contactid"}):
    """A contact's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = None
    no_bulk: bool | None = None
    state: Whole | None = None
    merged: bool | None = None
    created_on: str | None = None
    name: str | None = None
    first: str | None = None
    last: str | None = None
    opt_in: Whole | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


class LeadRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, **_NAMES, "id": "leadid"}):
    """A lead's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = None
    no_bulk: bool | None = None
    state: Whole | None = None
    merged: bool | None = None
    created_on: str | None = None
    name: str | None = None
    first: str | None = None
    last: str | None = None
    opt_in: Whole | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


class AccountRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, "id": "accountid", "title": "name"}):
    """An account's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = None
    no_bulk: bool | None = None
    state: Whole | None = None
    merged: bool | None = None
    created_on: str | None = None
    title: str | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


# Nobody reads more of a name, and no address is as long (dotdigital_api.md 3.3); what is cut ends in a character that
# no address has.
_LONGEST_NAME, _LONGEST_ADDRESS = 400, 400
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,20}Z?\Z")

MemberRow = ContactRow | LeadRow | AccountRow
RowType = type[ContactRow] | type[LeadRow] | type[AccountRow]

ROW_TYPES: Final[dict[Entity, RowType]] = {
    Entity.CONTACT: ContactRow,
    Entity.LEAD: LeadRow,
    Entity.ACCOUNT: AccountRow,
}

_DECIDING: Final = {
    entity: frozenset(each.encode_name for each in msgspec.structs.fields(row_type)) - {_SHARED["created_on"], _OPT_IN}
    for entity, row_type in ROW_TYPES.items()
}


class Reading(msgspec.Struct, frozen=True):
    """How the rows of an entity are read: `row_type` has a field for every column that decides about a person or feeds
    a label, `wanted` asks for them; `sources` says, feed by feed, where its value is found. `address`: the column that
    the address comes from; `through`: where the columns of `mailed_through.COLUMNS` are found, of accounts that are
    mailed at their primary contact's."""

    entity: Entity
    row_type: RowType
    feeds: tuple[Feed, ...]
    wanted: Wanted
    sources: tuple[Source, ...]
    address: str = "emailaddress1"
    through: tuple[Source, ...] = ()


Readings = Mapping[Entity, Reading]


def as_asked(reading: Reading) -> str:
    """What rows are asked for, and what is made of the answers: what was read with other columns, or for other
    mappings, says nothing of what is wanted now."""
    asked = (reading.wanted, reading.feeds, reading.address)
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()


def readings(c: Connection, account_id: str) -> dict[Entity, Reading]:
    """How rows of each entity are read for an email account, by its mappings as they are now."""
    return {entity: reading_of(feeds) for entity, feeds in mappings.feeds(c, account_id).items()}


@functools.lru_cache(maxsize=64)
def reading_of(feeds: Feeds) -> Reading:
    """How rows are read so that they feed these labels."""
    through = mailed_through.COLUMNS if feeds.address == PRIMARY_CONTACTS else ()
    row_type, wanted, sources = mapped_fields.of(feeds.feeds, ROW_TYPES[feeds.entity], through)
    split = len(feeds.feeds)
    return Reading(
        feeds.entity, row_type, feeds.feeds, wanted, sources[:split], feeds.address.replace(".", "/"), sources[split:]
    )


def plain_reading(c: Connection, account_id: str, entity: Entity) -> Reading:
    """How rows are read without what feeds labels: who somebody is, at which address, and whether they may be
    mailed."""
    return reading_of(Feeds(entity, (), address=mappings.feeds(c, account_id)[entity].address))


def person_of(entity: Entity, row: MemberRow) -> Person:
    """A row as a person; empty columns read as empty text or false."""
    return Person(
        entity=entity,
        id=row.id,
        address=row.address or "",
        full_name=(row.title if isinstance(row, AccountRow) else row.name) or "",
        do_not_email=bool(row.no_email),
        do_not_bulk_email=bool(row.no_bulk),
        state_code=row.state or 0,
        merged=bool(row.merged),
        created_on=row.created_on if row.created_on and _TIME.match(row.created_on) else "",
    )


def as_mailed(reading: Reading, row: MemberRow) -> Person:
    """A row as a person, with the address at which it is mailed."""
    person = person_of(reading.entity, row)
    if not reading.through:
        return person
    return msgspec.structs.replace(person, address=mailed_through.contact_of(reading.through, row).address)


def _unreadable(entity: Entity, row: MemberRow) -> list[str]:
    """The columns without which nobody can say who this is, or whether they may be mailed. A date is none of them, nor
    is an opt-in type: one that cannot be read counts as the weakest."""
    empty = [] if row.state is not None or "statecode" in row.odd else ["statecode"]
    return [each for each in (*row.odd, *empty) if each in _DECIDING[entity]]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def staged(reading: Reading, row: MemberRow, further: Sequence[Gate] = ()) -> Staged:
    """A row as the store keeps it: what would be sent for the person, and the gates that the record itself closes, with
    `further` ones that its membership closes."""
    entity = reading.entity
    contact = mailed_through.contact_of(reading.through, row) if reading.through else None
    person = as_mailed(reading, row)
    address = normalise(person.address)
    gates = [*further, *record_gates(person)]
    if contact is not None:
        gates = mailed_through.with_contact(gates, contact)
    if row.state is None or row.odd:
        odd = [*_unreadable(entity, row), *(mailed_through.unreadable(reading.through, row.odd))]
        if odd:
            gates.append(Gate("ODD_ROW", f"{entity} {row.id}: {', '.join(odd)} cannot be read"))
    sent = payload(reading.feeds, _values(reading, row))
    if sent.rejected:
        gates.append(Gate("VALUE_REJECTED", "; ".join(each.gate.detail for each in sent.rejected)))
    return Staged(
        person_id=person.id,
        entity=entity,
        name=_cut(person.full_name, _LONGEST_NAME),
        address=_cut(address, _LONGEST_ADDRESS),
        created_on=person.created_on,
        fields=sent.fields,
        fingerprint=fingerprint(address, sent.fields),
        gates=tuple(gates),
        opt_in=OptIn.UNKNOWN if isinstance(row, AccountRow) else CODES.get(row.opt_in or 0, OptIn.UNKNOWN),
        mailed_as=contact.id if contact is not None else "",
    )


def _values(reading: Reading, row: MemberRow) -> list[object]:
    values: list[object] = [source.of(row) for source in reading.sources]
    for place, source in enumerate(reading.sources if row.odd else ()):
        if any(each in row.odd and each not in _DECIDING[reading.entity] for each in source.properties):
            name = reading.feeds[place].column.logical_name
            values[place] = Rejected(name, "what Dynamics gave cannot be read")
    return values
