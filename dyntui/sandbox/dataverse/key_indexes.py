"""The index of an alternate key while it is built: Pending, InProgress, then Active or Failed.

It is ready after a time (`key_index_seconds`) and, with the switch `key_index_reads`, not before its status has been
read so many times: a test with a standing clock can so wait for it like a real client.
"""

import sqlite3
from datetime import timedelta

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.dataverse.tables import Key, Table
from dyntui.sandbox.state import State

_NOT_YET = "9999-12-31T23:59:59Z"


def install(state: State) -> None:
    """Creates the book of keys that wait for reads. Idempotent."""
    state.db.execute(
        "CREATE TABLE IF NOT EXISTS dv_keyreads (metadata_id TEXT PRIMARY KEY, reads INTEGER NOT NULL) WITHOUT ROWID"
    )


def start(state: State, table: Table, key: Key) -> None:
    """Builds the index of a new key. Values that several rows share let it end as Failed."""
    settings = state.config.dataverse
    key.active_at = timestamp(state.clock.now() + timedelta(seconds=settings.key_index_seconds))
    if settings.key_index_reads:
        key.active_at = _NOT_YET
        state.db.execute(
            "INSERT INTO dv_keyreads VALUES (?, 0) ON CONFLICT DO UPDATE SET reads = 0", (key.metadata_id,)
        )
    key.failed = False
    try:
        with state.transaction():
            storage.add_key(state, table, key)
    except sqlite3.IntegrityError:
        key.failed = True
        table.keys[key.logical_name] = key
        storage.save_table(state, table)


def status_read(state: State, table: Table, key: Key) -> None:
    """Notes that a client asked for the status of a key; the last read that it waits for makes it Active."""
    if key.failed or key.active_at != _NOT_YET:
        return
    reads = state.db.execute(
        "UPDATE dv_keyreads SET reads = reads + 1 WHERE metadata_id = ? RETURNING reads", (key.metadata_id,)
    ).fetchall()
    if not reads or reads[0][0] > state.config.dataverse.key_index_reads:
        key.active_at = storage.now(state)
        storage.save_table(state, table)


def retry(state: State, table: Table, key: Key) -> None:
    """ReactivateEntityKey: builds the index again. Raises DataverseError 0x80060897 unless it Failed."""
    if not key.failed:
        raise DataverseError(
            "0x80060897", f"The key {key.schema_name} can only be reactivated when its index has failed."
        )
    start(state, table, key)
