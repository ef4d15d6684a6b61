"""What Entra ID has to remember between calls: certificates, device codes, refresh tokens."""

from dyntui.sandbox.state import State

_TABLES = """
CREATE TABLE IF NOT EXISTS entra_certificate (thumbprint TEXT PRIMARY KEY, pem TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entra_device_code (
    device_code TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL, scope TEXT NOT NULL,
    expires INTEGER NOT NULL, last_poll REAL, answer TEXT NOT NULL DEFAULT 'pending', oid TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entra_refresh_token (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, oid TEXT NOT NULL, scope TEXT NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
"""


def install(state: State) -> None:
    """Creates the tables; does nothing when they are there."""
    for statement in _TABLES.split(";"):
        state.db.execute(statement)
