"""Rows of account, contact and lead as members of a marketing list, read as people."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.model.mapping import fingerprint, payload, too_long
from dyntui.model.opt_in import CODES, OptIn
from dyntui.model.people import Entity, Gate, Person, normalise, record_gates
from dyntui.store.staging import Staged

_SHARED = {
    "address": "emailaddress1",
    "no_email": "donotemail",
    "no_bulk": "donotbulkemail",
    "state": "statecode",
    "created_on": "createdon",
}
_OPT_IN = "dyntui_optintype"
_NAMES = {"name": "fullname", "first": "firstname", "last": "lastname", "opt_in": _OPT_IN}


class ContactRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, **_NAMES, "id": "contactid"}):
    """A contact's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = False
    no_bulk: bool | None = False
    state: Whole | None = None
    merged: bool | None = False
    created_on: str | None = ""
    name: str | None = ""
    first: str | None = ""
    last: str | None = ""
    opt_in: Whole | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


class LeadRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, **_NAMES, "id": "leadid"}):
    """A lead's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = False
    no_bulk: bool | None = False
    state: Whole | None = None
    merged: bool | None = False
    created_on: str | None = ""
    name: str | None = ""
    first: str | None = ""
    last: str | None = ""
    opt_in: Whole | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


class AccountRow(msgspec.Struct, frozen=True, kw_only=True, rename={**_SHARED, "id": "accountid", "title": "name"}):
    """An account's columns that decide and feed a synchronisation."""

    id: str
    address: str | None = None
    no_email: bool | None = False
    no_bulk: bool | None = False
    state: Whole | None = None
    merged: bool | None = False
    created_on: str | None = ""
    title: str | None = ""
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


# Nobody reads more of a name, and no address is as long (dotdigital_api.md 3.3); what is cut ends in a character that
# no address has.
_LONGEST_NAME, _LONGEST_ADDRESS = 400, 400
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,20}Z?\Z")

MemberRow = ContactRow | LeadRow | AccountRow

ROW_TYPES: dict[Entity, type[ContactRow] | type[LeadRow] | type[AccountRow]] = {
    Entity.CONTACT: ContactRow,
    Entity.LEAD: LeadRow,
    Entity.ACCOUNT: AccountRow,
}


def person_of(entity: Entity, row: MemberRow) -> Person:
    """A row as a person; empty columns read as empty text or false."""
    if isinstance(row, AccountRow):
        names = {"full_name": row.title or ""}
    else:
        names = {"full_name": row.name or "", "first_name": row.first or "", "last_name": row.last or ""}
    return Person(
        entity=entity,
        id=row.id,
        address=row.address or "",
        do_not_email=bool(row.no_email),
        do_not_bulk_email=bool(row.no_bulk),
        state_code=row.state or 0,
        merged=bool(row.merged),
        created_on=row.created_on if row.created_on and _TIME.match(row.created_on) else "",
        **names,
    )


def _unreadable(row: MemberRow) -> list[str]:
    """The columns without which nobody can say who this is, or whether they may be mailed. A date is none of them, nor
    is an opt-in type: one that cannot be read counts as the weakest."""
    empty = [] if row.state is not None or "statecode" in row.odd else ["statecode"]
    return [each for each in (*row.odd, *empty) if each not in (_SHARED["created_on"], _OPT_IN)]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def staged(entity: Entity, row: MemberRow, further: Sequence[Gate] = ()) -> Staged:
    """A row as the store keeps it: what would be sent for the person, and the gates that the record itself closes, with
    `further` ones that its membership closes."""
    person = person_of(entity, row)
    address = normalise(person.address)
    fields = payload(person)
    gates = [*further, *record_gates(person)]
    odd = _unreadable(row)
    if odd:
        gates.append(Gate("ODD_ROW", f"{entity} {row.id}: {', '.join(odd)} cannot be read"))
    while over := too_long(fields):
        gates.append(Gate("VALUE_REJECTED", f"{over} is longer than the email service allows"))
        fields = {label: value for label, value in fields.items() if label != over}
    return Staged(
        person_id=person.id,
        entity=entity,
        name=_cut(person.full_name, _LONGEST_NAME),
        address=_cut(address, _LONGEST_ADDRESS),
        created_on=person.created_on,
        fields=fields,
        fingerprint=fingerprint(address, fields),
        gates=tuple(gates),
        opt_in=OptIn.UNKNOWN if isinstance(row, AccountRow) else CODES.get(row.opt_in or 0, OptIn.UNKNOWN),
    )
