"""Who may do what to which rows: the caller's privileges, and the rows that their depth reaches.

Everything here reads the organisation's own rows (users, teams, roles, business units). What is read is kept until one
of those rows changes, or, with the switch `security_cache_seconds`, that much longer, as the platform's caches do.
"""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

from datetime import timedelta

from dyntui.sandbox.dataverse import privileges, sharing
from dyntui.sandbox.dataverse.access import Access, Caller, Depth, Grant
from dyntui.sandbox.dataverse.clause import Clause, Value
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

_WATCHED = (
    *("systemuser", "team", "businessunit", "role", "privilege"),
    *("systemuserroles", "teammembership", "teamroles", "roleprivileges"),
)
_READ_ONLY_ACCESS = 2


def install(state: State) -> None:
    """Counts changes of the rows that decide about rights. Idempotent."""
    state.db.execute("INSERT INTO dv_counter VALUES ('security', 0) ON CONFLICT DO NOTHING")
    for name in ("applicationid", "azureactivedirectoryobjectid"):
        state.db.execute(f"CREATE INDEX IF NOT EXISTS dv_systemuser_by_{name} ON dv_systemuser ({name})")
    for name in _WATCHED:
        for event in ("INSERT", "UPDATE", "DELETE"):
            state.db.execute(
                f"CREATE TRIGGER IF NOT EXISTS dv_{name}_security_{event} AFTER {event} ON dv_{name} BEGIN"
                " UPDATE dv_counter SET value = value + 1 WHERE name = 'security'; END"
            )


def access_of(state: State, user_id: str, *, fresh: bool = False) -> Access:
    """What a user (who exists) holds. `fresh` passes over the delay of the platform's caches (Consistency: Strong)."""
    settings = state.config.dataverse
    generation, now = _generation(state), state.clock.now()
    known = settings.security.accesses.get(user_id)
    if known is not None:
        access, read_from, read_at = known
        delay = timedelta(seconds=0 if fresh else settings.security_cache_seconds)
        if read_from == generation or now < read_at + delay:
            return access
    access = _read_access(state, user_id)
    settings.security.accesses[user_id] = (access, generation, now)
    return access


def team_access(state: State, team_id: str) -> Access | None:
    """What a team holds; None when it does not exist."""
    unit = state.db.execute("SELECT businessunitid FROM dv_team WHERE teamid = ?", (team_id,)).fetchone()
    if unit is None:
        return None
    held: dict[str, tuple[Grant, ...]] = {}
    role_ids = set()
    for role_id, name, mask in state.db.execute(
        "SELECT tr.roleid, p.name, rp.privilegedepthmask FROM dv_teamroles tr"
        " JOIN dv_roleprivileges rp ON rp.roleid = tr.roleid JOIN dv_privilege p USING (privilegeid)"
        " WHERE tr.teamid = ?",
        (team_id,),
    ):
        role_ids.add(role_id)
        held[name] = (*held.get(name, ()), Grant(Depth.of_mask(mask), unit[0], (team_id,)))
    return Access(team_id, unit[0], (), len(role_ids), 0, held)


def check(state: State, caller: Caller, action: str, table: Table, row_id: str | None = None) -> None:
    """Asks whether the caller may do `action` (Create, Read, Write, Delete, Append, AppendTo, Assign, Share).

    With `row_id`, whether to that row too; a row that does not exist passes, for its absence is another error.
    Raises DataverseError 403: 0x80040220 names the missing privilege, 0x8004020d means that the privilege does not
    reach the row, 0x80041d40 a user with read access only.
    """
    if action != "Read" and caller.access.access_mode == _READ_ONLY_ACCESS:
        raise DataverseError("0x80041d40", "Read-only user is not supported for this operation.")
    name = privileges.name_for(state, table, action)
    if name is None:
        return
    if not caller.grants(name):
        raise missing_privilege(state, caller, name, table)
    if row_id is None:
        return
    reach = row_filter(state, caller, table, action, "r")
    if reach is None:
        return
    key, sql_table = quoted(table.primary_id), quoted(table.sql_name)
    row = state.db.execute(
        f"SELECT ({reach.text}) FROM {sql_table} r WHERE r.{key} = ?", (*reach.params, row_id.lower())
    ).fetchone()
    if row is not None and not row[0]:
        raise _out_of_reach(caller, action, table, row_id)


def check_privilege(state: State, caller: Caller, name: str) -> None:
    """Asks for a privilege that belongs to no table. Raises DataverseError 403 0x80040220 naming it."""
    if not caller.grants(name):
        raise missing_privilege(state, caller, name, None)


def row_filter(state: State, caller: Caller, table: Table, action: str = "Read", alias: str = "t") -> Clause | None:
    """Which rows of `table`, named `alias` in the SQL, the caller may do `action` to; None when there is no limit."""
    name = privileges.name_for(state, table, action)
    if name is None:
        return None
    held = caller.grants(name)
    if any(grant.depth is Depth.GLOBAL for grant in held):
        return None
    unit_column, owner_column = _anchors(table)
    if unit_column is None:
        return None if held else Clause("0")
    units: set[str] = set()
    owners: set[str] = set()
    for grant in held:
        if grant.depth is Depth.BASIC:
            owners.update(grant.owners)
        elif grant.depth is Depth.LOCAL:
            units.add(grant.business_unit)
        else:
            units.update(_units_below(state, grant.business_unit))
        if table.is_owned:
            owners.update(grant.owners)
    if not table.is_owned:
        owners.add(caller.user_id)
    parts = []
    params: list[Value] = []
    for column, values in ((unit_column, units), (owner_column, owners)):
        if column is not None and values:
            parts.append(f"{alias}.{quoted(column)} IN ({', '.join('?' * len(values))})")
            params += sorted(values)
    shared = sharing.reach(state, caller, table, action, alias) if held and table.is_owned else None
    if shared is not None:
        parts.append(shared.text)
        params += shared.params
    return Clause(" OR ".join(parts) or "0", tuple(params))


def missing_privilege(state: State, caller: Caller, name: str, table: Table | None) -> DataverseError:
    """The platform's refusal, which names the privilege; the pattern is documented on the bulk-operations page."""
    privilege_id = next(iter(privileges.ids_of(state, [name]).values()), "00000000-0000-0000-0000-000000000000")
    access = caller.access
    about = f" on OTC={table.object_type_code} for entity '{table.logical_name}'" if table is not None else ""
    return DataverseError(
        "0x80040220",
        f"Principal user (Id={access.user_id}, type=8, roleCount={access.role_count}, "
        f"privilegeCount={len(access.grants)}, accessMode={access.access_mode}), is missing {name} privilege "
        f"(Id={privilege_id}){about}. context.Caller={access.user_id}.",
    )


def access_rights(state: State, access: Access, table: Table, row_id: str) -> list[str]:
    """The actions that a user may do to one row, Create left out: it concerns no row."""
    caller = Caller(access)
    rights = []
    for action in privileges.ACTIONS:
        name = privileges.name_for(state, table, action)
        if action == "Create" or name is None or not caller.grants(name):
            continue
        reach = row_filter(state, caller, table, action, "r")
        condition, params = (reach.text, reach.params) if reach is not None else ("1", ())
        found = state.db.execute(
            f"SELECT 1 FROM {quoted(table.sql_name)} r WHERE r.{quoted(table.primary_id)} = ? AND ({condition})",
            (row_id.lower(), *params),
        ).fetchone()
        if found is not None:
            rights.append(action)
    return rights


def _out_of_reach(caller: Caller, action: str, table: Table, row_id: str) -> DataverseError:
    return DataverseError(
        "0x8004020d",
        f"SecLib::AccessCheckEx failed. Returned hr = -2147220979, ObjectID: {row_id.lower()}, OwnerIdType: 8 and "
        f"CallingUser: {caller.user_id}. ObjectTypeCode: {table.object_type_code}, CallerBusinessUnitId: "
        f"{caller.business_unit_id}, AccessRights: {action}Access",
    )


def _anchors(table: Table) -> tuple[str | None, str | None]:
    """(column with the row's business unit, column with its owner), for tables whose rows belong somewhere."""
    if table.is_owned:
        return "owningbusinessunit", "ownerid"
    if table.logical_name == "businessunit":
        return "businessunitid", None
    if table.ownership == "BusinessOwned":
        return "businessunitid", table.primary_id
    return None, None


def _generation(state: State) -> int:
    value: int = state.db.execute("SELECT value FROM dv_counter WHERE name = 'security'").fetchone()[0]
    return value


def _units_below(state: State, unit: str) -> tuple[str, ...]:
    """A business unit and all below it."""
    cache, generation = state.config.dataverse.security, _generation(state)
    if cache.units[0] != generation:
        cache.units = (generation, {})
    found = cache.units[1].get(unit)
    if found is None:
        rows = state.db.execute(
            "WITH RECURSIVE below (id) AS (SELECT ? UNION SELECT b.businessunitid FROM dv_businessunit b"
            " JOIN below ON b.parentbusinessunitid = below.id) SELECT id FROM below",
            (unit,),
        )
        found = tuple(row[0] for row in rows)
        cache.units[1][unit] = found
    return found


def _read_access(state: State, user_id: str) -> Access:
    unit, mode = state.db.execute(
        "SELECT businessunitid, COALESCE(accessmode, 0) FROM dv_systemuser WHERE systemuserid = ?", (user_id,)
    ).fetchone()
    teams = dict(
        state.db.execute(
            "SELECT m.teamid, t.businessunitid FROM dv_teammembership m JOIN dv_team t ON t.teamid = m.teamid"
            " WHERE m.systemuserid = ?",
            (user_id,),
        ).fetchall()
    )
    own = (user_id, *sorted(teams))
    held: dict[str, dict[Grant, None]] = {}
    role_ids = set()
    for role_id, name, mask in state.db.execute(
        "SELECT ur.roleid, p.name, rp.privilegedepthmask FROM dv_systemuserroles ur"
        " LEFT JOIN dv_roleprivileges rp ON rp.roleid = ur.roleid LEFT JOIN dv_privilege p USING (privilegeid)"
        " WHERE ur.systemuserid = ?",
        (user_id,),
    ):
        role_ids.add(role_id)
        if name is not None:
            held.setdefault(name, {})[Grant(Depth.of_mask(mask), unit, own)] = None
    for role_id, team_id, for_members, name, mask in state.db.execute(
        "SELECT tr.roleid, tr.teamid, COALESCE(r.isinherited, 1), p.name, rp.privilegedepthmask"
        " FROM dv_teammembership m"
        " JOIN dv_teamroles tr ON tr.teamid = m.teamid JOIN dv_role r ON r.roleid = tr.roleid"
        " LEFT JOIN dv_roleprivileges rp ON rp.roleid = tr.roleid LEFT JOIN dv_privilege p USING (privilegeid)"
        " WHERE m.systemuserid = ?",
        (user_id,),
    ):
        role_ids.add(role_id)
        if name is not None:
            # isinherited 0: "team privileges only", so that Basic depth reaches the team's rows and not the member's.
            owners = own if for_members else (team_id,)
            held.setdefault(name, {})[Grant(Depth.of_mask(mask), teams[team_id], owners)] = None
    return Access(
        user_id, unit, tuple(sorted(teams)), len(role_ids), mode, {name: tuple(grants) for name, grants in held.items()}
    )
