"""A record that can be mailed, its address, and the gates between it and the mail."""

from __future__ import annotations

import enum
import re

import msgspec

from dyntui.model.reasons import PRECEDENCE

# dotdigital refuses an address without a dot in its domain (dotdigital_api.md 3.3); control characters and white
# space never belong in one.
_ADDRESS = re.compile(
    r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]+@[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]+\.[^@\s.\x00-\x1f\x7f<>()\[\],;:\\\"]{2,}"
)


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
    first_name: str = ""
    last_name: str = ""
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
    """Whether dotdigital would accept a normalised address: at most 256 characters, with a dot in the domain."""
    return len(address) <= 256 and ".." not in address and _ADDRESS.fullmatch(address) is not None


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
    elif not is_address(address):
        gates.append(Gate("BAD_EMAIL", person.address))
    if person.do_not_email:
        gates.append(Gate("DO_NOT_EMAIL"))
    if person.do_not_bulk_email:
        gates.append(Gate("DO_NOT_BULK_EMAIL"))
    return gates


def first(gates: list[Gate]) -> Gate | None:
    """The gate that names the person's reason: the first by the catalogue's precedence; None when all are open."""
    return min(gates, key=lambda gate: (PRECEDENCE.get(gate.reason, len(PRECEDENCE)), gate.detail), default=None)
