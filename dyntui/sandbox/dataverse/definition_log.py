"""When which definition changed, so that clients can ask for the changes since their last visit.

Triggers on the kept definitions write the log: whoever changes a definition cannot forget it.
"""

# ruff: noqa: S608 - the SQL is put together from constants

from datetime import UTC, datetime, timedelta

from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.state import State

_STAMP_TIME = "%m/%d/%Y %H:%M:%S"
_NEXT = "UPDATE dv_counter SET value = value + 1 WHERE name = 'definitions';"
_VERSION = "(SELECT value FROM dv_counter WHERE name = 'definitions')"
_CHANGED = (
    f"{_NEXT} INSERT INTO dv_definition_change VALUES (new.name, {_VERSION})"
    " ON CONFLICT (table_name) DO UPDATE SET version = excluded.version;"
)
_ID = "json_extract(CAST({} AS TEXT), '$.metadata_id')"


def install(state: State) -> None:
    """Creates the log. Idempotent."""
    db = state.db
    db.execute("INSERT INTO dv_counter VALUES ('definitions', 1) ON CONFLICT DO NOTHING")
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_definition_change (table_name TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        " WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_definition_deletion (metadata_id TEXT NOT NULL, kind TEXT NOT NULL,"
        " version INTEGER NOT NULL)"
    )
    db.execute(
        "CREATE TRIGGER IF NOT EXISTS dv_schema_added AFTER INSERT ON dv_schema WHEN new.kind = 'table'"
        f" BEGIN {_CHANGED} END"
    )
    db.execute(
        "CREATE TRIGGER IF NOT EXISTS dv_schema_altered AFTER UPDATE ON dv_schema WHEN new.kind = 'table' BEGIN"
        f" {_CHANGED} INSERT INTO dv_definition_deletion SELECT json_extract(value, '$.metadata_id'), 'Attribute',"
        f" {_VERSION} FROM json_each(CAST(old.body AS TEXT), '$.columns') WHERE key NOT IN"
        " (SELECT key FROM json_each(CAST(new.body AS TEXT), '$.columns')); END"
    )
    db.execute(
        "CREATE TRIGGER IF NOT EXISTS dv_schema_removed AFTER DELETE ON dv_schema BEGIN"
        f" {_NEXT} INSERT INTO dv_definition_deletion VALUES ({_ID.format('old.body')},"
        f" CASE old.kind WHEN 'table' THEN 'Entity' ELSE 'Relationship' END, {_VERSION});"
        " DELETE FROM dv_definition_change WHERE old.kind = 'table' AND table_name = old.name; END"
    )


def stamp(state: State) -> str:
    """The server's version stamp now: `<version>!<time>`."""
    version = state.db.execute("SELECT value FROM dv_counter WHERE name = 'definitions'").fetchone()[0]
    return f"{version}!{state.clock.now().strftime(_STAMP_TIME)}"


def version_of(state: State, text: str) -> int:
    """The version in a client's stamp. Raises DataverseError: 0x80044352 it is too old, 0x80040203 it is none."""
    version, _, moment = text.partition("!")
    try:
        taken = datetime.strptime(moment, _STAMP_TIME).replace(tzinfo=UTC)
        number = int(version)
    except ValueError as error:
        raise DataverseError("0x80040203", f"'{text}' is no client version stamp.") from error
    days = state.db.execute("SELECT expiresubscriptionsindays FROM dv_organization").fetchone()[0]
    if taken + timedelta(days=days) < state.clock.now():
        raise DataverseError(
            "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync."
        )
    return number


def changed_since(state: State, version: int) -> set[str]:
    """The tables that changed after a version."""
    rows = state.db.execute("SELECT table_name FROM dv_definition_change WHERE version > ?", (version,))
    return {row[0] for row in rows}


def deleted_since(state: State, version: int) -> list[tuple[str, str]]:
    """(metadata id, kind) of what was deleted after a version; kinds: Entity, Attribute, Relationship."""
    rows = state.db.execute(
        "SELECT DISTINCT metadata_id, kind FROM dv_definition_deletion WHERE version > ? ORDER BY version", (version,)
    )
    return [(metadata_id, kind) for metadata_id, kind in rows]
