"""Every row of Dynamics that says something of a person: their records with all columns, the lists that they are on,
and the rows of the connector.

Public: `records(dv, ids=, addresses=, caller=)`, `rows_about(dv, ids=, addresses=, caller=)`, both of `Rows`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec

from dyntui.dataverse import rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import any_of, guid, is_guid
from dyntui.model import solution

# Labels of choices and names of referenced rows beside their values.
_LABELS: Final = "OData.Community.Display.V1.FormattedValue"
# Entity set, key, and the columns that hold an address (entity reference, contact, lead, account).
_RECORDS: Final = (("contacts", "contactid"), ("leads", "leadid"), ("accounts", "accountid"))
_ADDRESSES: Final = ("emailaddress1", "emailaddress2", "emailaddress3")


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
    for table, key in _RECORDS:
        said = [any_of(column, addresses) for column in _ADDRESSES] if addresses else []
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
        if addresses and any(each.logical_name == "dyntui_address" for each in columns):
            said.append(any_of("dyntui_address", addresses))
        if known:
            people = [each for each in table.lookups if each.referenced in ("contact", "lead")]
            said += [_is_any(each.schema_name.lower(), known) for each in people]
        if said:
            yield await _read(dv, table.entity_set, said, caller)


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
