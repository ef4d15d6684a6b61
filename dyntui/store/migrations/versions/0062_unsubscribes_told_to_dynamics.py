"""Which unsubscribes from one list Dynamics was told of, and which of those ended since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_unsubscribe", sa.Column("told_as", sa.String(), server_default="", nullable=False))
    op.create_table(
        "list_unsubscribe_ended",
        sa.Column("list_id", sa.String(), primary_key=True),
        sa.Column("address", sa.String(), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("list_unsubscribe_ended")
    op.drop_column("list_unsubscribe", "told_as")
