"""Sends that are divided into waves, each of which is a send of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("waves_of", sa.String(), server_default="", nullable=False))
    op.add_column("send", sa.Column("wave", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "send_waves",
        sa.Column("send_id", sa.String(), nullable=False),
        sa.Column("waves", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_on", sa.String(), server_default="", nullable=False),
        sa.Column("stop", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("send_id", name=op.f("pk_send_waves")),
    )


def downgrade() -> None:
    op.drop_table("send_waves")
    op.drop_column("send", "wave")
    op.drop_column("send", "waves_of")
