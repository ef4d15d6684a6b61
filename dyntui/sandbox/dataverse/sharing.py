"""Rows shared with users and teams: rights that were given, and rights that come down from a parent row.

Sources: the action pages GrantAccess, ModifyAccess and RevokeAccess, the enumeration AccessRights, and "About the
reparent action" (configure-entity-relationship-cascading-behavior): who has access to a parent row has inherited access
to what is below it, and loses that when it gets another parent. That the parent's owner inherits all rights is
[inferred].
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dyntui.sandbox.dataverse import cascades
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, Value
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

RIGHTS = {
    "Read": 1,
    "Write": 2,
    "Append": 4,
    "AppendTo": 16,
    "Delete": 65_536,
    "Share": 262_144,
    "Assign": 524_288,
}
"""The bits of AccessRights by action; Create concerns no row."""
_ALL = sum(RIGHTS.values())


def reach(state: State, caller: Caller, table: Table, action: str, alias: str) -> Clause | None:
    """The rows of `table` that are shared with the caller for an action; None when nothing is."""
    principals = (caller.user_id, *caller.teams)
    marks = ", ".join("?" * len(principals))
    right = RIGHTS.get(action, 0)
    shared = f"FROM dv_share WHERE principal IN ({marks}) AND ((given | inherited) & ?) <> 0"
    query = f"SELECT 1 {shared} LIMIT 1"
    if state.db.execute(query, (*principals, right)).fetchone() is None:
        return None
    key = f"{alias}.{quoted(table.primary_id)}"
    return Clause(f"{key} IN (SELECT row_id {shared})", (*principals, right))


def grant(call: Call, table: Table, row_id: str, kind: str, principal: str, rights: int) -> None:
    """Adds rights of a user or team to a row; what is below inherits them."""
    _add(call, row_id, kind, principal, given=rights)
    for each in _below(call, table, row_id, "Share"):
        _add(call, each, kind, principal, inherited=rights)


def modify(call: Call, table: Table, row_id: str, kind: str, principal: str, rights: int) -> None:
    """Sets the rights of a user or team to a row, and what is inherited below."""
    revoke(call, table, row_id, principal)
    grant(call, table, row_id, kind, principal, rights)


def revoke(call: Call, table: Table, row_id: str, principal: str) -> None:
    """Takes the given rights of a user or team away, and what was inherited below."""
    db = call.state.db
    db.execute("UPDATE dv_share SET given = 0 WHERE row_id = ? AND principal = ?", (row_id, principal))
    for each in _below(call, table, row_id, "Unshare"):
        db.execute("UPDATE dv_share SET inherited = 0 WHERE row_id = ? AND principal = ?", (each, principal))
    db.execute("DELETE FROM dv_share WHERE principal = ? AND given = 0 AND inherited = 0", (principal,))


def forget(state: State, row_id: str) -> None:
    """Ends the shares of a row that is deleted."""
    state.db.execute("DELETE FROM dv_share WHERE row_id = ?", (row_id,))


def of_row(state: State, row_id: str) -> list[tuple[str, str, int]]:
    """(kind, id, rights) of everybody whom a row is shared with by somebody."""
    rows = state.db.execute(
        "SELECT kind, principal, given FROM dv_share WHERE row_id = ? AND given <> 0 ORDER BY principal", (row_id,)
    )
    return rows.fetchall()


def reparented(call: Call, table: Table, row_id: str, change: Mapping[str, Value]) -> None:
    """Inherited access follows a row, and what is below it, to its new parent."""
    for one in call.schema.one_to_many.values():
        column = one.referencing_attribute
        if one.referencing != table.logical_name or column not in change:
            continue
        if one.extra.get("cascade", {}).get("Reparent") != "Cascade":
            continue
        kind = table.columns[column].type_column
        if kind is not None and change.get(kind) not in {one.referenced, None}:
            continue
        parent = call.schema.tables[one.referenced]
        _inherit(call, table, row_id, parent, change[column])


def _inherit(call: Call, table: Table, row_id: str, parent: Table, parent_id: Value) -> None:
    affected = [row_id, *_below(call, table, row_id, "Reparent")]
    for each in affected:
        call.state.db.execute("UPDATE dv_share SET inherited = 0 WHERE row_id = ?", (each,))
    if parent_id is not None:
        owner = call.state.db.execute(
            f"SELECT owneridtype, ownerid FROM {quoted(parent.sql_name)}"  # noqa: S608 - names of the schema
            f" WHERE {quoted(parent.primary_id)} = ?",
            (parent_id,),
        ).fetchone()
        heirs = [] if owner is None else [(str(owner[0] or "systemuser"), str(owner[1]), _ALL)]
        heirs += call.state.db.execute(
            "SELECT kind, principal, given | inherited FROM dv_share WHERE row_id = ?", (parent_id,)
        ).fetchall()
        for kind, principal, rights in heirs:
            for each in affected:
                _add(call, each, kind, principal, inherited=rights)
    call.state.db.execute("DELETE FROM dv_share WHERE given = 0 AND inherited = 0")


def _below(call: Call, table: Table, row_id: str, action: cascades.Action) -> Iterator[str]:
    done, waiting = {row_id}, [(table, row_id)]
    while waiting:
        above, above_id = waiting.pop()
        for reached, ids in cascades.below(call, above, above_id, action):
            for each in ids:
                if each not in done:
                    done.add(each)
                    waiting.append((reached, each))
                    yield each


def _add(call: Call, row_id: str, kind: str, principal: str, *, given: int = 0, inherited: int = 0) -> None:
    call.state.db.execute(
        "INSERT INTO dv_share (row_id, principal, kind, given, inherited) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (row_id, principal) DO UPDATE SET given = given | excluded.given,"
        " inherited = inherited | excluded.inherited",
        (row_id, principal, kind, given, inherited),
    )


def read_rights(text: Any) -> int | None:
    """The bits of an AccessMask such as `ReadAccess,WriteAccess`; None when it cannot be understood."""
    if not isinstance(text, str):
        return None
    names = [part.strip().removesuffix("Access") for part in text.split(",")]
    if names == ["None"]:
        return 0
    if not all(name in RIGHTS for name in names):
        return None
    return sum(RIGHTS[name] for name in dict.fromkeys(names))


def write_rights(rights: int) -> str:
    """An AccessMask as the Web API writes it."""
    return ", ".join(f"{name}Access" for name, bit in RIGHTS.items() if rights & bit) or "None"
