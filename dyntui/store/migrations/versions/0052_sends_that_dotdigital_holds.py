"""Sends that dotdigital mails later than it gets them: at a date, or after a split test."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("handed_for", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("split", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("send", sa.Column("out_by", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("tended_on", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("tended_news", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    for name in ("tended_news", "tended_on", "out_by", "split", "handed_for"):
        op.drop_column("send", name)
