"""Column security: which columns of a table somebody reads as null.

A secured column reads as null, not as an error, for whoever has no column security profile that lets them read it;
system administrators hold a profile that lets them read all (learn.microsoft.com, "Column-level security to control
access"). That conditions on such a column find nothing is [inferred]. Which columns are secured, and who has a profile,
is the switch `secured_columns`.
"""

from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.dataverse.tables import Column, Table
from dyntui.sandbox.state import State

ALLOWED, NOT_ALLOWED = 4, 0
"""Members of field_security_permission_type."""


def is_secured(state: State, table: Table, column: Column) -> bool:
    return f"{table.logical_name}.{column.logical_name}" in state.config.dataverse.secured_columns


def hidden(state: State, caller: Caller, table: Table) -> frozenset[str]:
    """The columns of `table` that the caller reads as null."""
    if not state.config.dataverse.secured_columns:
        return frozenset()
    return frozenset(
        name.partition(".")[2]
        for name, readers in state.config.dataverse.secured_columns.items()
        if name.partition(".")[0] == table.logical_name and not _may_read(state, caller.user_id, readers)
    )


def privileges_of(state: State, user_id: str) -> list[dict[str, object]]:
    """AttributePrivilege objects of a user: one for each secured column that some profile lets them read."""
    found: list[dict[str, object]] = []
    for name, readers in state.config.dataverse.secured_columns.items():
        table, _, column = name.partition(".")
        if _may_read(state, user_id, readers):
            metadata_id = state.config.dataverse.schema.tables[table].columns[column].metadata_id
            found.append(
                {
                    "AttributeId": metadata_id,
                    "CanCreate": NOT_ALLOWED,
                    "CanRead": ALLOWED,
                    "CanReadUnmasked": 0,
                    "CanUpdate": NOT_ALLOWED,
                }
            )
    return found


def _may_read(state: State, user_id: str, readers: list[str]) -> bool:
    row = state.db.execute(
        "SELECT u.domainname, EXISTS (SELECT 1 FROM dv_systemuserroles h JOIN dv_role r USING (roleid)"
        " WHERE h.systemuserid = u.systemuserid AND r.roletemplateid = ?)"
        " FROM dv_systemuser u WHERE u.systemuserid = ?",
        (SYSTEM_ADMINISTRATOR, user_id),
    ).fetchone()
    return row is not None and (bool(row[1]) or row[0] in readers)
