"""Where in the organisation things are: its id, its business units, the platform's own user."""

from dyntui.sandbox.state import State

SYSTEM_USER_NAME = "SYSTEM"


def organization_id(state: State) -> str:
    return str(state.db.execute("SELECT organizationid FROM dv_organization").fetchone()[0])


def root_business_unit(state: State) -> str:
    row = state.db.execute("SELECT businessunitid FROM dv_businessunit WHERE parentbusinessunitid IS NULL").fetchone()
    return str(row[0])


def system_user(state: State) -> str:
    """The id of the user that the platform's own work is done by."""
    row = state.db.execute("SELECT systemuserid FROM dv_systemuser WHERE fullname = ?", (SYSTEM_USER_NAME,)).fetchone()
    return str(row[0])


def units_top_down(state: State) -> list[tuple[str, str | None]]:
    """(business unit, its parent), parents before their children."""
    rows = state.db.execute(
        "WITH RECURSIVE tree (id, parent, level) AS ("
        " SELECT businessunitid, parentbusinessunitid, 0 FROM dv_businessunit WHERE parentbusinessunitid IS NULL"
        " UNION ALL SELECT b.businessunitid, b.parentbusinessunitid, tree.level + 1"
        " FROM dv_businessunit b JOIN tree ON b.parentbusinessunitid = tree.id"
        ") SELECT id, parent FROM tree ORDER BY level, id"
    )
    return [(unit, parent) for unit, parent in rows]
