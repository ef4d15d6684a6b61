"""Contacts of address books that are not on their lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TEXTS = ("run_id", "effect", "becomes", "outcome", "reason", "detail", "person_id", "picked")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "book_stranger",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False, autoincrement=False),
        _text("address"),
        _text("channel"),
        sa.Column("fields", sa.JSON()),
        *map(_text, (*_TEXTS, "decision", "decided_by", "decided_on")),
        sa.PrimaryKeyConstraint("list_id", "contact_id", name=op.f("pk_book_stranger")),
    )
    op.create_index("ix_book_stranger_effect", "book_stranger", ["list_id", "effect", "outcome", "contact_id"])


def downgrade() -> None:
    op.drop_table("book_stranger")
