"""Test sends whose copy of the campaign is still in dotdigital."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "trial_send",
        sa.Column("id", sa.String(), nullable=False),
        _text("account_id"),
        sa.Column("campaign_id", sa.Integer(), server_default="0", nullable=False),
        _text("campaign_name"),
        _text("address"),
        _text("sent_by"),
        sa.Column("sent_uid", sa.Integer(), server_default="0", nullable=False),
        _text("began_on"),
        sa.Column("copy_id", sa.Integer(), server_default="0", nullable=False),
        _text("copy_name"),
        sa.Column("asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_trial_send"),
    )


def downgrade() -> None:
    op.drop_table("trial_send")
