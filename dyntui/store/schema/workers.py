"""The processes that carry out the runs of a store that several machines share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, text

from dyntui.store.schema.columns import metadata, number_column, text_column

_SERVICE = text("kind = 'service'")

# A row is a lease: it holds until `until`, by the database's clock (milliseconds since 1970), and is renewed all the
# time. Whoever finds one that has run out deletes it, and frees the runs that it had.
worker = Table(
    "worker",
    metadata,
    Column("name", String, primary_key=True),
    text_column("kind"),  # "service" or "worker"
    text_column("host"),
    number_column("process"),
    text_column("version"),
    text_column("connections"),  # the name of its connections, by which the server can end them
    text_column("started_on"),
    Column("until", BigInteger, nullable=False),
    # There is one service, which plans the work, and any number of workers.
    Index("ux_worker_service", "kind", unique=True, sqlite_where=_SERVICE, postgresql_where=_SERVICE),
)
