"""The raw rows of both systems at one moment, as they stand in the sandbox's database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

Select = Callable[[str], Iterable[tuple[Any, ...]]]
"""Answers a query of the sandbox's database."""

PEOPLE = ("contact", "lead", "account")
KINDS = {1: "account", 2: "contact", 4: "lead"}
"""Member types of a list by `createdfromcode`."""

IGNORE, REMOVE, KNOWN, LEADS, CONTACTS = range(727000000, 727000005)
"""The membership actions, as the list's row has them."""

OPT_INS = ("unknown", "single", "double", "verifieddouble")
"""Opt-in types from the weakest on; on a record 727000000 and so on."""

Key = tuple[str, str]
"""A record: its table and its id."""


@dataclass(frozen=True)
class Record:
    """A contact, lead or account. `state`: `statecode`; `typed`: the texts of its three address columns."""

    key: Key
    names: dict[str, str]
    typed: tuple[str, str, str]
    no_email: bool
    no_bulk: bool
    state: int
    merged_into: str
    merged: bool
    created: str
    columns: dict[str, Any] = field(compare=False)
    opt_in: int = 0


@dataclass(frozen=True)
class MarketingList:
    """A list; `members` as rows say, (table, id); for a dynamic one whom its query finds. `removes`: strangers leave
    its book, by its membership action or because it is dynamic. `action`: its membership action; `opt_in`: the
    weakest opt-in type that its subscription filter lets pass."""

    id: str
    name: str
    kind: str
    dynamic: bool
    active: bool
    activated: bool
    book: int
    members: tuple[Key, ...]
    removes: bool
    action: int = IGNORE
    opt_in: int = 0


@dataclass(frozen=True)
class Contact:
    """A contact of dotdigital. `opt_in`: the place of its opt-in type in `OPT_INS`."""

    id: int
    address: str
    status: str
    data: dict[str, Any]
    opt_in: int = 0


@dataclass(frozen=True)
class Snapshot:
    """Everything that counts. `typed_suppressions`: text by row id; `book_members` and `left` (who unsubscribed from
    it): contact ids by book; `mails`: (campaign, address) of everything sent; `blocked`: the vendor's own patterns."""

    records: dict[Key, Record]
    lists: dict[str, MarketingList]
    suppressions: dict[str, str]
    contacts: dict[int, Contact]
    books: dict[int, str]
    book_members: dict[int, frozenset[int]]
    left: dict[int, frozenset[int]]
    mails: tuple[tuple[int, str], ...]
    blocked: dict[str, str]

    def contact(self, address: str) -> Contact | None:
        """The contact with an address."""
        return next((each for each in self.contacts.values() if each.address == address), None)

    def in_book(self, book: int) -> set[str]:
        """The addresses in a book."""
        return {self.contacts[each].address for each in self.book_members.get(book, ()) if each in self.contacts}


def snapshot(select: Select) -> Snapshot:
    """Reads everything."""
    records = {each.key: each for table in PEOPLE for each in _records(select, table)}
    return Snapshot(
        records=records,
        lists={each.id: each for each in _lists(select, records)},
        suppressions=_suppressions(select),
        contacts={
            number: Contact(number, address, status, json.loads(data), OPT_INS.index(opt_in.lower()))
            for number, address, status, data, opt_in in select(
                "SELECT id, email, status, data, opt_in FROM dd_contact WHERE email IS NOT NULL"
            )
        },
        books=dict(select("SELECT id, name FROM dd_book WHERE kind = 'book'")),  # type: ignore[arg-type]
        book_members=_sets(select("SELECT book_id, contact_id FROM dd_member")),
        left=_sets(select("SELECT book_id, contact_id FROM dd_list_suppression")),
        mails=tuple((campaign, address) for campaign, address in select("SELECT campaign_id, address FROM dd_mail")),
        blocked=dict(select("SELECT pattern, kind FROM dd_vendor_block")),  # type: ignore[arg-type]
    )


def _sets(rows: Iterable[tuple[Any, ...]]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for one, other in rows:
        found.setdefault(one, set()).add(other)
    return {one: frozenset(others) for one, others in found.items()}


def _records(select: Select, table: str) -> Iterable[Record]:
    name = "name" if table == "account" else "fullname"
    person = "NULL, NULL, NULL" if table == "account" else "firstname, lastname, jobtitle"
    columns = {name for _, name, *_ in select(f"PRAGMA table_info(dv_{table})")}
    opt_in = "dyntui_optintype" if "dyntui_optintype" in columns else "NULL"
    for row in select(
        f"SELECT {table}id, {name}, {person}, emailaddress1, emailaddress2, emailaddress3, donotemail,"
        f" donotbulkemail, statecode, masterid, merged, createdon, {opt_in} FROM dv_{table}"
    ):
        row_id, full, first, last, job, one, two, three, no_email, no_bulk, state, master, merged, created, opted = row
        yield Record(
            key=(table, row_id),
            names={"FIRSTNAME": first or "", "LASTNAME": last or "", "FULLNAME": full or ""},
            typed=(one or "", two or "", three or ""),
            no_email=bool(no_email),
            no_bulk=bool(no_bulk),
            state=state,
            merged_into=master or "",
            merged=bool(merged),
            created=created,
            columns={"jobtitle": job, "statecode": state, "emailaddress1": one},
            opt_in=(opted or 727000000) - 727000000,
        )


def _lists(select: Select, records: dict[Key, Record]) -> Iterable[MarketingList]:
    members: dict[str, list[Key]] = {}
    for list_id, table, person in select("SELECT listid, entityidtype, entityid FROM dv_listmember"):
        members.setdefault(list_id, []).append((table, person))
    columns = {name for _, name, *_ in select("PRAGMA table_info(dv_list)")}
    own = "dyntui_activated, dyntui_bookid, dyntui_membershipaction, dyntui_subscriptionfilter"
    extra = own if "dyntui_activated" in columns else "0, 0, NULL, NULL"
    for list_id, name, kind, dynamic, query, state, activated, book, action, asked in select(
        f"SELECT listid, listname, createdfromcode, type, query, statecode, {extra} FROM dv_list"
    ):
        found = _found_by(query, records) if dynamic else members.get(list_id, [])
        yield MarketingList(
            id=list_id,
            name=name,
            kind=KINDS[kind],
            dynamic=bool(dynamic),
            active=state == 0,
            activated=bool(activated),
            book=book or 0,
            members=tuple(sorted(found)),
            removes=bool(dynamic) or action == REMOVE,
            action=REMOVE if dynamic else action or IGNORE,
            opt_in=next((n for n, each in enumerate(OPT_INS) if f"opt-in:{each}" in (asked or "").split(",")), 0),
        )


def _found_by(query: str, records: dict[Key, Record]) -> list[Key]:
    """Whom the query of a dynamic list finds, as far as it is made of `eq` and `not-null`; else nobody."""
    entity = ElementTree.fromstring(query)[0]
    table, found = entity.get("name", ""), []
    conditions = [(each.get("attribute"), each.get("operator"), each.get("value")) for each in entity.iter("condition")]
    for record in records.values():
        if record.key[0] == table and all(_holds(record, *each) for each in conditions):
            found.append(record.key)
    return found


def _holds(record: Record, column: str | None, operator: str | None, value: str | None) -> bool:
    known = record.columns.get(column or "")
    if operator == "not-null":
        return known is not None
    return operator == "eq" and known is not None and str(known) == value


def _suppressions(select: Select) -> dict[str, str]:
    there = list(select("SELECT 1 FROM sqlite_master WHERE name = 'dv_dyntui_suppression'"))
    if not there:
        return {}
    rows = select("SELECT dyntui_suppressionid, dyntui_address FROM dv_dyntui_suppression WHERE statecode = 0")
    return {row_id: text or "" for row_id, text in rows}
