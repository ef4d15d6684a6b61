"""Running the revisions on an open connection."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dyntui.store import failures

FOLDER = Path(__file__).parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, made here: there is no file to edit."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection, current: str, where: str) -> None:
    """Bring the store from `current` (`""`: empty) to the last revision, within the connection's transaction.

    Raises `DyntuiError` STORE_NEWER when this version does not know `current`; nothing is changed then.
    """
    settings = config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if current and current not in known:
        raise failures.newer(where, current)
    command.upgrade(settings, "head")
