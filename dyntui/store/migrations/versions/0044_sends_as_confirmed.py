"""Who confirmed a send, and what the campaign and its target lists were then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("sender_id", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("confirmed_as", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    for name in ("sender_id", "confirmed_as"):
        op.drop_column("send", name)
