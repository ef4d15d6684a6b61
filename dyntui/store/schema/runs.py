"""Runs, their items, and what became of everybody."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from dyntui.store.schema.columns import metadata, number_column, text_column

run = Table(
    "run",
    metadata,
    Column("id", String, primary_key=True),
    text_column("kind"),  # a sync type, or "send"
    text_column("title"),
    text_column("account_id"),
    text_column("sync_key"),  # what may only run once at a time
    Column("request", JSON, nullable=False),
    Column("priority", Integer, nullable=False, server_default="50"),  # lower first
    text_column("status"),  # RunStatus
    Column("desired", String, nullable=False, server_default="run"),  # "run" or "cancel"
    number_column("attempt"),  # the fencing token
    Column("cursor", JSON, nullable=False),
    text_column("started_by"),
    number_column("started_uid"),
    text_column("queued_on"),
    text_column("started_on"),
    text_column("ended_on"),
    number_column("people_read"),
    text_column("stage"),
    number_column("stage_done"),
    number_column("stage_of"),
    number_column("dataverse_reads"),
    number_column("dataverse_writes"),
    number_column("dotdigital_reads"),
    number_column("dotdigital_writes"),
    text_column("error_code"),
    text_column("error"),
    text_column("not_done"),
    text_column("remedy"),
    text_column("at_work_on"),  # when it was last at work, and had not stood still for long before
    text_column("worker"),  # which has it in hand, or had; "" where one process carries out all, or nobody has it
    Index("ix_run_queued_on", "queued_on", "id"),
    Index("ix_run_kind", "kind", "account_id", "queued_on"),
    Index(
        "ux_run_active",
        "sync_key",
        unique=True,
        sqlite_where=text("status IN ('Queued', 'In process')"),
        postgresql_where=text("status IN ('Queued', 'In process')"),
    ),
)

run_item = Table(
    "run_item",
    metadata,
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String, primary_key=True),
    number_column("place"),
    text_column("kind"),
    text_column("name"),
    text_column("status"),
    number_column("people_read"),
    text_column("note"),
    # Where its people are found: a scope of `standing` as of an edition of it; 0: in `outcome`.
    number_column("scope"),
    number_column("edition"),
    # How many people ended in each outcome for each reason, {outcome: {reason: people}}: a history of thousands of runs
    # is shown without counting people.
    Column("counts", JSON, nullable=False, server_default="{}"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    number_column("seq"),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("outcome"),
    text_column("reason"),
    text_column("detail"),
    text_column("also"),
    Index("ix_outcome_seq", "run_id", "item_id", "seq"),
    Index("ix_outcome_reason", "run_id", "item_id", "outcome", "reason", "seq"),
)

# What is gone through again and again, such as a marketing list; `edition` counts how often it was.
standing_scope = Table(
    "standing_scope",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    number_column("edition"),
)

# What became of somebody from one edition of a scope on until another: written only where it changes. `first` is the
# outcome in the edition that it begins with (`added`), `outcome` the one in those that follow (`unchanged`).
standing = Table(
    "standing",
    metadata,
    Column("no", Integer, primary_key=True),
    number_column("scope"),
    text_column("person_id"),
    number_column("from_edition"),
    Column("to_edition", BigInteger, nullable=False),  # the first in which it is over
    number_column("seq"),  # order of shown rows
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("first"),
    text_column("outcome"),
    text_column("reason"),
    text_column("detail"),
    text_column("also"),
    Index("ux_standing_person", "scope", "person_id", "from_edition", unique=True),
    Index("ix_standing_seq", "scope", "seq", "no", "from_edition", "to_edition"),
)
