"""Compares what the product says, and what it did, with what the oracle reckons, and tells it as a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dyntui.model.outcomes import PersonOutcome
from tests.oracle import judging, synchronising
from tests.oracle.addresses import spelled_in
from tests.oracle.judging import IN, Verdict, address_of
from tests.oracle.memory import Memory
from tests.oracle.rows import PEOPLE, Key, MarketingList, Snapshot

LIVE = ("Subscribed", "PendingOptIn")


@dataclass(frozen=True)
class Disagreement:
    """`kind` groups what has one cause, more or less; `story` is for people."""

    kind: str
    story: str


@dataclass
class Comparison:
    """Collects in `found`; `symbols` names records and lists as the history does. `only`: the kinds of disagreement
    that count; empty: all."""

    memory: Memory
    only: frozenset[str] = frozenset()
    symbols: dict[Key, str] = field(default_factory=dict)
    found: list[Disagreement] = field(default_factory=list)
    persons: int = 0
    carried_over: set[str] = field(default_factory=set)

    def disagree(self, kind: str, story: str) -> None:
        if not self.only or kind in self.only:
            self.found.append(Disagreement(kind, story))

    def people(
        self, step: str, where: str, expected: Mapping[Key, Verdict], said: Iterable[PersonOutcome], rows: Snapshot
    ) -> None:
        """Everybody, one by one: exactly one outcome each, and the right one."""
        by_key: dict[Key, PersonOutcome] = {}
        for person in said:
            key = (person.entity, person.person)
            if key in by_key:
                self.disagree(f"{step}: two outcomes", f"{where}: {self.who(key, rows)}")
            by_key[key] = person
        self.persons += len(expected)
        for key, verdict in expected.items():
            person = by_key.get(key)
            outcome, reason = (str(person.outcome), person.reason) if person else (None, "")
            if person and outcome in IN and not verdict.also <= set(person.also):
                self.disagree(f"{step}: also lacks {sorted(verdict.also)}", f"{where}: {self.who(key, rows)}: {person}")
            if not verdict.allows(outcome, reason):
                right = f"{'/'.join(sorted(verdict.outcomes))} {'/'.join(sorted(verdict.reasons))}".strip()
                self.disagree(
                    f"{step}: {outcome} {reason} | right: {right}",
                    f"{where}: {self.who(key, rows)}\n     oracle: {right} ({verdict.why})\n     product: {person}",
                )
        for key, person in by_key.items():
            # Strangers in a book are nobody's record.
            if key not in expected and person.entity in PEOPLE:
                what = f"{step}: unexpected {person.outcome} {person.reason}"
                self.disagree(what, f"{where}: {self.who(key, rows)}: {person}")

    def book(self, on: MarketingList, expected: Mapping[Key, Verdict], before: Snapshot, after: Snapshot) -> None:
        """The book of a list after a run: who belongs into it is there, with the right values, and nobody closed."""
        inside = after.in_book(on.book)
        for address, reason in synchronising.must_not_be_in(on, after, self.memory).items():
            self.disagree(f"book keeps a closed address {reason}", f"{address} is in the book of {on.name}")
        for address in synchronising.strangers_left(on, before, after, self.memory):
            self.disagree("a stranger stays", f"{address} is in the book of {on.name}")
        for key, verdict in expected.items():
            if verdict.outcomes <= IN:
                record = before.records[key]
                contact = after.contact(address_of(record))
                if address_of(record) not in inside:
                    self.disagree("book lacks a member", f"{self.who(key, before)} is not in the book of {on.name}")
                elif contact is None or (key[0] != "account" and not judging.same_values(contact, record)):
                    self.disagree("values are not the winner's", f"{self.who(key, before)}: {contact}")
        if after.books.get(on.book, "").lower() != on.name.lower():
            self.disagree("rename does not follow", f"{on.name} has the book {after.books.get(on.book)}")

    def flags(self, before: Snapshot, after: Snapshot) -> None:
        """`donotbulkemail` in Dynamics after a run of suppressions."""
        flagged = synchronising.must_be_flagged(after, self.memory)
        for key, address in flagged.items():
            if not after.records[key].no_bulk:
                self.disagree("flag missing", f"{self.who(key, after)}: {address} is suppressed")
        for key, record in after.records.items():
            earlier = before.records.get(key)
            known = self.memory.opt_outs.get(key)
            right = known is not None and "DO_NOT_BULK_EMAIL" in known.reasons
            if earlier and record.no_bulk and not earlier.no_bulk and not right:
                self.disagree("flag set for nothing", self.who(key, after))
            if earlier and earlier.no_bulk and not record.no_bulk and right:
                self.disagree("flag wrongly taken back", self.who(key, after))
            if earlier and earlier.no_bulk and record.no_bulk and not right:
                self.disagree("flag not taken back after a resubscribe", self.who(key, after))

    def opt_in_types(self, before: Snapshot, after: Snapshot) -> None:
        """Contacts and leads have the stronger of their own opt-in type and that of the contact with their address:
        "Unknown < Single < Double < VerifiedDouble -> contact/lead column; never lowered". Who was asked to confirm and
        has not yet has agreed to nothing."""
        for key, record in before.records.items():
            if key[0] == "account":
                continue
            contact, now = before.contact(address_of(record)), after.records[key].opt_in
            agreed = contact.opt_in if contact and contact.status != "PendingOptIn" else 0
            right = max(record.opt_in, agreed)
            # Whether a record that is used no more is told of it is not said.
            if now != right and not (record.state != 0 and now == record.opt_in):
                said = f"{now}, right: {right} (was {record.opt_in}, {contact})"
                self.disagree("opt-in type", f"{self.who(key, before)} has {said}")

    def odd_rows(self, before: Snapshot, said: Iterable[PersonOutcome]) -> None:
        """A row from which no address can be got "is named (ODD_ROW), never passed over"."""
        named = [person for person in said if person.reason == "ODD_ROW"]
        shown = {part for person in named for part in (person.person, person.address, person.detail, person.name)}
        for row_id, text in before.suppressions.items():
            if not spelled_in(text) and not any(row_id in part or text in part for part in shown):
                self.disagree("odd row not named", f"{text!r}: {named}")

    def suppressions(self, before: Snapshot, after: Snapshot) -> None:
        """Rows typed in Dynamics reach dotdigital; what dotdigital suppresses has a row in Dynamics."""
        for row_id, text in before.suppressions.items():
            new = row_id not in self.memory.own_rows and row_id not in self.carried_over
            self.carried_over.add(row_id)
            for address in spelled_in(text) if new else ():
                contact = after.contact(address)
                if before.contact(address) and contact and contact.status in LIVE:
                    self.disagree("typed suppression not carried over", f"{text!r}: {contact}")
        rows = {address for text in after.suppressions.values() for address in spelled_in(text)}
        for contact in after.contacts.values():
            if contact.status not in LIVE and contact.address not in rows:
                self.disagree("suppression without a row", str(contact))

    def mails(
        self, campaign: int, expected: Mapping[Key, Verdict], at_count: Snapshot, before: Snapshot, after: Snapshot
    ) -> set[str]:
        """Who was mailed by a send, by the sandbox's own book-keeping; answers their addresses."""
        new = Counter(after.mails) - Counter(before.mails)
        for mail in new:
            if after.mails.count(mail) > 1 and mail[0] == campaign:
                self.disagree("MAILED TWICE", f"{mail[1]} has campaign {campaign}")
        allowed, due = set(), set()
        for key, each in expected.items():
            if "added" in each.outcomes:
                allowed.add(address_of(at_count.records[key]))
                if key in before.records:
                    allowed.add(address_of(before.records[key]))
            if each.outcomes == {"added"}:
                due.add(address_of(at_count.records[key]))
        mailed = {address for _, address in new}
        for address in sorted(mailed - allowed):
            self.disagree("WRONGLY MAILED", address)
        for address in sorted(due - mailed):
            self.disagree("not mailed", address)
        return mailed

    def who(self, key: Key, rows: Snapshot) -> str:
        """A person with the raw facts."""
        symbol, record = self.symbols.get(key, "?"), rows.records.get(key)
        on = [each.name for each in rows.lists.values() if key in each.members]
        if record is None:
            return f"{symbol} {key} (no record) on {on}"
        address = address_of(record)
        contact = rows.contact(address)
        facts = {
            "typed": record.typed,
            "donotemail": record.no_email,
            "donotbulkemail": record.no_bulk,
            "state": record.state,
            "merged into": self.symbols.get((key[0], record.merged_into), record.merged_into),
            "created": record.created,
            "on": on,
            "contact": contact and f"{contact.id} {contact.status}",
            "in the books of": [
                each.name for each in rows.lists.values() if each.book and address in rows.in_book(each.book)
            ],
            "known suppression": self.memory.suppression(address),
            "known opt-outs": sorted(self.memory.dynamics(key, address, rows)),
            "winner": self.symbols.get(judging.winners(rows, self.memory).get(address, ("", ""))),
        }
        return f"{symbol} {key}\n     facts: " + ", ".join(f"{name} {value}" for name, value in facts.items() if value)
