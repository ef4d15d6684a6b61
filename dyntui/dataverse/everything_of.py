"""Every row of Dynamics that says something of a person: their records with all columns, the lists that they are on,
and the rows of the connector.

Public: `RECORDS`, `ADDRESSES`; `records(dv, ids=, addresses=, caller=)` and `rows_about(...)` of the same, both of
`Rows`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from dyntui.dataverse import rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import any_of, guid, is_guid, text
from dyntui.model import solution
from dyntui.model.mentioned import addresses_in

# Labels of choices and names of referenced rows beside their values.
_LABELS: Final = "OData.Community.Display.V1.FormattedValue"
# Entity set and key, and the columns that hold an address (entity reference, contact, lead, account).
RECORDS: Final = (("contacts", "contactid"), ("leads", "leadid"), ("accounts", "accountid"))
ADDRESSES: Final = ("emailaddress1", "emailaddress2", "emailaddress3")


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """What one table has, or why it could not be read (`not_read`, `""` where it was)."""

    table: str
    rows: tuple[dict[str, Any], ...] = ()
    not_read: str = ""


async def records(
    dv: Dataverse, *, ids: Sequence[str], addresses: Sequence[str], caller: str | None
) -> AsyncIterator[Rows]:
    """The records with one of the ids, or one of the addresses in any of their address columns, whole."""
    known = [each for each in ids if is_guid(each)]
    for table, key in RECORDS:
        said = [any_of(column, addresses) for column in ADDRESSES] if addresses else []
        yield await _read(dv, table, [*said, *([any_of(key, known)] if known else [])], caller)


async def rows_about(
    dv: Dataverse, *, ids: Sequence[str], addresses: Sequence[str], caller: str | None
) -> AsyncIterator[Rows]:
    """Memberships of lists, and the connector's rows, of the records or with one of the addresses."""
    known = [each for each in ids if is_guid(each)]
    yield await _read(dv, "listmembers", [_is_any("entityid", known)] if known else [], caller)
    for table in solution.TABLES:
        said = []
        columns = (table.primary_name, *table.columns)
        if addresses and table is solution.SUPPRESSION:
            # Typed by people: with a name around the address, capitals, a blank in front.
            said += [f"contains(dyntui_address,{text(each)})" for each in addresses]
        elif addresses and any(each.logical_name == "dyntui_address" for each in columns):
            said.append(any_of("dyntui_address", addresses))
        if known:
            people = [each for each in table.lookups if each.referenced in ("contact", "lead")]
            said += [_is_any(each.schema_name.lower(), known) for each in people]
        if said:
            found = await _read(dv, table.entity_set, said, caller)
            if table is solution.SUPPRESSION:
                # `na@b.example` is part of `anna@b.example` too.
                found = replace(found, rows=tuple(each for each in found.rows if _mentions(each, addresses)))
            yield found


def _mentions(row: dict[str, Any], addresses: Sequence[str]) -> bool:
    return bool(set(addresses_in(row.get("dyntui_address"))) & set(addresses))


def _is_any(lookup: str, ids: Sequence[str]) -> str:
    """A lookup refers to one of these rows: `In` is described for plain columns only."""
    return " or ".join(f"_{lookup}_value eq {guid(each)}" for each in ids)


async def _read(dv: Dataverse, table: str, said: Sequence[str], caller: str | None) -> Rows:
    if not said:
        return Rows(table=table)
    found: list[dict[str, Any]] = []
    try:
        pages = rows.pages(
            dv, table, dict[str, Any], select=(), filter=" or ".join(said), annotations=_LABELS, caller=caller
        )
        async for page in pages:
            found += page.rows
    except DataverseError as error:
        return Rows(table=table, rows=tuple(found), not_read=f"{error.message} ({error.code})")
    return Rows(table=table, rows=tuple(found))
