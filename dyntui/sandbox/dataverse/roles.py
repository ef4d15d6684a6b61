"""Security roles: the standard ones, their copies in every business unit, and the privileges they hold.

Each business unit has its own copy of each role (learn.microsoft.com wp-security); copies point to the role of the root
unit with `parentrootroleid` and always hold the same privileges.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dyntui.sandbox.dataverse import business_units, privileges, system_rows
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.dataverse.privileges import ACTIONS
from dyntui.sandbox.state import State

SYSTEM_ADMINISTRATOR = "627090ff-40a3-4053-8790-584edc5be201"
SYSTEM_CUSTOMIZER = "119f245c-3cc8-4b62-b31c-d1a046ced15d"
"""[inferred]"""
BASIC_USER = "236750cd-45ae-4939-ab12-b24b920ced93"
DELEGATE = "06f0ef7a-7df2-4d4e-9c1c-2b2f0d7c1f3e"
"""This simulator's own: the real template id is not known."""

_DEFINITIONS = (
    *("prvReadEntity", "prvReadAttribute", "prvReadRelationship", "prvReadOptionSet", "prvReadEntityKey"),
    *("prvReadOrganization", "prvReadTransactionCurrency", "prvReadQuery", "prvReadAppModule", "prvReadSdkMessage"),
)
_EVERYBODY = dict.fromkeys(_DEFINITIONS, Depth.GLOBAL) | {
    "prvReadUser": Depth.GLOBAL,
    "prvAppendUser": Depth.LOCAL,
    "prvAppendToUser": Depth.LOCAL,
    "prvReadRole": Depth.LOCAL,
    "prvReadBusinessUnit": Depth.GLOBAL,
    "prvReadTeam": Depth.GLOBAL,
    "prvReadSolution": Depth.GLOBAL,
    "prvReadPublisher": Depth.GLOBAL,
    "prvAppendTransactionCurrency": Depth.GLOBAL,
    "prvAppendToTransactionCurrency": Depth.GLOBAL,
    "prvReadAsyncOperation": Depth.BASIC,
    "prvWriteAsyncOperation": Depth.BASIC,
    "prvAppendToAsyncOperation": Depth.BASIC,
    "prvAssignAsyncOperation": Depth.BASIC,
    **{f"prv{action}UserQuery": Depth.BASIC for action in ("Create", "Read", "Write", "Delete", "Assign", "Share")},
}
"""Basic User's depths for the tables that exist here (public metadata of a 2025 organisation)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """One privilege of a role."""

    privilege_id: str
    name: str
    depth: Depth


def install(state: State) -> None:
    """The standard roles, in the root business unit."""
    basic = _EVERYBODY | _on(("Contact", "Account"), Depth.BASIC)
    sales = (
        basic
        | _on(("Contact", "Account", "Lead"), Depth.LOCAL)
        | _on(("List",), Depth.BASIC)
        | {"prvReadList": Depth.GLOBAL}
    )
    marketing = basic | _on(("Contact", "Account", "Lead", "List"), Depth.GLOBAL) | {"prvExportToExcel": Depth.GLOBAL}
    everything = _everything(state)
    customising = (
        basic
        | dict.fromkeys(privileges.CUSTOMISATION, Depth.GLOBAL)
        | _on(("Query", "Publisher", "Solution", "AppModule"), Depth.GLOBAL)
    )
    for template, name, granted in (
        (SYSTEM_ADMINISTRATOR, "System Administrator", everything),
        (SYSTEM_CUSTOMIZER, "System Customizer", customising),
        (BASIC_USER, "Basic User", basic),
        (DELEGATE, "Delegate", {privileges.ACT_ON_BEHALF: Depth.GLOBAL}),
        (None, "Salesperson", sales),
        (None, "Marketing Manager", marketing),
    ):
        if template is not None:
            system_rows.insert(state, "roletemplate", {"roletemplateid": template, "name": name})
        root = system_rows.insert(
            state,
            "role",
            {
                "name": name,
                "businessunitid": business_units.root_business_unit(state),
                "roletemplateid": template,
                "ismanaged": 1,
                "isinherited": 1,
                "organizationid": business_units.organization_id(state),
            },
        )
        state.db.execute("UPDATE dv_role SET parentrootroleid = roleid WHERE roleid = ?", (root,))
        known = privileges.ids_of(state, granted)
        set_privileges(state, root, {known[name]: depth for name, depth in granted.items() if name in known})


def copy_to_units(state: State, root_role: str, below: str) -> None:
    """Gives every business unit below the one that a role was created in its copy of that role."""
    reached = {below}
    for unit, parent in business_units.units_top_down(state):
        if parent in reached:
            reached.add(unit)
            if _copy_in(state, root_role, unit) is None:
                _add_copy(state, root_role, unit, parent)


def copy_roles_into(state: State, business_unit: str, parent: str) -> None:
    """Gives a new business unit its copy of every role of the unit above it."""
    roots = state.db.execute("SELECT parentrootroleid FROM dv_role WHERE businessunitid = ?", (parent,)).fetchall()
    for (root,) in roots:
        if _copy_in(state, root, business_unit) is None:
            _add_copy(state, root, business_unit, parent)


def family(state: State, role_id: str) -> list[str]:
    """The ids of a role and all its copies; empty when the role does not exist."""
    rows = state.db.execute(
        "SELECT roleid FROM dv_role WHERE parentrootroleid = (SELECT parentrootroleid FROM dv_role WHERE roleid = ?)",
        (role_id.lower(),),
    )
    return [row[0] for row in rows]


def privileges_of(state: State, role_id: str) -> list[Granted]:
    """What a role holds, by name."""
    rows = state.db.execute(
        "SELECT p.privilegeid, p.name, rp.privilegedepthmask FROM dv_roleprivileges rp"
        " JOIN dv_privilege p ON p.privilegeid = rp.privilegeid WHERE rp.roleid = ? ORDER BY p.name",
        (role_id.lower(),),
    )
    return [Granted(privilege_id, name, Depth.of_mask(mask)) for privilege_id, name, mask in rows]


def set_privileges(state: State, role_id: str, granted: Mapping[str, Depth]) -> None:
    """Makes `granted` (privilege id -> depth) all that a role and its copies hold."""
    for member in family(state, role_id):
        state.db.execute("DELETE FROM dv_roleprivileges WHERE roleid = ?", (member,))
        _grant(state, member, granted)


def add_privileges(state: State, role_id: str, granted: Mapping[str, Depth]) -> None:
    """Adds privileges to a role and its copies; one that it holds gets the new depth."""
    for member in family(state, role_id):
        _remove(state, member, granted)
        _grant(state, member, granted)


def remove_privilege(state: State, role_id: str, privilege_id: str) -> None:
    for member in family(state, role_id):
        _remove(state, member, [privilege_id])


def grant_new_table(state: State, privilege_ids: Iterable[str]) -> None:
    """Gives the privileges of a new table to the roles that hold those of all tables."""
    granted = {privilege_id: max(privileges.depths_of(state, privilege_id)) for privilege_id in privilege_ids}
    rows = state.db.execute(
        "SELECT roleid FROM dv_role WHERE parentrootroleid = roleid AND roletemplateid IN (?, ?)",
        (SYSTEM_ADMINISTRATOR, SYSTEM_CUSTOMIZER),
    ).fetchall()
    for (role_id,) in rows:
        add_privileges(state, role_id, granted)


def _everything(state: State) -> dict[str, Depth]:
    rows = state.db.execute("SELECT name, privilegeid FROM dv_privilege").fetchall()
    return {name: max(privileges.depths_of(state, privilege_id)) for name, privilege_id in rows}


def _on(schema_names: Iterable[str], depth: Depth) -> dict[str, Depth]:
    return {f"prv{action}{name}": depth for name in schema_names for action in ACTIONS}


def _copy_in(state: State, root_role: str, unit: str) -> str | None:
    row = state.db.execute(
        "SELECT roleid FROM dv_role WHERE parentrootroleid = ? AND businessunitid = ?", (root_role, unit)
    ).fetchone()
    return None if row is None else str(row[0])


def _add_copy(state: State, root_role: str, unit: str, parent_unit: str) -> None:
    name, template, managed, inherited = state.db.execute(
        "SELECT name, roletemplateid, ismanaged, isinherited FROM dv_role WHERE roleid = ?", (root_role,)
    ).fetchone()
    copy = system_rows.insert(
        state,
        "role",
        {
            "name": name,
            "businessunitid": unit,
            "roletemplateid": template,
            "ismanaged": managed,
            "isinherited": inherited,
            "parentroleid": _copy_in(state, root_role, parent_unit) or root_role,
            "parentrootroleid": root_role,
            "organizationid": business_units.organization_id(state),
        },
    )
    _grant(state, copy, {held.privilege_id: held.depth for held in privileges_of(state, root_role)})


def _grant(state: State, role_id: str, granted: Mapping[str, Depth]) -> None:
    system_rows.link(
        state,
        "roleprivileges",
        (
            {"roleid": role_id, "privilegeid": privilege_id, "privilegedepthmask": depth.mask}
            for privilege_id, depth in granted.items()
        ),
    )


def _remove(state: State, role_id: str, privilege_ids: Iterable[str]) -> None:
    state.db.executemany(
        "DELETE FROM dv_roleprivileges WHERE roleid = ? AND privilegeid = ?",
        [(role_id, privilege_id) for privilege_id in privilege_ids],
    )
