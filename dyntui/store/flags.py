"""Which records' `donotbulkemail` dyntui itself has set: those alone it may take back.

Public: `remember(c, rows, now)`, `of_addresses(c, addresses) -> list[FlagSet]`, `forget(c, person_ids)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, exists, select

from dyntui.store.chunks import in_chunks
from dyntui.store.schema import flag_set, suppression
from dyntui.store.upserts import upsert

_f = flag_set.c


class FlagSet(msgspec.Struct, frozen=True):
    """A record whose flag was set, and the suppressed address that it was set for."""

    entity: str
    person_id: str
    address: str


def remember(c: Connection, rows: Iterable[FlagSet], now: str) -> None:
    """These flags were not set, and dyntui has set them."""
    upsert(
        c,
        flag_set,
        ("person_id", "entity", "address", "set_on"),
        ("person_id",),
        ((row.person_id, row.entity, row.address, now) for row in rows),
    )


def of_addresses(c: Connection, addresses: Sequence[str]) -> list[FlagSet]:
    """The flags that were set for these addresses, as far as no account suppresses them any more."""
    found: list[FlagSet] = []
    for some in in_chunks(addresses):
        rows = c.execute(
            select(_f.entity, _f.person_id, _f.address).where(
                _f.address.in_(some),
                ~exists().where(suppression.c.address == _f.address),
            )
        )
        found += [FlagSet(*row) for row in rows]
    return found


def forget(c: Connection, person_ids: Sequence[str]) -> None:
    """These flags are not dyntui's any more."""
    for some in in_chunks(person_ids):
        c.execute(delete(flag_set).where(_f.person_id.in_(some)))
