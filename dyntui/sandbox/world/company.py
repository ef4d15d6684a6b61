"""The company's Dynamics organisation before any customer: business units, roles, users, a team, the application."""

from collections.abc import Iterable
from dataclasses import dataclass

from dyntui.sandbox.dataverse import business_units, organization, privileges, roles, system_rows
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.entra.directory import CLIENT_ID, PEOPLE, SERVICE_PRINCIPAL_ID, TENANT_DOMAIN, Person
from dyntui.sandbox.state import State

TRADE_UNIT = "Trade"
TEAM = "Nordic marketing"
APPLICATION_USER = "dyntui connector"
ANALYST = "Marketing Analyst"
_READ_WRITE, _NON_INTERACTIVE = 0, 4

# Ordinary roles of the people who have a user. The connector's own roles are added when it is installed.
_ROLES = {
    "admin": ("System Administrator",),
    "manager": ("Marketing Manager",),
    "professional": ("Basic User",),
    "viewer": ("Basic User", ANALYST),
    "trade": ("Salesperson",),
    "nobody": (),
}
_TEAM_MEMBERS = ("manager", "professional")
_IN_TRADE = ("trade",)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may own rows: a user or a team, in a business unit."""

    id: str
    table: str
    business_unit: str


@dataclass(frozen=True, slots=True)
class Company:
    """What the customers' rows refer to. `users` by the short names of `entra.directory`."""

    root_unit: str
    trade_unit: str
    users: dict[str, Owner]
    team: Owner


def build(state: State) -> Company:
    """Writes the rows; the organisation must be installed and have no human users yet."""
    root, organisation = business_units.root_business_unit(state), business_units.organization_id(state)
    trade = _trade_unit(state, root, organisation)
    _analyst_role(state, root, organisation)
    users = {
        person.part: _user(state, person, trade if person.part in _IN_TRADE else root, organisation)
        for person in PEOPLE
        if person.part in _ROLES
    }
    for part, names in _ROLES.items():
        _give_roles(state, users[part], names)
    _application_user(state, root, organisation)
    team = _team(state, root, organisation, [users[part].id for part in _TEAM_MEMBERS], users["manager"].id)
    return Company(root, trade, users, team)


def _trade_unit(state: State, root: str, organisation: str) -> str:
    unit = system_rows.insert(
        state,
        "businessunit",
        {"name": TRADE_UNIT, "parentbusinessunitid": root, "organizationid": organisation, "isdisabled": 0},
    )
    organization.add_default_team(state, unit, TRADE_UNIT)
    roles.copy_roles_into(state, unit, root)
    return unit


def _analyst_role(state: State, root: str, organisation: str) -> None:
    """A role of the customer's own: sees all people and lists, changes none."""
    role = state.ids.guid()
    system_rows.insert(
        state,
        "role",
        {
            "roleid": role,
            "parentrootroleid": role,
            "name": ANALYST,
            "businessunitid": root,
            "ismanaged": 0,
            "isinherited": 1,
            "organizationid": organisation,
        },
    )
    roles.copy_to_units(state, role, root)
    wanted = [f"prvRead{table}" for table in ("Contact", "Account", "Lead", "List")]
    known = privileges.ids_of(state, wanted)
    roles.set_privileges(state, role, {known[name]: Depth.GLOBAL for name in wanted})


def _user(state: State, person: Person, unit: str, organisation: str) -> Owner:
    user = system_rows.insert(
        state,
        "systemuser",
        {
            "fullname": person.name,
            "firstname": person.first_name,
            "lastname": person.last_name,
            "internalemailaddress": person.upn,
            "domainname": person.upn,
            "title": person.title,
            "azureactivedirectoryobjectid": person.oid,
            "businessunitid": unit,
            "organizationid": organisation,
            "isdisabled": 0,
            "accessmode": _READ_WRITE,
            "islicensed": 1,
        },
    )
    _join_default_team(state, user, unit)
    return Owner(user, "systemuser", unit)


def _application_user(state: State, unit: str, organisation: str) -> None:
    user = system_rows.insert(
        state,
        "systemuser",
        {
            "fullname": f"# {APPLICATION_USER}",
            "firstname": "#",
            "lastname": APPLICATION_USER,
            "internalemailaddress": f"connector@{TENANT_DOMAIN}",
            "domainname": f"connector@{TENANT_DOMAIN}",
            "applicationid": CLIENT_ID,
            "azureactivedirectoryobjectid": SERVICE_PRINCIPAL_ID,
            "businessunitid": unit,
            "organizationid": organisation,
            "isdisabled": 0,
            "accessmode": _NON_INTERACTIVE,
            "islicensed": 0,
        },
    )
    _join_default_team(state, user, unit)
    _give_roles(state, Owner(user, "systemuser", unit), ("System Administrator",))


def _join_default_team(state: State, user: str, unit: str) -> None:
    team = state.db.execute(
        "SELECT teamid FROM dv_team WHERE businessunitid = ? AND isdefault = 1", (unit,)
    ).fetchone()[0]
    system_rows.link(state, "teammembership", [{"teamid": team, "systemuserid": user}])


def _role_in(state: State, name: str, unit: str) -> str:
    row = state.db.execute("SELECT roleid FROM dv_role WHERE name = ? AND businessunitid = ?", (name, unit)).fetchone()
    return str(row[0])


def _give_roles(state: State, owner: Owner, names: Iterable[str]) -> None:
    pairs = [{"systemuserid": owner.id, "roleid": _role_in(state, name, owner.business_unit)} for name in names]
    system_rows.link(state, "systemuserroles", pairs)


def _team(state: State, unit: str, organisation: str, members: list[str], leader: str) -> Owner:
    team = system_rows.insert(
        state,
        "team",
        {
            "name": TEAM,
            "businessunitid": unit,
            "organizationid": organisation,
            "isdefault": 0,
            "teamtype": 0,
            "administratorid": leader,
        },
    )
    system_rows.link(state, "teammembership", [{"teamid": team, "systemuserid": member} for member in members])
    system_rows.link(state, "teamroles", [{"teamid": team, "roleid": _role_in(state, "Marketing Manager", unit)}])
    return Owner(team, "team", unit)
