"""Data mappings to dotdigital and the payload they make of a person."""

from __future__ import annotations

import hashlib

import msgspec

from dyntui.model.people import Entity, Person


class DataMapping(msgspec.Struct, frozen=True):
    """A data label fed from a column of an entity, to dotdigital."""

    label: str
    entity: Entity
    column: str


# Provisioned for contact and lead (mission: "These include Email, First Name, Last Name and Full Name"); the e-mail
# address is the identifier of a dotdigital contact and needs no data label.
_PEOPLE = tuple(
    DataMapping(label, entity, column)
    for entity in (Entity.CONTACT, Entity.LEAD)
    for label, column in (("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"), ("FULLNAME", "fullname"))
)
PROVISIONED: tuple[DataMapping, ...] = (*_PEOPLE, DataMapping("FULLNAME", Entity.ACCOUNT, "name"))

# A String data field holds at most 1,000 characters (dotdigital_api.md 6).
STRING_LIMIT = 1000

_COLUMNS = {"firstname": "first_name", "lastname": "last_name", "fullname": "full_name", "name": "full_name"}


def payload(person: Person, mappings: tuple[DataMapping, ...] = PROVISIONED) -> dict[str, str | None]:
    """Data fields for a person, by label in stable order. Empty travels as None, which clears the field."""
    fields = {m.label: getattr(person, _COLUMNS[m.column]) or None for m in mappings if m.entity is person.entity}
    return dict(sorted(fields.items()))


def too_long(fields: dict[str, str | None]) -> str:
    """The first label whose value the platform would have to cut, or `""`: over-length is rejected, never cut."""
    return next((label for label, value in fields.items() if value is not None and len(value) > STRING_LIMIT), "")


def fingerprint(address: str, fields: dict[str, str | None]) -> str:
    """A stable hash of what is sent for a person: equal means there is nothing to send."""
    return hashlib.blake2b(msgspec.json.encode([address, fields]), digest_size=12).hexdigest()
