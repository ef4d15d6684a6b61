"""Teams that stand for a group of Entra ID: who belongs to them, and when Dataverse learns of it.

Just-in-time (learn.microsoft.com power-apps/developer/data-platform/aad-group-team): somebody who was put into the
group or taken out of it is added to the team or removed from it when that person next calls Dataverse, by themselves or
by a service that acts for them; until then the rows of teammembership say what was true before. A member of the group
who has no user yet gets one in that moment. RetrieveAadUserRoles tells the roles by what Entra ID says.
"""

# ruff: noqa: S608 - names in the SQL are constants, values are parameters

from dyntui.sandbox.dataverse import business_units, system_rows
from dyntui.sandbox.entra import directory
from dyntui.sandbox.state import State

SECURITY_GROUP, OFFICE_GROUP = 2, 3
"""`teamtype` of teams whose members are those of a group."""
_KINDS = (SECURITY_GROUP, OFFICE_GROUP)
_GROUPS_OF = (
    "SELECT t.teamid FROM dv_team t JOIN entra_group_member g ON g.group_id = t.azureactivedirectoryobjectid"
    f" WHERE t.teamtype IN {_KINDS} AND g.oid = ?"
)


def put(state: State, group_id: str, name: str, members: list[str], roles: list[str]) -> str:
    """Makes `members` (object ids) all of the group, and the team `name` stand for it with these roles, by name.

    Returns the team's id. Raises ValueError for a role that the root business unit does not have.
    """
    root = business_units.root_business_unit(state)
    found = state.db.execute(
        "SELECT teamid FROM dv_team WHERE azureactivedirectoryobjectid = ?", (group_id,)
    ).fetchone()
    team = found[0] if found is not None else _add(state, group_id, name, root)
    state.db.execute("DELETE FROM entra_group_member WHERE group_id = ?", (group_id,))
    state.db.executemany("INSERT INTO entra_group_member VALUES (?, ?)", [(group_id, oid) for oid in set(members)])
    state.db.execute("DELETE FROM dv_teamroles WHERE teamid = ?", (team,))
    for role in roles:
        known = state.db.execute(
            "SELECT roleid FROM dv_role WHERE name = ? AND businessunitid = ?", (role, root)
        ).fetchone()
        if known is None:
            raise ValueError(f"there is no role {role!r}")
        system_rows.link(state, "teamroles", [{"teamid": team, "roleid": known[0]}])
    if state.config.dataverse.group_team_members == "at once":
        everybody = "SELECT systemuserid FROM dv_systemuser WHERE azureactivedirectoryobjectid IS NOT NULL"
        for (user,) in state.db.execute(everybody).fetchall():
            refresh(state, user)
    return str(team)


def refresh(state: State, user_id: str) -> None:
    """Makes a user's membership in group teams what Entra ID says: the user calls."""
    oid = state.db.execute(
        "SELECT azureactivedirectoryobjectid FROM dv_systemuser WHERE systemuserid = ?", (user_id,)
    ).fetchone()[0]
    now = {row[0] for row in state.db.execute(_GROUPS_OF, (oid,))}
    before = {
        row[0]
        for row in state.db.execute(
            "SELECT m.teamid FROM dv_teammembership m JOIN dv_team t USING (teamid)"
            f" WHERE m.systemuserid = ? AND t.teamtype IN {_KINDS}",
            (user_id,),
        )
    }
    if now == before:
        return
    with state.transaction():
        for team in sorted(before - now):
            state.db.execute("DELETE FROM dv_teammembership WHERE teamid = ? AND systemuserid = ?", (team, user_id))
        rows = [{"teamid": team, "systemuserid": user_id} for team in sorted(now - before)]
        system_rows.link(state, "teammembership", rows)


def add_user(state: State, oid: str) -> str | None:
    """The new user of a member of a group who calls for the first time; None for somebody of no group."""
    person = directory.find_person(oid)
    if person is None or state.db.execute(_GROUPS_OF, (oid,)).fetchone() is None:
        return None
    with state.transaction():
        return system_rows.insert(
            state,
            "systemuser",
            {
                "fullname": person.name,
                "firstname": person.first_name,
                "lastname": person.last_name,
                "internalemailaddress": person.upn,
                "domainname": person.upn,
                "azureactivedirectoryobjectid": person.oid,
                "businessunitid": business_units.root_business_unit(state),
                "organizationid": business_units.organization_id(state),
                "isdisabled": 0,
                "accessmode": 0,
                "islicensed": 1,
            },
        )


def roles_of(state: State, oid: str) -> list[str]:
    """The roles (ids) of an object id of Entra ID: direct, through owner teams, and through its groups as they are."""
    rows = state.db.execute(
        "SELECT h.roleid FROM dv_systemuserroles h JOIN dv_systemuser u USING (systemuserid)"
        " WHERE u.azureactivedirectoryobjectid = ?1"
        " UNION SELECT r.roleid FROM dv_teamroles r JOIN dv_team t USING (teamid)"
        " JOIN dv_teammembership m USING (teamid) JOIN dv_systemuser u USING (systemuserid)"
        f" WHERE u.azureactivedirectoryobjectid = ?1 AND COALESCE(t.teamtype, 0) NOT IN {_KINDS}"
        f" UNION SELECT r.roleid FROM dv_teamroles r WHERE r.teamid IN ({_GROUPS_OF.replace('?', '?1')})",
        (oid,),
    )
    return sorted(row[0] for row in rows)


def _add(state: State, group_id: str, name: str, unit: str) -> str:
    return system_rows.insert(
        state,
        "team",
        {
            "name": name,
            "businessunitid": unit,
            "organizationid": business_units.organization_id(state),
            "isdefault": 0,
            "teamtype": SECURITY_GROUP,
            "azureactivedirectoryobjectid": group_id,
        },
    )
