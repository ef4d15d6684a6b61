"""Rows of dotdigital's feeds that name a contact but no address, or neither: nearly everything in them may be null.

Whom such a row means is asked of dotdigital by the contact's id, and of earlier synchronisations. What stays without an
address is an odd row, named until it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.suppressions import Suppression
from dyntui.model.mentioned import addresses_in, shown
from dyntui.store import members, odd_rows
from dyntui.store.odd_rows import OddRow

T = TypeVar("T")


class Store(Protocol):
    """What reads and changes the store: a run, or the service itself."""

    async def read(self, work: Callable[[Connection], T], /) -> T:
        """Ask the store."""

    async def write(self, work: Callable[[Connection], T], /) -> T:
        """Change it."""

    def now(self) -> str:
        """Now, as it writes it."""


async def named(
    store: Store, dd: Dotdigital, account_id: str, rows: Sequence[Suppression]
) -> list[tuple[str, Suppression]]:
    """(address, row) for every address that a row of an account names, or that is known of its contact. A row with
    neither is not in it."""
    found = [(address, row) for row in rows for address in row.addresses]
    known = await _addresses_of(
        store, dd, account_id, [row.contact_id for row in rows if not row.addresses and row.contact_id]
    )
    found += [(address, row) for row in rows if not row.addresses for address in known.get(row.contact_id, ())]
    return found


async def _addresses_of(
    store: Store, dd: Dotdigital, account_id: str, contact_ids: Sequence[int]
) -> dict[int, list[str]]:
    ids = sorted(set(contact_ids))
    if not ids:
        return {}
    found: dict[int, set[str]] = {each: set() for each in ids}
    for contact in (await contacts.retrieve_contacts(dd, ids=ids, takes_odd=True)).contacts:
        found.setdefault(contact.id, set()).update(addresses_in(contact.email))
    for contact_id, address in await store.read(lambda c: members.addresses_of_contacts(c, account_id, ids)):
        found[contact_id].add(address)
    return {contact_id: sorted(addresses) for contact_id, addresses in found.items()}


def odd(rows: Sequence[Suppression], found: Sequence[tuple[str, Suppression]]) -> list[OddRow]:
    """Those of the rows for which no address was found, as they were received."""
    understood = {id(row) for _, row in found}
    return [_odd(row) for row in rows if id(row) not in understood]


def _odd(row: Suppression) -> OddRow:
    who = f"contact {row.contact_id}" if row.contact_id else "no contact"
    when = str(row.date_removed or "no date")
    said = f"{shown(row.reason) or 'no reason'}, {shown(when)}, {who}, address {shown(row.named) or 'empty'}"
    return OddRow(key=f"{row.contact_id}/{shown(row.reason)}/{shown(when)}", shown=said)


async def keep(store: Store, source: str, account_id: str, rows: Sequence[OddRow], *, whole: bool) -> None:
    """Keeps the odd rows of a source. After a reading of all of it (`whole`) those not among them are mended."""
    if rows or whole:
        await store.write(lambda c: odd_rows.put(c, source, account_id, rows, store.now(), whole=whole))
