"""What a synchronisation of lists makes of everybody, and what stands in both systems after it."""

from __future__ import annotations

from tests.oracle.addresses import spelled_in
from tests.oracle.judging import (
    IN,
    Verdict,
    address_of,
    consent_reasons,
    either,
    member_reasons,
    refused,
    same_values,
    verdict,
)
from tests.oracle.memory import Memory
from tests.oracle.precedence import first
from tests.oracle.rows import Key, MarketingList, Snapshot

THRESHOLD = 10
"""Removals of one run up to which nothing is held: in books of some tens of people 10 % are fewer."""


def synchronised(on: MarketingList, rows: Snapshot, memory: Memory) -> dict[Key, Verdict]:
    """The outcome of everybody in the item of one list; `rows` as they were before, `memory` having learnt them."""
    found = {key: _member(key, on, rows, memory) for key in on.members}
    stay = {address_of(rows.records[key]) for key, each in found.items() if each.outcomes & IN}
    leavers = {key: at for key, at in memory.carried.get(on.id, {}).items() if key not in found}
    removals = [key for key, address in leavers.items() if address not in stay]
    free = {key for key in removals if not _withdrawn(key, leavers[key], on, rows, memory)}
    inside = rows.in_book(on.book)
    certain = sum(leavers[key] in inside for key in free)
    weak = {key for key, each in found.items() if key in memory.carried.get(on.id, {}) and each.reasons & _BY_FILTER}
    # Who falls under the filter leaves the book as well, and nobody withdrew anything by that.
    removals += sorted(weak)
    if len(removals) > THRESHOLD:
        found |= {key: either(found[key], verdict("held", (), "removals that exceed the threshold")) for key in weak}
    for key, address in leavers.items():
        gone = address not in inside
        if on.id in memory.was_off:
            why = "the list was not synchronised meanwhile: its book may count as somebody else's"
            found[key] = verdict("removed held", (), why, absent=True)
        elif address in stay:
            found[key] = verdict("removed", (), "another member has the address now", absent=True)
        elif key not in free and not _withdrawn_in_the_book(key, address, on, rows, memory):
            why = "somebody else withdrew consent for the address that they have now, which the book does not have"
            found[key] = verdict("removed held", (), why, absent=gone)
        elif key not in free:
            why = "a consent withdrawal is never held, whatever the address"
            found[key] = verdict("removed", (), why, absent=gone)
        elif not on.members or certain > THRESHOLD:
            why = "removals that exceed the threshold, or rest on an empty listing, are held"
            found[key] = verdict("held removed" if gone else "held", (), why, absent=gone)
        else:
            # Whether withdrawals count among the removals is not said: with them there may be too many.
            why = "who left the list leaves the book"
            found[key] = verdict("removed held" if len(removals) > THRESHOLD else "removed", (), why, absent=gone)
    return found


_BY_FILTER = {"OPT_IN_TOO_WEAK"}


def _member(key: Key, on: MarketingList, rows: Snapshot, memory: Memory) -> Verdict:
    reasons = member_reasons(key, on, rows, memory)
    closed = reasons - {"PENDING_OPT_IN"}
    if closed:
        # PENDING_OPT_IN keeps nobody out of a book: whether it may stand before what does is not said.
        named = {first(reasons), first(closed)}
        if closed == {"UNKNOWN_PERSON"}:
            # A record that is gone may be remembered as one that had opted out, in either system.
            named |= {first(known | closed) for known in memory.of_the_gone(key, rows)}
        return verdict("excluded", named, f"of {sorted(reasons)} the first by the order is the person's reason")
    record = rows.records[key]
    address = address_of(record)
    carried = memory.carried.get(on.id, {}).get(key)
    if carried != address and (reason := refused(address, rows)):
        # A contact that others made meanwhile is taken, but a rejected row is tried again only after a while.
        outcomes = "rejected" if rows.contact(address) is None else "rejected added updated unchanged"
        return verdict(outcomes, {reason, "REJECTED"}, "the platform refuses the row")
    contact = rows.contact(address)
    why = "the outcome says what the book says"
    if address not in rows.in_book(on.book):
        # Somebody with another address is the same person with another value, or somebody new in the book.
        return verdict("added" if carried in (None, address) else "added updated", (), why, also=reasons)
    if carried != address:
        return verdict("added updated unchanged", (), why, also=reasons)
    if key[0] == "account":
        # What of an account is mapped is not said.
        return verdict("updated unchanged", (), why, also=reasons)
    same = contact is not None and same_values(contact, record)
    return verdict("unchanged" if same else "updated", (), why, also=reasons)


def _withdrawn(key: Key, address: str, on: MarketingList, rows: Snapshot, memory: Memory) -> bool:
    """Whether somebody's leaving is a withdrawal of consent, "whatever the address"."""
    return bool(consent_reasons(key, on.id, rows, memory) or _withdrawn_in_the_book(key, address, on, rows, memory))


def _withdrawn_in_the_book(key: Key, address: str, on: MarketingList, rows: Snapshot, memory: Memory) -> bool:
    """Whether it was withdrawn by the person, or for the address that the book has of them."""
    return bool(
        memory.suppression(address) or memory.dynamics(key, address, rows) or memory.unsubscribed(on.id, key, address)
    )


def must_not_be_in(on: MarketingList, rows: Snapshot, memory: Memory) -> dict[str, str]:
    """Addresses that no run leaves in the book of a list, with the reason: "a person with a closed gate whom other
    hands put into the book leaves it". Strangers with an open gate stay (membership action Ignore)."""
    found: dict[str, str] = {}
    for address in rows.in_book(on.book):
        suppression = memory.suppression(address)
        reasons = ({suppression} if suppression else set()) | memory.dynamics(("", ""), address, rows)
        if memory.unsubscribed(on.id, ("", ""), address):
            reasons.add("UNSUBSCRIBED_LIST")
        members = [key for key in on.members if key in rows.records and address_of(rows.records[key]) == address]
        own = [member_reasons(key, on, rows, memory) - {"PENDING_OPT_IN", "DUPLICATE_ADDRESS"} for key in members]
        if own and all(own):
            reasons |= own[0]
        # Whoever falls under the filter may be held, where they are many.
        if reasons - _BY_FILTER:
            found[address] = first(reasons)
    return found


def strangers_of(on: MarketingList, rows: Snapshot, memory: Memory) -> set[str]:
    """The addresses in a list's book that no member has, and with which nobody is there through us."""
    members = {address_of(rows.records[key]) for key in on.members if key in rows.records}
    return rows.in_book(on.book) - members - set(memory.carried.get(on.id, {}).values())


def strangers_left(on: MarketingList, before: Snapshot, after: Snapshot, memory: Memory) -> set[str]:
    """Addresses that a run should have taken out of the book: "strangers leave the book", by the membership action
    Remove or "implied for dynamic lists". More than the threshold are held, and so are those of an empty list."""
    if not on.removes or on.id in memory.was_off or not on.members:
        return set()
    strangers = strangers_of(on, before, memory)
    return strangers & after.in_book(on.book) if len(strangers) <= THRESHOLD else set()


def must_be_flagged(rows: Snapshot, memory: Memory) -> dict[Key, str]:
    """Contacts and leads on which `donotbulkemail` stands after a run of suppressions, with their suppressed address:
    "on every contact/lead with the address"."""
    return {
        key: address
        for key, record in rows.records.items()
        for address in (spelled_in(record.typed[0]) if key[0] != "account" else ())
        if memory.suppression(address)
    }
