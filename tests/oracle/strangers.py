"""What becomes of strangers: contacts of a list's book that are not on the list, by the list's membership action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.oracle.judging import Verdict, address_of, consent_reasons, verdict
from tests.oracle.memory import Memory
from tests.oracle.precedence import first
from tests.oracle.rows import CONTACTS, IGNORE, KNOWN, LEADS, REMOVE, Key, MarketingList, Snapshot
from tests.oracle.synchronising import THRESHOLD, strangers_of

CREATES = {LEADS: "lead", CONTACTS: "contact"}


@dataclass(frozen=True)
class Stranger:
    """`verdict`: the outcome; `joins`: the record that joins the list; `made`: a new one does; `open`: whether it joins
    is not to be told."""

    verdict: Verdict
    joins: Key | None = None
    made: bool = False
    open: bool = False


def strangers(on: MarketingList, rows: Snapshot, memory: Memory) -> dict[str, Stranger]:
    """Everybody in the book who is not on the list, by address; `rows` as they were before the run, `memory` having
    learnt them."""
    there = strangers_of(on, rows, memory)
    return {address: _one(address, on, rows, memory, len(there)) for address in sorted(there)}


def _one(address: str, on: MarketingList, rows: Snapshot, memory: Memory, several: int) -> Stranger:
    contact = rows.contact(address)
    closed = _said_no(address, on, rows, memory)
    if closed:
        # Who is suppressed leaves the books with that, and may not be found there any more.
        return Stranger(verdict("excluded", closed, "consent stands before any action", absent=True))
    if on.action == IGNORE:
        return Stranger(verdict("unchanged", (), "strangers stay", absent=True))
    if on.action == REMOVE:
        held = on.id in memory.was_off or not on.members or several > THRESHOLD
        return Stranger(verdict("removed held" if held else "removed", (), "strangers leave the book"))
    if contact is not None and contact.status == "PendingOptIn":
        return Stranger(verdict("excluded", {"PENDING_OPT_IN"}, "not confirmed"))
    matching = [
        record for record in rows.records.values() if record.key[0] == on.kind and address_of(record) == address
    ]
    active = [record for record in matching if record.state == 0 and not record.merged]
    spelled = any(record.typed[0].lower() != address for record in active)
    no = [each for each in active if _record_said_no(each.key, on, rows, memory)]
    if no:
        why = "a record with the address said no"
        return Stranger(verdict("excluded", (), why, absent=True), open=spelled)
    if len(active) > 1:
        return Stranger(verdict("rejected", {"AMBIGUOUS_MATCH"}, "several match"), open=spelled)
    if active:
        return Stranger(verdict("added", (), "one record has the address"), joins=active[0].key, open=spelled)
    if CREATES.get(on.action) == on.kind and _had(address, on, rows, memory):
        # Whether a list was read while they had it is not always to be told.
        return Stranger(verdict("added excluded", (), "an active record has had the address"), open=True)
    if CREATES.get(on.action) == on.kind:
        return Stranger(verdict("added", (), "nobody has the address: a record is made"), made=True)
    return Stranger(verdict("excluded", {"UNKNOWN_PERSON"}, "nobody has the address, and none is made"))


def _said_no(address: str, on: MarketingList, rows: Snapshot, memory: Memory) -> set[str]:
    reasons = memory.dynamics(("", ""), address, rows)
    if suppression := memory.suppression(address):
        reasons.add(suppression)
    if memory.unsubscribed(on.id, ("", ""), address):
        reasons.add("UNSUBSCRIBED_LIST")
    return {first(reasons)} if reasons else set()


def _had(address: str, on: MarketingList, rows: Snapshot, memory: Memory) -> bool:
    owners = {memory.survivor(key) for key, had in memory.ever.items() if address in had}
    found = (rows.records.get(key) for key in owners if key[0] == on.kind)
    return any(each is not None and each.state == 0 and not each.merged for each in found)


def _record_said_no(key: Key, on: MarketingList, rows: Snapshot, memory: Memory) -> bool:
    generous = replace(memory, generous=True)
    return bool(consent_reasons(key, on.id, rows, memory) or consent_reasons(key, on.id, rows, generous))


def with_joined(rows: Snapshot, after: Snapshot, found: Mapping[str, Mapping[str, Stranger]]) -> Snapshot:
    """`rows` as they are once the strangers (by list) have joined, as far as the rows of afterwards show it."""
    lists, records = dict(rows.lists), dict(rows.records)
    for list_id, several in found.items():
        now = after.lists.get(list_id)
        if now is None or not any(each.joins or each.made or each.open for each in several.values()):
            continue
        fresh = set(now.members) - set(rows.lists[list_id].members)
        records |= {key: after.records[key] for key in fresh if key not in records and key in after.records}
        lists[list_id] = replace(rows.lists[list_id], members=tuple(sorted({*rows.lists[list_id].members, *fresh})))
    return replace(rows, lists=lists, records=records)


def wrong(
    on: MarketingList, found: Mapping[str, Stranger], before: Snapshot, after: Snapshot
) -> Iterable[tuple[str, str]]:
    """What is not as it should be with who joined the list: kinds and stories."""
    now = after.lists[on.id]
    fresh = {key for key in now.members if key not in on.members}
    at = {key: address_of(after.records[key]) for key in fresh if key in after.records}
    for key, address in at.items():
        each = found.get(address)
        if each is None or not (each.joins or each.made or each.open):
            yield "somebody joined who must not", f"{key} {address} is on {on.name}: {each}"
        elif each.made and key in before.records:
            yield "a known record joined for a new one", f"{key} {address}"
        elif each.joins and not each.open and key != each.joins:
            yield "another record joined", f"{key} {address}, not {each.joins}"
    for address, each in found.items():
        if (each.joins or each.made) and not each.open and list(at.values()).count(address) != 1:
            yield "a stranger did not join once", f"{address} on {on.name}: {each}, {at}"


__all__ = ["KNOWN", "Stranger", "strangers", "with_joined", "wrong"]
