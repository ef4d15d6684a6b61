"""Sends that are held until their hour, and how many people somebody confirmed for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("send_at", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("confirmed", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE send SET confirmed = sendable")


def downgrade() -> None:
    op.drop_column("send", "confirmed")
    op.drop_column("send", "send_at")
