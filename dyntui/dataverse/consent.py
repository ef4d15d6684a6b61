"""Where an organisation keeps opt-outs besides `donotemail` and `donotbulkemail`.

`donotsendmm` is *Send Marketing Materials* of account, contact and lead (reference/dataverse_api.md 7.6); Customer
Insights - Journeys keeps a row of `msdynmkt_contactpointconsent4` for an address and a purpose or topic.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal, query


class _Column(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str


class _Table(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    attributes: list[_Column] = []


class _Tables(msgspec.Struct, frozen=True):
    value: list[_Table]


class ConsentRow(
    msgspec.Struct,
    frozen=True,
    rename={
        "id": "msdynmkt_contactpointconsent4id",
        "contact_point": "msdynmkt_contactpointvalue",
        "value": "msdynmkt_value",
    },
):
    """A contact point consent. `contact_point`: an address or a telephone number."""

    id: str
    contact_point: str | None = None
    value: int | None = None


CONSENT_SET = "msdynmkt_contactpointconsent4s"
# Not set, and opted in. What else a row says, and what a later version may add, is a withdrawal [inferred].
NO_WITHDRAWAL = (534120000, 534120001)


async def existing(dv: Dataverse, tables: Sequence[str], column: str, further: str) -> dict[str, bool]:
    """Which of the tables (by logical name) exist, and whether they have the column; `further` is a table asked for by
    the way. One call."""
    wanted = " or ".join(f"LogicalName eq {literal(each)}" for each in (*tables, further))
    columns = f"Attributes($select=LogicalName;$filter=LogicalName eq {literal(column)})"
    path = "EntityDefinitions" + query(select=["LogicalName"], filter=wanted, expand=columns)
    answer = await dv.get(path, _Tables)
    return {each.logical_name: bool(each.attributes) for each in answer.value}
