"""Global choices (option sets that several columns share)."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Column, Option, Table
from dyntui.sandbox.state import State


class GlobalChoice(msgspec.Struct):
    """A global choice. `extra` keeps what only definitions need, such as labels in further languages."""

    name: str
    metadata_id: str
    display_name: str = ""
    description: str = ""
    options: list[Option] = []
    custom: bool = False
    extra: dict[str, Any] = {}


def install(state: State) -> None:
    """Creates the registry, and the global choices that standard columns use. Idempotent."""
    state.db.execute(
        "CREATE TABLE IF NOT EXISTS dv_choice (name TEXT PRIMARY KEY COLLATE NOCASE, metadata_id TEXT UNIQUE NOT NULL,"
        " body BLOB NOT NULL) WITHOUT ROWID"
    )
    for table in schema_of(state).tables.values():
        for column in table.columns.values():
            if column.option_set_global and find(state, column.option_set) is None:
                name = column.option_set
                save(
                    state, GlobalChoice(name, stable_id(f"choice {name}"), column.display_name, options=column.options)
                )


def every(state: State) -> Iterator[GlobalChoice]:
    for (body,) in state.db.execute("SELECT body FROM dv_choice ORDER BY name"):
        yield msgspec.json.decode(body, type=GlobalChoice)


def find(state: State, name: str) -> GlobalChoice | None:
    """The choice of a name or of a metadata id."""
    row = state.db.execute("SELECT body FROM dv_choice WHERE name = ?1 OR metadata_id = lower(?1)", (name,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=GlobalChoice)


def save(state: State, choice: GlobalChoice) -> None:
    """Keeps a choice, and gives its options to all columns that use it."""
    state.db.execute(
        "INSERT INTO dv_choice (name, metadata_id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET body = excluded.body",
        (choice.name, choice.metadata_id, msgspec.json.encode(choice)),
    )
    for table, column in used_by(state, choice.name):
        column.options = list(choice.options)
        storage.save_table(state, table)


def delete(state: State, choice: GlobalChoice) -> None:
    state.db.execute("DELETE FROM dv_choice WHERE name = ?", (choice.name,))


def used_by(state: State, name: str) -> list[tuple[Table, Column]]:
    """The columns whose options are those of a global choice."""
    return [
        (table, column)
        for table in schema_of(state).tables.values()
        for column in table.columns.values()
        if column.option_set_global and column.option_set.lower() == name.lower()
    ]


def exists(db: sqlite3.Connection, name: str) -> bool:
    return db.execute("SELECT 1 FROM dv_choice WHERE name = ?", (name,)).fetchone() is not None
