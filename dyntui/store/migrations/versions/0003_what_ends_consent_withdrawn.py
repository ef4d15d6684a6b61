"""Evidence that ends a suppression or an opt-out, flags that dyntui set itself, and rows without an address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppression", sa.Column("in_feed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("suppression", sa.Column("listing", sa.String(), server_default="", nullable=False))
    # What Dynamics asked for is "Suppressed"; every other status is dotdigital's own word.
    op.execute("UPDATE suppression SET in_feed = true WHERE status <> 'Suppressed'")
    op.create_table(
        "flag_set",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("set_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_flag_set")),
    )
    op.create_index("ix_flag_set_address", "flag_set", ["address"], unique=False)
    op.create_table(
        "consent_lift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lifted_on", sa.String(), server_default="", nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("account_id", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("person_id", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("evidence", sa.String(), server_default="", nullable=False),
        sa.Column("lifted_by", sa.String(), server_default="", nullable=False),
        sa.Column("in_dynamics", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_lift")),
    )
    op.create_index("ix_consent_lift_address", "consent_lift", ["address"], unique=False)
    op.create_table(
        "odd_row",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), server_default="", nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("source", "account_id", "key", name=op.f("pk_odd_row")),
    )


def downgrade() -> None:
    op.drop_table("odd_row")
    op.drop_table("consent_lift")
    op.drop_table("flag_set")
    op.drop_column("suppression", "listing")
    op.drop_column("suppression", "in_feed")
