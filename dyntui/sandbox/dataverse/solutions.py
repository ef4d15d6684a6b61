"""Solutions and their components.

Component types: 1 table, 2 column, 9 global choice, 10 relationship, 14 key, 20 role, 26 view (solutioncomponent's
componenttype). A component may belong to several solutions.
"""

from typing import Literal

from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.state import State

ComponentType = Literal[1, 2, 9, 10, 14, 20, 26]
TABLE: ComponentType = 1
COLUMN: ComponentType = 2
CHOICE: ComponentType = 9
RELATIONSHIP: ComponentType = 10
KEY: ComponentType = 14
ROLE: ComponentType = 20
VIEW: ComponentType = 26


def find(state: State, unique_name: str) -> str:
    """The id of an unmanaged solution. Raises DataverseError 0x80040217 when there is none of this name."""
    row = state.db.execute(
        "SELECT solutionid, ismanaged FROM dv_solution WHERE uniquename = ?", (unique_name,)
    ).fetchone()
    if row is None:
        raise DataverseError("0x80040217", f"solution With uniquename = {unique_name} Does Not Exist", 404)
    if row[1]:
        raise DataverseError("0x8004f024", f"The solution {unique_name} is managed and cannot be changed.")
    return str(row[0])


def requested(call: Call) -> str | None:
    """The unique name in the header MSCRM.SolutionUniqueName, known to be a solution."""
    name = call.request.headers.get("mscrm.solutionuniquename", "").strip()
    if not name:
        return None
    find(call.state, name)
    return name


def prefix_of(state: State, unique_name: str | None) -> str | None:
    """The customisation prefix of a solution's publisher; None without a solution."""
    if unique_name is None:
        return None
    row = state.db.execute(
        "SELECT p.customizationprefix FROM dv_solution s JOIN dv_publisher p USING (publisherid)"
        " WHERE s.uniquename = ?",
        (unique_name,),
    ).fetchone()
    return None if row is None else str(row[0])


def add_component(state: State, unique_name: str | None, kind: ComponentType, object_id: str) -> str | None:
    """Puts a component into a solution, once, and returns the id of its row; without a name nothing happens."""
    if unique_name is None:
        return None
    solution = find(state, unique_name)
    known = state.db.execute(
        "SELECT solutioncomponentid FROM dv_solutioncomponent"
        " WHERE solutionid = ? AND componenttype = ? AND objectid = ?",
        (solution, kind, object_id),
    ).fetchone()
    if known is not None:
        return str(known[0])
    return system_rows.insert(
        state,
        "solutioncomponent",
        {
            "solutionid": solution,
            "componenttype": kind,
            "objectid": object_id,
            "rootcomponentbehavior": 0,
            "ismetadata": int(kind < ROLE),
        },
    )


def remove_component(state: State, unique_name: str, kind: int, object_id: str) -> None:
    """Takes a component out of a solution. Raises DataverseError when it is not in there."""
    solution = find(state, unique_name)
    removed = state.db.execute(
        "DELETE FROM dv_solutioncomponent WHERE solutionid = ? AND componenttype = ? AND objectid = ?",
        (solution, kind, object_id),
    )
    if not removed.rowcount:
        raise DataverseError("0x80040217", f"The component {object_id} is not in the solution {unique_name}.")


def forget_component(state: State, object_id: str) -> None:
    """Takes a deleted component out of all solutions."""
    state.db.execute("DELETE FROM dv_solutioncomponent WHERE objectid = ?", (object_id,))
