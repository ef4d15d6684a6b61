"""What a count of targets, and the send that takes it, make of everybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tests.oracle.judging import (
    Verdict,
    address_of,
    consent_reasons,
    either,
    lists_at_work,
    member_reasons,
    refused,
    same_values,
    verdict,
    winners,
)
from tests.oracle.memory import Memory
from tests.oracle.precedence import first
from tests.oracle.rows import Contact, Key, Record, Snapshot


def counted(targets: Collection[str], campaign: int, rows: Snapshot, memory: Memory) -> dict[Key, Verdict]:
    """The outcome of everybody who is potential over the target lists that are at work; `added` means sendable.

    Of the lists that are no targets a count may know what their last synchronisation read or what is there now: who
    has the place of an address by either is right.
    """
    now = _counted(targets, campaign, rows, memory)
    others = {
        each.id: replace(each, members=tuple(memory.synced.get(each.id, ())))
        for each in rows.lists.values()
        if each.id not in targets
    }
    known = _counted(targets, campaign, replace(rows, lists=rows.lists | others), memory)
    return {key: either(now[key], known[key]) for key in now}


def _counted(targets: Collection[str], campaign: int, rows: Snapshot, memory: Memory) -> dict[Key, Verdict]:
    reasons: dict[Key, list[set[str]]] = {}
    optional: set[Key] = set()
    for each in lists_at_work(rows):
        if each.id not in targets:
            continue
        carried = memory.carried.get(each.id, {})
        for key in each.members:
            found, record = member_reasons(key, each, rows, memory), rows.records.get(key)
            if record is not None and carried.get(key) != address_of(record):
                found.add("NOT_SYNCED")
            reasons.setdefault(key, []).append(found)
        for key in carried.keys() - set(each.members) - memory.held.get(each.id, set()):
            contact = rows.contact(carried[key])
            pending = {"PENDING_OPT_IN"} if contact is not None and contact.status == "PendingOptIn" else set()
            reasons.setdefault(key, []).append({"LEFT_LIST"} | pending | consent_reasons(key, each.id, rows, memory))
        # Who was excluded at the last synchronisation and left since is not in the book.
        optional |= memory.synced.get(each.id, set()) - set(each.members) - carried.keys()
    had = {address for number, address in rows.mails if number == campaign}
    found_all = {}
    for key, by_list in reasons.items():
        record = rows.records.get(key)
        union = set().union(*by_list)
        closed = set() if any(not each for each in by_list) else union
        if memory.had_campaign(campaign, key) or (record is not None and address_of(record) in had):
            # Whether a reason of one list stands before it when another list is open is not said.
            named = {first(closed | {"ALREADY_SENT"}), first(union | {"ALREADY_SENT"})}
            why = f"had the campaign; {sorted(union)}"
            ours = memory.had_campaign(campaign, key) or address_of(rows.records[key]) in memory.had_at.get(
                campaign, ()
            )
            # What others send in dotdigital has to be known to the send; whether to the count before it is not said.
            found_all[key] = verdict("excluded" if ours or closed else "excluded added", named, why)
            continue
        if record is None and "UNKNOWN_PERSON" in closed:
            named = {"UNKNOWN_PERSON", *(first(known | closed) for known in memory.of_the_gone(key, rows))}
            found_all[key] = verdict("excluded", named, "without a record")
            continue
        found_all[key] = _first_of(closed, "nothing stands against it on one of the target lists")
        contact = rows.contact(address_of(record)) if record is not None else None
        if "NOT_SYNCED" in closed and found_all[key].reasons == {"PENDING_OPT_IN"} and not _in_a_book(contact, rows):
            # Of a contact that is in none of the lists' books nothing is known before it is synchronised.
            found_all[key] = verdict(
                "excluded", {"PENDING_OPT_IN", first(closed - {"PENDING_OPT_IN"})}, "not looked at"
            )
        if "NOT_SYNCED" in closed and found_all[key].reasons == {"OPT_IN_TOO_WEAK"}:
            # What a filter makes of somebody is known once their list was synchronised.
            found_all[key] = verdict("excluded", {"OPT_IN_TOO_WEAK", "NOT_SYNCED"}, found_all[key].why)
        if found_all[key].reasons == {"LEFT_LIST"} and record is not None:
            # Whether who has left may still be a duplicate of who has the address now is not said.
            rival = {"DUPLICATE_ADDRESS"} if winners(rows, memory).get(address_of(record), key) != key else set()
            found_all[key] = verdict("excluded", {"LEFT_LIST"} | rival, found_all[key].why)
    for key, said in found_all.items():
        record = rows.records.get(key)
        if (
            said.outcomes == {"added"}
            and record is not None
            and _back_with_other_values(key, record, targets, rows, memory)
        ):
            # Whoever was held and is on the list again has the place, but dotdigital keeps another record's values.
            found_all[key] = verdict("added excluded", {"NOT_SYNCED"}, said.why)
        reason = refused(address_of(record), rows) if record is not None else ""
        unsynchronised = all(reasons[key]) and any("NOT_SYNCED" in each for each in reasons[key])
        if reason and first({reason, *said.reasons}) == reason and unsynchronised:
            # The platform refused it, or it was not tried yet: the row's own refusal stands at its place in the order.
            found_all[key] = verdict("excluded rejected", said.reasons | {reason, "REJECTED"}, said.why)
    for key in optional - found_all.keys():
        found_all[key] = verdict("excluded", (), "left since, and was excluded before", absent=True)
    return found_all


def sent(
    shown: Collection[Key], at_count: Snapshot, targets: Collection[str], campaign: int, rows: Snapshot, memory: Memory
) -> dict[Key, Verdict]:
    """What becomes of the people whom a count showed as sendable: `added` means mailed. `rows` as they are when the
    send is made."""
    found = {}
    had = {address for number, address in rows.mails if number == campaign}
    for key in shown:
        record, address = rows.records.get(key), address_of(at_count.records[key])
        on = [each for each in lists_at_work(rows) if each.id in targets and key in each.members]
        by_list = [member_reasons(key, each, rows, memory) for each in on]
        union = set().union(*by_list)
        closed = set() if any(not each for each in by_list) else union
        if not on:
            # "Who left is LEFT_LIST", and the first reason by the order: both are said.
            withdrawn = consent_reasons(key, next(iter(targets)), rows, memory) | {"LEFT_LIST"}
            found[key] = verdict("excluded", {first(withdrawn), "LEFT_LIST"}, f"left every list; {sorted(withdrawn)}")
            continue
        if memory.had_campaign(campaign, key) or address in had:
            named = {first(closed | {"ALREADY_SENT"}), first(union | {"ALREADY_SENT"})}
            if record is not None and address_of(record) != address:
                named.add("NOT_SYNCED")
            found[key] = verdict("excluded", named, f"had the campaign; {sorted(union)}")
            continue
        if record is not None and address_of(record) != address and not closed:
            found[key] = verdict("added excluded", (), "another address by now: never mailed at the old one")
        elif closed == {"DUPLICATE_ADDRESS"}:
            found[key] = verdict("added excluded", (), "one of those who share the address has it")
        else:
            found[key] = _first_of(closed, "exactly the shown people are addressed")
    return found


def _back_with_other_values(key: Key, record: Record, targets: Collection[str], rows: Snapshot, memory: Memory) -> bool:
    contact = rows.contact(address_of(record))
    back = any(key in memory.held.get(each, ()) for each in targets)
    return back and contact is not None and not same_values(contact, record)


def _in_a_book(contact: Contact | None, rows: Snapshot) -> bool:
    books = [each.book for each in rows.lists.values() if each.activated]
    return contact is not None and any(contact.id in rows.book_members.get(book, ()) for book in books)


def _first_of(closed: set[str], otherwise: str) -> Verdict:
    if closed:
        return verdict("excluded", {first(closed)}, f"of {sorted(closed)} the first by the order")
    return verdict("added", (), otherwise)
