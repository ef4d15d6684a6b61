"""What the signed-in user cannot see of other people's rows and columns: it would read as "not there", not as an error.

    hidden_of(dv, user_id, tables) -> {"contact.donotemail", ...}                     secured, not readable by the user
    hidden_columns(dv, user_id, {table: columns}) -> ["contact.donotemail", ...]      those of them that are wanted
    partly_read(dv, user_id, ["new_shop", ...]) -> ["new_shop", ...]    tables of which the user does not see every row
    short_reads(dv, user_id, ["Contact", ...]) -> ["prvReadContact", ...]             not for the whole organisation
    short_rights(dv, user_id, ["prvWriteLead", ...]) -> ["prvWriteLead", ...]         of any kind, likewise

A secured column reads as null without a column security profile (learn.microsoft.com, "Column-level security");
RetrievePrincipalAttributePrivileges and RetrieveUserSetOfPrivilegesByNames tell of the user, teams included.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid, literal, query
from dyntui.dataverse.security import GLOBAL, Privilege, known_privileges, privileges_of

_ALLOWED = 4


class _Column(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    metadata_id: str
    is_secured: bool | None = False


class _Table(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    attributes: list[_Column]


class _Right(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    privilege_type: str = ""


class _Guarded(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    privileges: list[_Right] | None = None


class _GuardedTables(msgspec.Struct, frozen=True):
    value: list[_Guarded]


class _Tables(msgspec.Struct, frozen=True):
    value: list[_Table]


class _AttributePrivilege(msgspec.Struct, frozen=True, rename="pascal"):
    attribute_id: str
    can_read: int


class _AttributePrivileges(msgspec.Struct, frozen=True, rename="pascal"):
    attribute_privileges: list[_AttributePrivilege]


class _Held(msgspec.Struct, frozen=True, rename="pascal"):
    role_privileges: list[Privilege]


async def hidden_columns(dv: Dataverse, user_id: str, wanted: Mapping[str, Sequence[str]]) -> list[str]:
    """Those of the columns (by table's logical name) that are secured and that the user may not read, in order. Costs
    as `hidden_of`."""
    hidden = await hidden_of(dv, user_id, wanted)
    return [name for table, columns in wanted.items() for column in columns if (name := f"{table}.{column}") in hidden]


async def hidden_of(dv: Dataverse, user_id: str, tables: Iterable[str]) -> frozenset[str]:
    """Every column of the tables (by logical name) that is secured and that the user may not read.

    Costs one call where nothing is secured, two otherwise.
    """
    named = " or ".join(f"LogicalName eq {literal(table)}" for table in tables)
    columns = "Attributes($select=LogicalName,MetadataId,IsSecured;$filter=IsSecured eq true)"
    path = "EntityDefinitions" + query(select=["LogicalName"], filter=named, expand=columns)
    found = await dv.get(path, _Tables, route="GET EntityDefinitions")
    secured = {
        f"{table.logical_name}.{column.logical_name}": column.metadata_id.lower()
        for table in found.value
        for column in table.attributes
        if column.is_secured
    }
    if not secured:
        return frozenset()
    readable = await _readable(dv, user_id)
    return frozenset(name for name, metadata_id in secured.items() if metadata_id not in readable)


async def _readable(dv: Dataverse, user_id: str) -> set[str]:
    path = f"systemusers({guid(user_id)})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
    try:
        held = await dv.get(path, _AttributePrivileges)
    except DataverseError as error:
        # Who may not ask, or cannot, is taken to read none of them.
        if error.status not in (403, 404):
            raise
        return set()
    return {each.attribute_id.lower() for each in held.attribute_privileges if each.can_read == _ALLOWED}


async def partly_read(dv: Dataverse, user_id: str, tables: Sequence[str]) -> list[str]:
    """Those of the tables (by logical name) that the user may not read, or not for the whole organisation: a row out of
    sight that a lookup leads to reads as none. A table that nobody needs a privilege for is read by everybody.

    Costs two calls; none where no table is named.
    """
    if not tables:
        return []
    named = " or ".join(f"LogicalName eq {literal(table)}" for table in tables)
    path = "EntityDefinitions" + query(select=["LogicalName", "Privileges"], filter=named)
    found = await dv.get(path, _GuardedTables, route="GET EntityDefinitions")
    needed = {
        table.logical_name: right.name
        for table in found.value
        for right in table.privileges or ()
        if right.privilege_type == "Read"
    }
    short = await _short(dv, user_id, sorted({*needed.values()})) if needed else []
    return sorted(table for table, privilege in needed.items() if privilege in short)


async def short_reads(dv: Dataverse, user_id: str, tables: Sequence[str]) -> list[str]:
    """The Read privileges, of tables by schema name, that the user does not hold for the whole organisation."""
    return await _short(dv, user_id, [f"prvRead{table}" for table in tables])


async def _short(dv: Dataverse, user_id: str, names: Sequence[str]) -> list[str]:
    path = f"systemusers({guid(user_id)})/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames"
    held = await dv.get(f"{path}(PrivilegeNames=@p1)?@p1={json.dumps(list(names), separators=(',', ':'))}", _Held)
    everywhere = {each.privilege_name.lower() for each in held.role_privileges if each.depth == GLOBAL}
    return [name for name in names if name.lower() not in everywhere]


async def short_rights(dv: Dataverse, user_id: str, privileges: Sequence[str]) -> list[str]:
    """Those of the privileges, as far as the environment knows them, that the user does not hold for the whole
    organisation, in order. Costs one call where none is missing, two otherwise."""
    held = await privileges_of(dv, user_id)
    short = [name for name in privileges if name.lower() not in held or held[name.lower()].depth != GLOBAL]
    return await known_privileges(dv, short) if short else []
