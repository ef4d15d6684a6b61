"""Which contact a suppression or a list unsubscribe was read of, and of which book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppression", sa.Column("contact_id", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("list_unsubscribe", sa.Column("book_id", sa.Integer(), server_default="0", nullable=False))
    op.add_column("list_unsubscribe", sa.Column("contact_id", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("list_unsubscribe", "contact_id")
    op.drop_column("list_unsubscribe", "book_id")
    op.drop_column("suppression", "contact_id")
