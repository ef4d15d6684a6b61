"""Column security: which columns of a table somebody reads as null.

A secured column reads as null, not as an error, for whoever has no column security profile that lets them read it;
system administrators hold a profile that lets them do all (learn.microsoft.com, "Column-level security to control
access"). What a condition on such a column means is the switch `secured_conditions`. Which columns are secured, and who
has a profile that lets them read, is the switch `secured_columns`; whose profile lets them write, `column_writers`.
Whoever else states such a column in a write is refused: AttributePrivilegeCreateIsMissing, and
AttributePermissionUpdateIsMissingDuringUpdate (the platform's table of codes; 403 by dataverse_api.md 3.3, texts are
inferred).
"""

from collections.abc import Iterable

from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.errors import DataverseError
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
        if name.partition(".")[0] == table.logical_name and not _has_profile(state, caller.user_id, readers)
    )


def reads_null(state: State, caller: Caller, table: Table, column: str) -> bool:
    """Whether a condition of the caller's on a column compares null. Raises DataverseError where it is refused."""
    if column not in hidden(state, caller, table):
        return False
    if state.config.dataverse.secured_conditions == "refuse":
        raise DataverseError(
            "0x8004f506",
            f"The query contained the secured attribute '{column}' of '{table.logical_name}', to which the caller does"
            " not have access.",
        )
    return True


def privileges_of(state: State, user_id: str) -> list[dict[str, object]]:
    """AttributePrivilege objects of a user: one for each secured column that some profile lets them read or
    write."""
    found: list[dict[str, object]] = []
    for name, readers in state.config.dataverse.secured_columns.items():
        table, _, column = name.partition(".")
        writes = ALLOWED if _has_profile(state, user_id, _writers(state, name)) else NOT_ALLOWED
        reads = ALLOWED if _has_profile(state, user_id, readers) else NOT_ALLOWED
        if ALLOWED in (reads, writes):
            metadata_id = state.config.dataverse.schema.tables[table].columns[column].metadata_id
            found.append(
                {
                    "AttributeId": metadata_id,
                    "CanCreate": writes,
                    "CanRead": reads,
                    "CanReadUnmasked": 0,
                    "CanUpdate": writes,
                }
            )
    return found


def check_write(state: State, caller: Caller, table: Table, columns: Iterable[str], *, creating: bool) -> None:
    """Raises DataverseError for the first of the columns that the caller may not write."""
    if not state.config.dataverse.secured_columns:
        return
    for column in columns:
        name = f"{table.logical_name}.{column}"
        if name in state.config.dataverse.secured_columns and not _has_profile(
            state, caller.user_id, _writers(state, name)
        ):
            raise DataverseError(
                "0x8004f502" if creating else "0x8004f507",
                f"The user does not have {'create' if creating else 'update'} permissions to a secured field. The"
                f" requested operation could not be completed. Attribute '{column}' of entity '{table.logical_name}'.",
            )


def _writers(state: State, name: str) -> list[str]:
    return state.config.dataverse.column_writers.get(name, [])


def _has_profile(state: State, user_id: str, users: list[str]) -> bool:
    row = state.db.execute(
        "SELECT u.domainname, EXISTS (SELECT 1 FROM dv_systemuserroles h JOIN dv_role r USING (roleid)"
        " WHERE h.systemuserid = u.systemuserid AND r.roletemplateid = ?)"
        " FROM dv_systemuser u WHERE u.systemuserid = ?",
        (SYSTEM_ADMINISTRATOR, user_id),
    ).fetchone()
    return row is not None and (bool(row[1]) or row[0] in users)
