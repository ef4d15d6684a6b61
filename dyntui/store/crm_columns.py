"""Columns of Dynamics tables, as described when they were last read.

Public:
    columns(c) -> Columns                          what is known, and those of the provisioned mappings before that
    replace(c, entity, columns, now) -> Replaced   a table was read
    read_on(c) -> {entity: when}
    hidden(c) -> {"contact.jobtitle"}; put_hidden(c, names)        by column security, from the service
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, String, cast, delete, func, insert, select

from dyntui.model import exact_json
from dyntui.model.columns import Column, by_name
from dyntui.model.people import Entity
from dyntui.store import watermarks
from dyntui.store.schema import crm_column

_c = crm_column.c

# What Dynamics says of the provisioned mappings' columns in every organisation: they are mapped before the first
# reading (reference/dataverse_api.md section 7.6).
_NAMES = (("firstname", 50, True), ("lastname", 50, True), ("fullname", 160, False))
STANDARD = by_name(
    [
        *(
            Column(entity=entity, logical_name=name, type="String", label=name, max_length=length, writable=writable)
            for entity in (Entity.CONTACT.value, Entity.LEAD.value)
            for name, length, writable in _NAMES
        ),
        Column(entity=Entity.ACCOUNT.value, logical_name="name", type="String", label="name", max_length=160),
    ]
)


class Replaced(msgspec.Struct, frozen=True):
    """What a new reading of a table has changed, by logical names in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    unchanged: int


def columns(c: Connection) -> dict[tuple[str, str], Column]:
    """Everything that is known, by table and logical name. A table that was never read has the columns of the
    provisioned mappings."""
    found = [_column(each) for each in c.execute(select(cast(_c.definition, String))).scalars()]
    read = {each.entity for each in found}
    return {key: each for key, each in STANDARD.items() if key[0] not in read} | by_name(found)


@functools.lru_cache(maxsize=8192)
def _column(definition: str) -> Column:
    """A column as it is stored: every run asks for those of its mappings, and a table has hundreds."""
    return msgspec.convert(exact_json.decode(definition), Column)


def of_table(c: Connection, entity: str) -> list[Column]:
    """The columns of one table, by label."""
    found = [each for (table, _), each in columns(c).items() if table == entity]
    return sorted(found, key=lambda each: (each.label.casefold(), each.logical_name))


def replace(c: Connection, entity: str, found: Iterable[Column], now: str) -> Replaced:
    """A table was read: what it has now takes the place of what was known."""
    before = {
        each.logical_name: each
        for each in (
            msgspec.convert(row, Column)
            for row in c.execute(select(_c.definition).where(_c.entity == entity)).scalars()
        )
    }
    after = {each.logical_name: each for each in found}
    c.execute(delete(crm_column).where(_c.entity == entity))
    rows = [
        {"entity": entity, "logical_name": name, "definition": msgspec.to_builtins(each), "read_on": now}
        for name, each in after.items()
    ]
    if rows:
        c.execute(insert(crm_column), rows)
    changed = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    return Replaced(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(changed),
        gone=tuple(sorted(before.keys() - after.keys())),
        unchanged=len(before.keys() & after.keys()) - len(changed),
    )


def read_on(c: Connection) -> dict[str, str]:
    """When each table was read last, by its logical name; a table that never was is missing."""
    latest = select(_c.entity, func.max(_c.read_on).label("read_on")).group_by(_c.entity)
    return {row.entity: row.read_on for row in c.execute(latest)}


_HIDDEN = "columns hidden from the service"


def hidden(c: Connection) -> frozenset[str]:
    """The columns (table and logical name) of people's tables, and of others that are mapped, that read as empty for
    the service, and `hidden_rows` of tables of which it does not see all, as found when it was asked last."""
    return frozenset(watermarks.get(c, "", _HIDDEN).split())


def put_hidden(c: Connection, names: Iterable[str]) -> None:
    """These are hidden, and nothing else of their tables."""
    watermarks.put(c, "", _HIDDEN, " ".join(sorted(names)))
