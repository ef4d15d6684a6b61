"""Triggers count whether anything that decides about a list's members has moved since they were settled, and an index
finds who is in an address book without being unchanged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_IN_BOOK = sa.text("sent_address <> '' AND outcome <> 'unchanged'")
# What decides about members, by table.
_DECIDE = {
    "opt_out": ("entity", "reason", "said_by"),
    "opt_out_address": ("address", "person_id"),
    "merged_record": ("person_id", "entity", "survivor_id", "address"),
    "suppression": ("account_id", "address", "status", "reason", "suppressed_on", "learned_on"),
    "list_unsubscribe": ("list_id", "address", "unsubscribed_on"),
    "former_address": ("list_id", "address", "person_id", "gone_on"),
    "marketing_list": ("account_id", "activated", "active"),
    "list_member": (
        *("entity", "name", "address", "created_on", "own_reasons", "own_detail", "filtered", "filtered_detail"),
        *("mailed_as", "channel", "has_left", "outcome", "reason", "detail", "also", "gated_by"),
    ),
}


def _name(table: str, event: str) -> str:
    return f"{table}_moved_{event}"


def upgrade() -> None:
    op.create_table(
        "settled_list",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("listing", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_settled_list")),
    )
    op.create_index(
        "ix_list_member_in_book",
        "list_member",
        ["list_id", "person_id"],
        sqlite_where=_IN_BOOK,
        postgresql_where=_IN_BOOK,
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("INSERT INTO settled_list (list_id) VALUES ('')")
    count = "UPDATE settled_list SET times = times + 1 WHERE list_id = '';"
    for table, columns in _DECIDE.items():
        differs = " OR ".join(f"old.{each} IS NOT new.{each}" for each in columns)
        for event, of in (
            ("insert", "INSERT ON {}"),
            ("delete", "DELETE ON {}"),
            ("update", f"UPDATE OF {', '.join(columns)} ON {{}} WHEN {differs}"),
        ):
            op.execute(f"CREATE TRIGGER {_name(table, event)} AFTER {of.format(table)} BEGIN {count} END")


def downgrade() -> None:
    for table in _DECIDE:
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER IF EXISTS {_name(table, event)}")
    op.drop_index("ix_list_member_in_book", "list_member")
    op.drop_table("settled_list")
