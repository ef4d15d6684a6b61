"""What stands against one person: the reasons that lie in a record, in anybody's consent, and in shared addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tests.oracle.addresses import plain, sendable
from tests.oracle.memory import Memory
from tests.oracle.precedence import BLOCKS, RECORD
from tests.oracle.rows import Contact, Key, MarketingList, Record, Snapshot

IN = frozenset({"added", "updated", "unchanged"})
"""Outcomes of who belongs into the book."""

_RANK = {"contact": 0, "lead": 1, "account": 2}
_LEAD_QUALIFIED = 1
_BEFORE_THE_TYPE = {"MERGED", "INACTIVE", "LEAD_QUALIFIED"}


@dataclass(frozen=True)
class Verdict:
    """`outcomes` of which one is to be named; `reasons` of which one is to stand first (empty: none is looked at);
    `why`: the sentence of the specification that decides. Where it leaves two answers open both are there.
    `absent`: nothing at all may be said. `also`: what is listed behind an outcome that needs no reason."""

    outcomes: frozenset[str]
    reasons: frozenset[str]
    why: str
    absent: bool = False
    also: frozenset[str] = frozenset()

    def allows(self, outcome: str | None, reason: str) -> bool:
        """Whether what is said agrees."""
        if outcome is None:
            return self.absent
        return outcome in self.outcomes and (not self.reasons or outcome in IN or reason in self.reasons)


def verdict(
    outcomes: str, reasons: Iterable[str], why: str, *, absent: bool = False, also: Iterable[str] = ()
) -> Verdict:
    """`outcomes` with blanks between them."""
    return Verdict(frozenset(outcomes.split()), frozenset(reasons), why, absent, frozenset(also))


def either(one: Verdict, other: Verdict) -> Verdict:
    """Both are right."""
    if one == other:
        return one
    return replace(
        one,
        outcomes=one.outcomes | other.outcomes,
        reasons=one.reasons | other.reasons,
        absent=one.absent or other.absent,
    )


def whenever_lists_were_read(memory: Memory, reckon: Callable[[Memory], dict[Key, Verdict]]) -> dict[Key, Verdict]:
    """Where it is not to be told whether somebody still had an address when it was suppressed, either is right."""
    least, most = reckon(memory), reckon(replace(memory, generous=True))
    return {key: either(least[key], most[key]) for key in least}


def address_of(record: Record) -> str:
    """Where mail to a record goes."""
    return plain(record.typed[0])


def same_values(contact: Contact, record: Record) -> bool:
    """Whether a contact has the names of a record, by the mappings that are there from the beginning."""
    return all((contact.data.get(name) or "") == value for name, value in record.names.items())


def record_reasons(key: Key, kind: str, rows: Snapshot) -> set[str]:
    """What the row of a member alone says: "of another type WRONG_TYPE, without a record UNKNOWN_PERSON"."""
    record = rows.records.get(key)
    if key[0] != kind:
        return {"WRONG_TYPE"} | (record_reasons(key, key[0], rows) & _BEFORE_THE_TYPE if record else set())
    if record is None:
        return {"UNKNOWN_PERSON"}
    found = {"MERGED", "INACTIVE"} if record.merged else set()
    if key[0] == "lead" and record.state == _LEAD_QUALIFIED:
        found.add("LEAD_QUALIFIED")
    elif record.state != 0:
        found.add("INACTIVE")
    if not address_of(record):
        found.add("NO_EMAIL")
    elif not sendable(record.typed[0]):
        found.add("BAD_EMAIL")
    return found


def consent_reasons(key: Key, list_id: str, rows: Snapshot, memory: Memory) -> set[str]:
    """Who said no for this person or this address, on either side."""
    record = rows.records.get(key)
    address = address_of(record) if record else ""
    found = memory.dynamics(key, address, rows)
    if suppression := memory.suppression(address):
        found.add(suppression)
    found |= memory.said_before(key)
    if memory.unsubscribed(list_id, key, address):
        found.add("UNSUBSCRIBED_LIST")
    return found


def member_reasons(key: Key, on: MarketingList, rows: Snapshot, memory: Memory) -> set[str]:
    """Every reason against a member of a list, but for what the other lists and the campaign say."""
    found = record_reasons(key, on.kind, rows)
    if found & {"WRONG_TYPE", "UNKNOWN_PERSON"}:
        return found
    found |= consent_reasons(key, on.id, rows, memory)
    address = address_of(rows.records[key])
    contact = rows.contact(address)
    if contact is not None and contact.status == "PendingOptIn":
        found.add("PENDING_OPT_IN")
    if rows.records[key].opt_in < on.opt_in:
        found.add("OPT_IN_TOO_WEAK")
    if not found & RECORD and winners(rows, memory).get(address) not in (None, key):
        found.add("DUPLICATE_ADDRESS")
    return found


def refused(address: str, rows: Snapshot) -> str:
    """The reason for which the platform refuses to make a contact of an address, `""`: it does not."""
    local, _, domain = address.partition("@")
    kinds = [rows.blocked.get(each) for each in (address, f"@{domain}", f"{local}@")]
    return next((BLOCKS[each] for each in kinds if each), "")


def lists_at_work(rows: Snapshot) -> list[MarketingList]:
    """The lists of the account: activated for email, and active in Dynamics."""
    return [each for each in rows.lists.values() if each.activated and each.active]


def winners(rows: Snapshot, memory: Memory) -> dict[str, Key]:
    """Who takes the place of each address: "contact before lead before account, then the older record, then the smaller
    id; the winner is the same over all lists of an account". Not through a list that the address unsubscribed from, and
    nobody who was suppressed at the address before."""
    found: dict[str, list[Key]] = {}
    for each in lists_at_work(rows):
        for key in each.members:
            if not record_reasons(key, each.kind, rows):
                address = address_of(rows.records[key])
                weak = rows.records[key].opt_in < each.opt_in
                if not weak and not memory.unsubscribed(each.id, key, address) and not memory.said_before(key):
                    found.setdefault(address, []).append(key)
    return {
        address: min(keys, key=lambda key: (_RANK[key[0]], rows.records[key].created, key[1]))
        for address, keys in found.items()
    }
