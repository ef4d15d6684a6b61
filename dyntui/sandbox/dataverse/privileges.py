"""Privileges: which exist, what they are called, and which one an operation on a table needs.

Names are `prv<Action><SchemaName>`. Ids of standard privileges are the same in every organisation; those of lead are
the platform's real ones (public metadata), the others are this simulator's.
"""

# ruff: noqa: S608 - the SQL is put together from constant names and question marks

from collections.abc import Iterable, Iterator

from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

ACTIONS: dict[str, int] = {
    "Create": 32,
    "Read": 1,
    "Write": 2,
    "Delete": 65536,
    "Append": 4,
    "AppendTo": 16,
    "Assign": 524288,
    "Share": 262144,
}
"""Action -> AccessRights flag."""

ACT_ON_BEHALF = "prvActOnBehalfOfAnotherUser"
BYPASS_PLUGINS = "prvBypassCustomPlugins"
CUSTOMISATION = (
    *(
        f"prv{action}{thing}"
        for thing in ("Entity", "Attribute", "Relationship")
        for action in ("Create", "Read", "Write", "Delete")
    ),
    *("prvCreateOptionSet", "prvReadOptionSet", "prvWriteOptionSet", "prvDeleteOptionSet"),
    *("prvCreateEntityKey", "prvReadEntityKey", "prvDeleteEntityKey"),
    *("prvPublishCustomization", "prvImportCustomization", "prvExportCustomization"),
)
NEW_ROLE = (
    *("prvReadSdkMessage", "prvReadSdkMessageProcessingStep", "prvReadSdkMessageProcessingStepImage"),
    *("prvReadPluginAssembly", "prvReadPluginType"),
    *("prvCreateSharePointData", "prvReadSharePointData", "prvWriteSharePointData", "prvReadSharePointDocument"),
)
"""What a role created through the API begins with: these nine, as several programs note that make roles in real
organisations and take them away again."""
OTHERS = (
    *(ACT_ON_BEHALF, BYPASS_PLUGINS, "prvBulkDelete", "prvMerge", "prvExportToExcel"),
    *(name for name in NEW_ROLE if name != "prvReadSdkMessage"),
)

_GUARDED_AS = {
    "listmember": "list",
    "systemuserroles": "role",
    "teamroles": "role",
    "teammembership": "team",
    "solutioncomponent": "solution",
    "sdkmessagefilter": "sdkmessage",
}
"""Tables without privileges of their own whose rows are guarded like those of another one [inferred]."""

_OPEN = frozenset({"privilege", "roleprivileges", "roletemplate"})
"""Tables that everybody with a role may read [inferred]."""

_MESSAGES = frozenset({"sdkmessage", "sdkmessagefilter"})
"""Guarded by prvReadSdkMessage, unless the switch `sdk_messages_need_privilege` is off."""

_LEAD_IDS = {
    "prvCreateLead": "a41f965b-2619-4c73-8625-da31945cccc7",
    "prvReadLead": "a8ecac53-09e8-4a13-b598-8d8c87bc3d33",
    "prvWriteLead": "cb4b339f-2b45-447e-bdd3-0bf4bbebc294",
    "prvDeleteLead": "b42d2f65-8929-455d-abe7-b4ec8367a8e1",
    "prvAssignLead": "7755e1bc-6f11-465e-8ed0-a1616c5d32c4",
    "prvShareLead": "9805ebd7-4a57-4558-a7ef-c0ba93d28c68",
    "prvAppendLead": "387d6489-cfcc-47d7-98af-5b7946d7691d",
    "prvAppendToLead": "5e8d193d-184d-44be-92d8-0f3845d7a9eb",
}


def name_for(state: State, table: Table, action: str) -> str | None:
    """The privilege that `action` on rows of `table` needs; None where none exists."""
    guard = schema_of(state).tables.get(_GUARDED_AS.get(table.logical_name, table.logical_name))
    if table.logical_name in _MESSAGES and not state.config.dataverse.sdk_messages_need_privilege:
        return None
    if guard is None or guard.logical_name in _OPEN or action not in _actions(guard):
        return None
    return f"prv{action}{stem(guard)}"


def stem(table: Table) -> str:
    """What a table's privileges are named after: its schema name, save for users and system views (prvReadQuery)."""
    return {"systemuser": "User", "savedquery": "Query"}.get(table.logical_name, table.schema_name)


def install(state: State) -> None:
    """The privileges of all tables that exist, and those that belong to none."""
    for table in list(schema_of(state).tables.values()):
        add_for_table(state, table)
    for name in (*CUSTOMISATION, *OTHERS):
        _add(state, name, 0, frozenset({Depth.GLOBAL}))


def add_for_table(state: State, table: Table) -> list[str]:
    """Creates the privileges of a table and returns their ids; intersect tables and open ones have none."""
    if table.intersect or table.logical_name in _GUARDED_AS or table.logical_name in _OPEN:
        return []
    depths = _depths(table)
    return [_add(state, f"prv{action}{stem(table)}", ACTIONS[action], depths) for action in _actions(table)]


def remove_for_table(state: State, table: Table) -> None:
    """Removes the privileges of a deleted table, from roles too."""
    names = [f"prv{action}{stem(table)}" for action in ACTIONS]
    marks = ", ".join("?" * len(names))
    found = f"SELECT privilegeid FROM dv_privilege WHERE name IN ({marks})"
    state.db.execute(f"DELETE FROM dv_roleprivileges WHERE privilegeid IN ({found})", names)
    state.db.execute(f"DELETE FROM dv_privilege WHERE name IN ({marks})", names)


def ids_of(state: State, names: Iterable[str]) -> dict[str, str]:
    """Name -> id of the privileges among `names` that exist. In any letter case."""
    wanted = {name.lower() for name in names}
    return {name: row_id for name, row_id in _all(state) if name.lower() in wanted}


def name_of(state: State, privilege_id: str) -> str | None:
    row = state.db.execute("SELECT name FROM dv_privilege WHERE privilegeid = ?", (privilege_id.lower(),)).fetchone()
    return None if row is None else str(row[0])


def depths_of(state: State, privilege_id: str) -> frozenset[Depth]:
    """The depths a privilege can be granted with."""
    row = state.db.execute(
        "SELECT canbebasic, canbelocal, canbedeep, canbeglobal FROM dv_privilege WHERE privilegeid = ?",
        (privilege_id.lower(),),
    ).fetchone()
    return frozenset(depth for depth, possible in zip(Depth, row or (), strict=False) if possible)


def _all(state: State) -> Iterator[tuple[str, str]]:
    yield from state.db.execute("SELECT name, privilegeid FROM dv_privilege")


def _actions(table: Table) -> tuple[str, ...]:
    if table.ownership in {"UserOwned", "TeamOwned"} or table.logical_name == "role":
        return tuple(ACTIONS)
    return tuple(action for action in ACTIONS if action not in {"Assign", "Share"})


def _depths(table: Table) -> frozenset[Depth]:
    if table.logical_name == "userquery":  # even an administrator only sees their own and shared ones
        return frozenset({Depth.BASIC})
    owned = table.ownership in {"UserOwned", "TeamOwned", "BusinessOwned"}
    return frozenset(Depth) if owned else frozenset({Depth.GLOBAL})


def _add(state: State, name: str, access_right: int, depths: frozenset[Depth]) -> str:
    known = state.db.execute("SELECT privilegeid FROM dv_privilege WHERE name = ?", (name,)).fetchone()
    if known is not None:
        return str(known[0])
    return system_rows.insert(
        state,
        "privilege",
        {
            "privilegeid": _LEAD_IDS.get(name) or stable_id(f"privilege {name}"),
            "name": name,
            "accessright": access_right,
            **{f"canbe{depth.label.lower()}": int(depth in depths) for depth in Depth},
        },
    )
