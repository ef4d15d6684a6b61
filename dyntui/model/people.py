"""A record that can be mailed, its address, and the gates between it and the mail."""

from __future__ import annotations

import enum

import msgspec

from dyntui.model.addresses import NOT_ASCII, fault
from dyntui.model.reasons import PRECEDENCE

# As much of a malformed address as tells what is wrong.
_SHOWN = 300


class Entity(enum.StrEnum):
    """Tables whose rows can be members of a marketing list."""

    ACCOUNT = "account"
    CONTACT = "contact"
    LEAD = "lead"


class Person(msgspec.Struct, frozen=True):
    """A record as a member of a marketing list. Times are ISO 8601 UTC as Dataverse gives them."""

    entity: Entity
    id: str
    address: str
    full_name: str = ""
    do_not_email: bool = False
    do_not_bulk_email: bool = False
    state_code: int = 0
    merged: bool = False
    created_on: str = ""


class Gate(msgspec.Struct, frozen=True):
    """A closed gate: the reason code, and what makes it concrete (a date, a winner, a platform code)."""

    reason: str
    detail: str = ""


def normalise(address: str | None) -> str:
    """The address as both systems compare it: without surrounding space, in lower case (dotdigital_api.md 3.3)."""
    return (address or "").strip().lower()


def is_address(address: str) -> bool:
    """Whether a normalised address is taken for sending (`dyntui.model.addresses`)."""
    return not fault(address)


def record_gates(person: Person) -> list[Gate]:
    """The closed gates that the record itself shows, in no particular order.

    Of a lead, state 1 is Qualified and 2 Disqualified (dataverse_api.md 7.6).
    """
    gates: list[Gate] = []
    if person.merged:
        gates.append(Gate("MERGED"))
    if person.entity is Entity.LEAD and person.state_code == 1:
        gates.append(Gate("LEAD_QUALIFIED"))
    elif person.state_code != 0:
        gates.append(Gate("INACTIVE"))
    address = normalise(person.address)
    if not address:
        gates.append(Gate("NO_EMAIL"))
    elif wrong := fault(address) or _folded(person.address):
        gates.append(
            Gate("BAD_EMAIL", f"{person.address[:_SHOWN]}{'…' if len(person.address) > _SHOWN else ''}: {wrong}")
        )
    if person.do_not_email:
        gates.append(Gate("DO_NOT_EMAIL"))
    if person.do_not_bulk_email:
        gates.append(Gate("DO_NOT_BULK_EMAIL"))
    return gates


def _folded(address: str) -> str:
    """What is wrong with an address that is taken for sending once it is in lower case: a letter beyond ASCII whose
    small one is within, such as the sign for kelvin, is another letter, and the address another mailbox's."""
    return "" if address.strip().isascii() else NOT_ASCII


def first(gates: list[Gate]) -> Gate | None:
    """The gate that names the person's reason: the first by the catalogue's precedence; None when all are open."""
    return min(gates, key=lambda gate: (PRECEDENCE.get(gate.reason, len(PRECEDENCE)), gate.detail), default=None)
