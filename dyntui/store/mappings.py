"""Data mappings of an email account, version by version.

Public:
    current(c, account_id) -> MappingVersion       version 0, what is provisioned, where nobody changed anything
    versions(c, account_id) -> [MappingVersion]    the newest first, down to version 0
    version(c, account_id, number) -> MappingVersion | None
    save(c, account_id, mappings, based_on=, by=, now=, why=) -> MappingVersion | None
    feeds(c, account_id) -> {Entity: Feeds}        what a run sends to dotdigital
    drains(c, account_id) -> {Entity: Drains}      what a run brings to Dynamics
    read_columns(c) -> {table: columns}            what the mappings of all accounts read
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from dyntui.model.columns import column_at, read_for
from dyntui.model.drains import Drains, drains_of
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.mapping_versions import MappingVersion
from dyntui.model.payloads import Feeds, feeds_of
from dyntui.model.people import Entity
from dyntui.store import accounts, crm_columns, labels
from dyntui.store.schema import mapping_version

_v = mapping_version.c

FIRST = MappingVersion(version=0, made_by="", made_on="", why="Provisioned", mappings=PROVISIONED)
"""What every email account begins with."""


def current(c: Connection, account_id: str) -> MappingVersion:
    """The mappings that count."""
    asked = select(mapping_version).where(_v.account_id == account_id).order_by(_v.version.desc()).limit(1)
    row = c.execute(asked).one_or_none()
    return FIRST if row is None else _made(row)


def versions(c: Connection, account_id: str) -> list[MappingVersion]:
    """All there have been, the newest first."""
    rows = c.execute(select(mapping_version).where(_v.account_id == account_id).order_by(_v.version.desc()))
    return [*(_made(row) for row in rows), FIRST]


def version(c: Connection, account_id: str, number: int) -> MappingVersion | None:
    """One of them."""
    if number == 0:
        return FIRST
    row = c.execute(select(mapping_version).where(_v.account_id == account_id, _v.version == number)).one_or_none()
    return None if row is None else _made(row)


def save(
    c: Connection,
    account_id: str,
    mappings: Iterable[DataMapping],
    *,
    based_on: int,
    by: str,
    now: str,
    why: str,
) -> MappingVersion | None:
    """A new version, which counts from now on. None, and nothing is changed, where `based_on` is not the current one:
    somebody else has saved another meanwhile."""
    if current(c, account_id).version != based_on:
        return None
    made = MappingVersion(version=based_on + 1, made_by=by, made_on=now, why=why, mappings=tuple(mappings))
    c.execute(insert(mapping_version).values(account_id=account_id, **msgspec.to_builtins(made)))
    return made


def feeds(c: Connection, account_id: str) -> dict[Entity, Feeds]:
    """What feeds the account's data labels, by entity."""
    mappings = current(c, account_id).mappings
    known, columns, hidden = labels.labels(c, account_id), crm_columns.columns(c), crm_columns.hidden(c)
    return {each: feeds_of(each, mappings, known, columns, hidden) for each in Entity}


def read_columns(c: Connection) -> dict[str, tuple[str, ...]]:
    """The columns, by table, that the mappings of any email account read: to feed its labels, and to compare what they
    bring."""
    columns, found = crm_columns.columns(c), set[tuple[str, str]]()
    for account in accounts.accounts(c):
        for each in current(c, account.id).mappings:
            column = column_at(columns, each.entity.value, each.column)
            if column is not None and each.enabled:
                found.update(read_for(column))
    return {table: tuple(sorted(name for of, name in found if of == table)) for table, _ in sorted(found)}


def drains(c: Connection, account_id: str) -> dict[Entity, Drains]:
    """What the account's data labels feed, by entity."""
    mappings = current(c, account_id).mappings
    known, columns, hidden = labels.labels(c, account_id), crm_columns.columns(c), crm_columns.hidden(c)
    return {each: drains_of(each, mappings, known, columns, hidden) for each in Entity}


def _made(row: Row[Any]) -> MappingVersion:
    return msgspec.convert({name: row._mapping[name] for name in MappingVersion.__struct_fields__}, MappingVersion)
