"""The records of Dynamics that have one of some addresses, however somebody spelt them there.

Dynamics compares text as its database does: capitals and small letters are mostly the same, blanks at the end never
count, anything in front of an address always does (dataverse_api.md 4.1 and 13). Whoever is missed for that would be
made a second time, or keep a flag that dotdigital has taken from them.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import text
from dyntui.dataverse.rows import Page
from dyntui.model.mentioned import addresses_in
from dyntui.model.people import normalise
from dyntui.store import watermarks

T = TypeVar("T")
R = TypeVar("R")

_COLLATION, _IGNORES_CASE = "collation", "ignores case"
# White space in front of an address is the one difference that every comparison of Dynamics sees.
_LEADING = " \t\r\n\v\f\u00a0\u2002\u2003\u2009\u202f\u3000\u200b\ufeff<\"'"


class Store(Protocol):
    """Where it is kept how this organisation compares text."""

    async def read(self, what: Callable[[Connection], R], /) -> R: ...

    async def write(self, what: Callable[[Connection], R], /) -> R: ...


async def pages_having(
    store: Store,
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    addresses: Sequence[str],
    address_of: Callable[[T], str | None],
    *,
    column: str = "emailaddress1",
    select: Sequence[str] | None = None,
    filter: str | None = None,
    orderby: Sequence[str] = (),
    expand: str | None = None,
    annotations: str | None = None,
    caller: str | None = None,
) -> AsyncIterator[Sequence[T]]:
    """Rows whose `column` holds one of the (normalised) addresses, each row once. `address_of` says what it holds.

    As few queries as `pages_where_any` makes; where the organisation tells capitals from small letters, one that reads
    everybody with an address. Raises DataverseError.
    """
    if not addresses:
        return
    wanted = frozenset(addresses)
    otherwise = await spelt_otherwise(store, dv, column)
    pages: Callable[..., AsyncIterator[Page[T]]]
    if otherwise == everybody(column):
        everyone = f"{otherwise} and ({filter})" if filter else otherwise
        pages = functools.partial(dv_rows.pages, dv, entity_set, row_type, filter=everyone)
    else:
        named = functools.partial(dv_rows.pages_where_any, dv, entity_set, row_type, column, sorted(wanted))
        pages = functools.partial(named, besides=otherwise, filter=filter)
    async for page in pages(select=select, orderby=orderby, expand=expand, annotations=annotations, caller=caller):
        yield [each for each in page.rows if normalise(address_of(each)) in wanted]


async def spelt_otherwise(store: Store, dv: Dataverse, column: str = "emailaddress1") -> str:
    """The condition for records that equality with a normalised address may not find: those with something in front of
    the address, and all (`everybody`) where this organisation's database tells capitals from small letters."""
    if not await _compares_alike(store, dv):
        return everybody(column)
    return " or ".join(f"startswith({column},{text(each)})" for each in _LEADING)


async def mentioning(store: Store, dv: Dataverse, address: str, column: str = "emailaddress1") -> str:
    """The condition for all whose text may mention an address, whatever stands around it and in place of its `@`: what
    of consent is to be read generously. `addresses_in` of what is found tells who does."""
    if not await _compares_alike(store, dv):
        return everybody(column)
    spellings = addresses_in(address) or (address,)
    conditions: dict[str, None] = {}
    for each in spellings:
        name, _, domain = each.partition("@")
        parts = (name, domain.partition(".")[0])
        conditions[" and ".join(f"contains({column},{text(part)})" for part in parts if part)] = None
    return " or ".join(f"({each})" for each in conditions)


async def _compares_alike(store: Store, dv: Dataverse) -> bool:
    """Whether this organisation's database is known to take capitals and small letters for the same."""
    known = await store.read(lambda c: watermarks.get(c, "", _COLLATION))
    if not known and (ignores := await _ignores_case(dv)) is not None:
        known = _IGNORES_CASE if ignores else "tells case apart"
        await store.write(lambda c: watermarks.put(c, "", _COLLATION, known))
    return known == _IGNORES_CASE


def everybody(column: str) -> str:
    """The condition for all who have any address."""
    return f"{column} ne null"


class _Me(msgspec.Struct, frozen=True, rename={"id": "UserId"}):
    id: str


class _User(msgspec.Struct, frozen=True, rename={"id": "systemuserid", "name": "fullname"}):
    id: str
    name: str | None = None


class _Contact(msgspec.Struct, frozen=True, rename={"id": "contactid", "address": "emailaddress1"}):
    id: str
    address: str | None = None


async def _ignores_case(dv: Dataverse) -> bool | None:
    """Asked with the service's own name, its letters turned round, or with somebody's address where that name has
    neither capitals nor small letters; None where nobody has one."""
    me = (await dv.get("WhoAmI", _Me)).id
    names = await dv_rows.find_rows(dv, "systemusers", _User, filter=f"systemuserid eq {me}", top=1)
    name = (names[0].name or "") if names else ""
    if name.swapcase() != name:
        turned = f"systemuserid eq {me} and fullname eq {text(name.swapcase())}"
        return bool(await dv_rows.find_rows(dv, "systemusers", _User, filter=turned, top=1))
    some = await dv_rows.find_rows(dv, "contacts", _Contact, filter="emailaddress1 ne null", top=1)
    address = (some[0].address or "") if some else ""
    if address.swapcase() == address:
        return None
    same = f"contactid eq {some[0].id} and emailaddress1 eq {text(address.swapcase())}"
    return bool(await dv_rows.find_rows(dv, "contacts", _Contact, filter=same, top=1))
