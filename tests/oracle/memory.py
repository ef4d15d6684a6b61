"""What once was known: opt-outs, which end by evidence only, and who had, was, or stood where.

`learn` is told of the rows at each moment at which the product reads them, `conclude` of the rows after a run. Nothing
else is remembered, and nothing is ever looked up in the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.oracle.addresses import plain, spelled_in
from tests.oracle.precedence import SUPPRESSIONS
from tests.oracle.rows import Key, MarketingList, Record, Snapshot

DYNAMICS = {"DO_NOT_EMAIL", "DO_NOT_BULK_EMAIL"}
BY_WILL = {"SUPPRESSED", "COMPLAINED"}
"""Suppressions by which a person says no, whatever address they take next; the others tell of an address alone."""


@dataclass
class OptOut:
    """A record that said no in Dynamics: how, and every address that it had meanwhile. `set_for`: the suppressed
    addresses for which dyntui wrote the flag itself; empty when somebody else did."""

    reasons: set[str]
    addresses: set[str]
    set_for: set[str] = field(default_factory=set)


@dataclass
class Memory:
    """See the module. Lists are known by id, people by record and by address. `left`: who unsubscribed, by list and
    address, with the contact and the book; `had_on`: every address that members of a list had; `carried`: who is in the
    book through us, with the address; `send_books`: the target lists of the sends that had books of their own.
    `ended`: for which addresses dyntui wrote flags that it is to take back; `read_as`: the address of members when a
    list was read last; `said_as`: addresses that were suppressed when a reading showed that their people had given them
    up; `willed`: the last reason by which people suppressed an address themselves, also where it bounces since; `ever`:
    every address that a record had. With `generous` the last count as well: when a list was read in which a person had
    an address is not always to be told."""

    opt_outs: dict[Key, OptOut] = field(default_factory=dict)
    ended: dict[Key, set[str]] = field(default_factory=dict)
    survivors: dict[Key, Key] = field(default_factory=dict)
    suppressed: dict[str, tuple[str, int]] = field(default_factory=dict)
    willed: dict[str, str] = field(default_factory=dict)
    typed: dict[str, set[str]] = field(default_factory=dict)
    own_rows: set[str] = field(default_factory=set)
    left: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    had_on: dict[str, dict[Key, set[str]]] = field(default_factory=dict)
    carried: dict[str, dict[Key, str]] = field(default_factory=dict)
    held: dict[str, set[Key]] = field(default_factory=dict)
    synced: dict[str, set[Key]] = field(default_factory=dict)
    had: dict[int, set[Key]] = field(default_factory=dict)
    had_at: dict[int, set[str]] = field(default_factory=dict)
    send_books: dict[int, set[str]] = field(default_factory=dict)
    was_off: set[str] = field(default_factory=set)
    read_as: dict[str, dict[Key, str]] = field(default_factory=dict)
    said_as: dict[Key, set[str]] = field(default_factory=dict)
    ever: dict[Key, set[str]] = field(default_factory=dict)
    generous: bool = False

    # -- learning ---------------------------------------------------------------------------------------------------

    def learn(self, rows: Snapshot, *, flags: bool = True) -> None:
        """Takes in what the rows say now: new opt-outs, and the evidence that ends old ones. `flags`: whether the
        product writes `donotbulkemail` before it looks at anybody."""
        self._learn_suppressions(rows)
        self._learn_opt_outs(rows, flags)
        self._learn_list_unsubscribes(rows)
        self.was_off |= {each.id for each in rows.lists.values() if not each.activated}
        for record in rows.records.values():
            self.ever.setdefault(record.key, set()).add(plain(record.typed[0]))
            if record.merged_into:
                self.survivors[record.key] = (record.key[0], record.merged_into)
        for key, known in self.opt_outs.items():
            # "For the address": also for those of the record that it was merged into, whatever that takes later.
            if (survivor := rows.records.get(self.survivor(key))) is not None and survivor.key != key:
                known.addresses |= addresses_of(survivor)

    def _learn_suppressions(self, rows: Snapshot) -> None:
        for row_id, text in rows.suppressions.items():
            if row_id not in self.own_rows:
                self.typed.setdefault(row_id, set()).update(spelled_in(text))
        for contact in rows.contacts.values():
            known = self.suppressed.get(contact.address)
            if contact.status not in ("Subscribed", "PendingOptIn"):
                reason = SUPPRESSIONS.get(contact.status, "UNKNOWN")
                self.suppressed[contact.address] = (reason, contact.id)
                if reason in BY_WILL:
                    self.willed[contact.address] = reason
            elif known is not None and known[1] == contact.id:
                # The platform's resubscribe: the very contact may be mailed again.
                del self.suppressed[contact.address]
                self.willed.pop(contact.address, None)
        # What dyntui wrote itself for a suppression ends with it, where the record is not there to tell.
        for key, known_out in list(self.opt_outs.items()):
            if key not in rows.records and known_out.set_for and not any(map(self.suppression, known_out.set_for)):
                del self.opt_outs[key]

    def _learn_opt_outs(self, rows: Snapshot, flags: bool) -> None:
        for record in rows.records.values():
            said, known = reasons_of(record), self.opt_outs.get(record.key)
            set_for = known.set_for if known and known.set_for else self.ended.get(record.key, set())
            if set_for and "DO_NOT_BULK_EMAIL" in said and not self._causes(record, set_for):
                if addresses_of(record).isdisjoint(set_for):
                    # Whoever has another address by then keeps the flag, as one that somebody else set.
                    set_for = set()
                    self.ended.pop(record.key, None)
                else:
                    # "takes back only those, after the platform's resubscribe": a later run may be the one that does.
                    said.discard("DO_NOT_BULK_EMAIL")
                    self.ended[record.key] = set_for
            else:
                self.ended.pop(record.key, None)
            was_so = known is not None and "DO_NOT_BULK_EMAIL" in known.reasons
            ours = set_for if "DO_NOT_BULK_EMAIL" in said and (was_so or record.key in self.ended) else set()
            if flags and record.key[0] != "account" and (now := self._suppressed_of(record)):
                # "`donotbulkemail` on every contact/lead with the address", before any list is looked at.
                ours = ours | (now if ours or "DO_NOT_BULK_EMAIL" not in said else set())
                said.add("DO_NOT_BULK_EMAIL")
            if not said:
                # Evidence: the record's own flag was taken back.
                self.opt_outs.pop(record.key, None)
                continue
            addresses = addresses_of(record) | (known.addresses if known else set())
            self.opt_outs[record.key] = OptOut(said, addresses, ours)

    def _causes(self, record: Record, set_for: set[str]) -> set[str]:
        return {each for each in set_for if self.suppression(each)} | self._suppressed_of(record)

    def _suppressed_of(self, record: Record) -> set[str]:
        return {each for each in spelled_in(record.typed[0]) if self.suppression(each)}

    def _learn_list_unsubscribes(self, rows: Snapshot) -> None:
        for each in rows.lists.values():
            known = self.left.setdefault(each.id, {})
            for book in {each.book} | {sent for sent, lists in self.send_books.items() if each.id in lists}:
                for number in rows.left.get(book, ()):
                    if number in rows.contacts:
                        known[rows.contacts[number].address] = (number, book)
            for address, (number, book) in list(known.items()):
                if number in rows.contacts and book in rows.books and number not in rows.left.get(book, ()):
                    # The very contact is back on the list.
                    del known[address]
            for key in each.members:
                record = rows.records.get(key)
                if record is not None:
                    self.had_on.setdefault(each.id, {}).setdefault(key, set()).add(plain(record.typed[0]))

    def read(self, lists: Iterable[MarketingList], rows: Snapshot) -> None:
        """These lists are read: who has another address than before had the old one until now."""
        for each in lists:
            earlier = self.read_as.get(each.id, {})
            now = {key: plain(rows.records[key].typed[0]) for key in each.members if key in rows.records}
            for key in earlier.keys() & now.keys():
                if earlier[key] != now[key] and self.will(earlier[key]):
                    self.said_as.setdefault(key, set()).add(earlier[key])
            self.read_as[each.id] = now

    def conclude(self, before: Snapshot, after: Snapshot) -> None:
        """The suppressions that a run wrote into Dynamics are the product's own, and nobody's decision."""
        self.own_rows |= after.suppressions.keys() - before.suppressions.keys()

    # -- asking -----------------------------------------------------------------------------------------------------

    def suppression(self, address: str) -> str:
        """The reason for which an address is suppressed, `""` for none."""
        if address in self.suppressed:
            return self.suppressed[address][0]
        return "SUPPRESSED" if any(address in typed for typed in self.typed.values()) else ""

    def will(self, address: str) -> str:
        """The reason for which the people of an address suppressed it, or somebody did by a row; `""`: nobody did."""
        typed = any(address in each for each in self.typed.values())
        return self.willed.get(address) or ("SUPPRESSED" if typed else "")

    def said_before(self, key: Key) -> set[str]:
        """The reasons for which a person was suppressed at an address that they had."""
        family = self.merged_into(key)
        known = [self.said_as, self.ever] if self.generous else [self.said_as]
        return {self.will(at) for some in known for each in family for at in some.get(each, ())} - {""}

    def of_the_gone(self, key: Key, rows: Snapshot) -> list[set[str]]:
        """What may be remembered of a record that does not exist any more, each a right answer: what Dynamics said of
        it; with what it said itself in dotdigital, at an address that lists may have been read with."""
        in_dynamics = self.dynamics(key, "", rows)
        had = set().union(*(self.ever.get(each, set()) for each in self.merged_into(key)))
        return [in_dynamics, in_dynamics | ({self.will(at) for at in had} - {""})]

    def dynamics(self, key: Key, address: str, rows: Snapshot) -> set[str]:
        """What Dynamics says against mailing a record at an address: its own word, that of a record merged into it, and
        that of every record that has or had the address, the survivors of merges with all of theirs."""
        family = self.merged_into(key)
        found: set[str] = set()
        for other, known in self.opt_outs.items():
            survivor = rows.records.get(self.survivor(other))
            whole = known.addresses | (addresses_of(survivor) if survivor else set())
            if other in family or address in whole:
                found |= known.reasons
        return found

    def survivor(self, key: Key) -> Key:
        """The record that a record was merged into, through several merges; itself when it was not."""
        seen = {key}
        while (following := self.survivors.get(key)) is not None and following not in seen:
            key = following
            seen.add(key)
        return key

    def merged_into(self, key: Key) -> set[Key]:
        """A record with every one that was merged into it."""
        return {key} | {each for each in self.survivors if self.survivor(each) == self.survivor(key)}

    def unsubscribed(self, list_id: str, key: Key, address: str) -> bool:
        """Whether somebody unsubscribed from a list, with this address or as this person with another one."""
        had = self.had_on.get(list_id, {})
        addresses = {address}.union(*(had.get(each, set()) for each in self.merged_into(key)))
        return not addresses.isdisjoint(self.left.get(list_id, {}))

    def had_campaign(self, campaign: int, key: Key) -> bool:
        """Whether a person had a campaign as this record or as one that was merged into it, under any address."""
        return not self.merged_into(key).isdisjoint(self.had.get(campaign, set()))


def reasons_of(record: Record) -> set[str]:
    """What a record's own columns say."""
    found = {"DO_NOT_EMAIL"} if record.no_email else set()
    return found | ({"DO_NOT_BULK_EMAIL"} if record.no_bulk else set())


def addresses_of(record: Record) -> set[str]:
    """All addresses that a record's three columns hold, generously read."""
    return {address for text in record.typed for address in spelled_in(text)}
