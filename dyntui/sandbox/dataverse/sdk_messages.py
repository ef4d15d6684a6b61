"""Which messages tables offer: rows of sdkmessage and sdkmessagefilter, for clients that ask before they call."""

from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

MESSAGES = (
    *("Create", "Retrieve", "RetrieveMultiple", "Update", "Delete", "Assign", "Associate", "Disassociate", "Upsert"),
    *("CreateMultiple", "UpdateMultiple", "UpsertMultiple"),
)


def install(state: State) -> None:
    """The messages, and a filter for every table that offers one."""
    for name in MESSAGES:
        system_rows.insert(state, "sdkmessage", {"name": name, "isprivate": 0})
    for table in list(schema_of(state).tables.values()):
        add_for_table(state, table)


def add_for_table(state: State, table: Table) -> None:
    """Adds the filters of a table."""
    ids = dict(state.db.execute("SELECT name, sdkmessageid FROM dv_sdkmessage").fetchall())
    for name in _offered(state, table):
        system_rows.insert(
            state,
            "sdkmessagefilter",
            {
                "sdkmessageid": ids[name],
                "primaryobjecttypecode": table.logical_name,
                "secondaryobjecttypecode": "none",
                "availability": 2,
            },
        )


def remove_for_table(state: State, table: Table) -> None:
    state.db.execute("DELETE FROM dv_sdkmessagefilter WHERE primaryobjecttypecode = ?", (table.logical_name,))


def _offered(state: State, table: Table) -> list[str]:
    multiple = state.config.dataverse.bulk_messages.get(table.logical_name)
    return [
        name
        for name in MESSAGES
        if (table.messages is None or name in table.messages)
        and (not name.endswith("Multiple") or name == "RetrieveMultiple" or multiple is None or name in multiple)
        and (name != "Assign" or table.is_owned)
    ]
