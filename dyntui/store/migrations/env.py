"""Alembic's entry: run the revisions on the connection, and in the transaction, that `upgrade` was given."""

from __future__ import annotations

from alembic import context

from dyntui.store.migrations import VERSION_TABLE
from dyntui.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=False,
)
context.run_migrations()
