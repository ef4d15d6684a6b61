"""Every row of the store that says something of a person: all tables are looked at, by what their columns are called.

A table that gets a column for a record, an address or a contact is part of it from that moment on.

Public: `known(c, Subject) -> [(table, rows)]`, `subject(c, records=, addresses=) -> Subject`, `ABOUT`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, false, or_, select, tuple_

from dyntui.store.chunks import in_chunks
from dyntui.store.schema import former_address, list_member, metadata

# What columns are called that hold the id of a record, or an address.
RECORDS: Final = ("person_id", "survivor_id", "master_id", "mailed_as")
ADDRESSES: Final = ("address", "sent_address", "entry")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody: their records in Dynamics, their addresses, and their contacts in dotdigital (account id, number)."""

    records: tuple[str, ...]
    addresses: tuple[str, ...]
    contacts: tuple[tuple[str, int], ...] = ()


def _about(table: Table) -> bool:
    columns = table.c
    contact = "account_id" in columns and "contact_id" in columns
    return not table.info.get("derived") and (contact or any(name in columns for name in (*RECORDS, *ADDRESSES)))


# The tables that may say something of a person, by name.
ABOUT: Final = {str(table.name): table for table in metadata.sorted_tables if _about(table)}


def subject(c: Connection, *, records: Collection[str], addresses: Collection[str]) -> Subject:
    """Somebody by the records and addresses that they are known by, with the addresses that their records have or had,
    and their contacts."""
    m, f = list_member.c, former_address.c
    own = set(addresses)
    for some in in_chunks(sorted(records)):
        own.update(c.execute(select(m.address).where(m.person_id.in_(some))).scalars())
        own.update(c.execute(select(f.address).where(f.person_id.in_(some))).scalars())
    found = Subject(records=tuple(sorted(records)), addresses=tuple(sorted(own - {""})))
    contacts: set[tuple[str, int]] = set()
    for table in ABOUT.values():
        if {"account_id", "contact_id"} <= set(table.c.keys()):
            pairs = select(table.c.account_id, table.c.contact_id).where(_theirs(table, found), table.c.contact_id > 0)
            contacts.update((account, number) for account, number in c.execute(pairs.distinct()))
    return msgspec.structs.replace(found, contacts=tuple(sorted(contacts)))


def known(c: Connection, about: Subject) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each table that has some, as they are stored."""
    for name, table in ABOUT.items():
        rows = c.execute(select(table).where(_theirs(table, about)).order_by(*table.primary_key)).mappings()
        if found := [{str(column): value for column, value in row.items()} for row in rows]:
            yield name, found


def _theirs(table: Table, about: Subject) -> ColumnElement[bool]:
    said: list[ColumnElement[bool]] = [false()]
    said += [table.c[name].in_(about.records) for name in RECORDS if name in table.c]
    said += [table.c[name].in_(about.addresses) for name in ADDRESSES if name in table.c]
    if about.contacts and {"account_id", "contact_id"} <= set(table.c.keys()):
        said.append(tuple_(table.c.account_id, table.c.contact_id).in_(about.contacts))
    return or_(*said)
