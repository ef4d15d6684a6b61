"""What happens to the rows that belong to a row: which relationships an action follows, and assignment along them.

Sources: configure-entity-relationship-cascading-behavior; the relationships of account and contact on the pages
entities/account and entities/contact. Deletion along relationships is in `deletion`, merging in `merging`.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dyntui.sandbox.dataverse import computed, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import OneToMany, Table

Action = Literal["Assign", "Merge", "Reparent", "Share", "Unshare"]

_PARENTAL = dict.fromkeys(("Assign", "Merge", "Reparent", "Share", "Unshare"), "Cascade")
STANDARD: Mapping[str, Mapping[str, str]] = {
    "contact_customer_accounts": _PARENTAL,
    "account_parent_account": _PARENTAL,
    "contact_customer_contacts": _PARENTAL,
}
"""Standard relationships whose actions reach the rows below. Merging: the related rows move to the master."""

_LOOPS = {
    ("account", "parentaccountid"): ("0x80040507", "accounts"),
    ("contact", "parentcustomerid"): ("0x8004050a", "contacts"),
    ("systemuser", "parentsystemuserid"): ("0x80041d25", "users"),
    ("businessunit", "parentbusinessunitid"): ("0x80041d21", "business units"),
}
"""(table, lookup to the row above) -> the platform's code for a circle, and what stands in it."""


def check_circles(call: Call, table: Table, row_id: str, change: Mapping[str, Value]) -> None:
    """Raises DataverseError when a change would make a row its own parent, at once or in a circle."""
    for (name, column), (code, rows) in _LOOPS.items():
        if name == table.logical_name and change.get(column) is not None and _leads_to(call, table, column, change):
            line = _line_above(call, table, column, str(change[column]))
            if row_id in line:
                raise DataverseError(code, f"Setting this parent would create a loop in the hierarchy of {rows}.")


def _leads_to(call: Call, table: Table, column: str, change: Mapping[str, Value]) -> bool:
    kind = call.schema.tables[table.logical_name].columns[column].type_column
    return kind is None or change.get(kind) in {None, table.logical_name}


def _line_above(call: Call, table: Table, column: str, start: str) -> set[str]:
    key, above, rows = quoted(table.primary_id), quoted(column), quoted(table.sql_name)
    found = call.state.db.execute(
        f"WITH RECURSIVE line (id) AS (SELECT ? UNION SELECT h.{above} FROM {rows} h JOIN line ON h.{key} = line.id"
        f" WHERE h.{above} IS NOT NULL) SELECT id FROM line",
        (start,),
    )
    return {row_id for (row_id,) in found}


def below(call: Call, table: Table, row_id: str, action: Action) -> Iterator[tuple[Table, list[str]]]:
    """(table, ids) of the rows that an action on a row reaches directly, by relationship."""
    for one in call.schema.references_to(table):
        referencing = call.schema.tables.get(one.referencing)
        if referencing is None or one.referencing_attribute not in referencing.columns:
            continue
        condition = _condition(one, action)
        if condition is None:
            continue
        found = call.state.db.execute(
            f"SELECT {quoted(referencing.primary_id)} FROM {quoted(referencing.sql_name)}"
            f" WHERE {quoted(one.referencing_attribute)} = ? AND {condition}",
            (row_id,),
        ).fetchall()
        if found:
            yield referencing, [each for (each,) in found]


def _condition(one: OneToMany, action: Action) -> str | None:
    """SQL for the rows that the relationship's way to cascade reaches; None when it reaches none."""
    return {"Cascade": "1", "Active": "statecode = 0"}.get(one.extra.get("cascade", {}).get(action, ""))


def assign(call: Call, table: Table, row_id: str, owner_id: str, kind: str) -> None:
    """Gives the rows below a row, which has just got this owner, to the same owner.

    The caller's right to assign is asked for the row itself only [inferred].
    """
    done: set[str] = {row_id}
    waiting = [(table, row_id)]
    while waiting:
        above, above_id = waiting.pop()
        for reached, ids in below(call, above, above_id, "Assign"):
            for each in ids:
                if each not in done and reached.is_owned:
                    done.add(each)
                    waiting.append((reached, each))
                    _own(call, reached, each, owner_id, kind)


def _own(call: Call, table: Table, row_id: str, owner_id: str, kind: str) -> None:
    change: dict[str, Any] = {"ownerid": owner_id, "owneridtype": kind}
    change.update(computed.ownership(call, table, owner_id, kind))
    store(call, table, row_id, change)


def store(call: Call, table: Table, row_id: str, change: Mapping[str, Value]) -> None:
    """Writes what the platform itself changes in a row: stamped like any change, without rights and rules."""
    stamps: dict[str, Value] = {
        "modifiedon": call.now,
        "modifiedby": call.caller.user_id,
        "modifiedonbehalfby": call.caller.on_behalf_by,
    }
    row = {**change, **{name: value for name, value in stamps.items() if name in table.columns}}
    row["versionnumber"] = storage.next_version(call.state)
    call.state.db.execute(
        f"UPDATE {quoted(table.sql_name)} SET {', '.join(f'{quoted(name)} = ?' for name in row)}"
        f" WHERE {quoted(table.primary_id)} = ?",
        (*row.values(), row_id),
    )
