"""The values that both sides had last, of each email account and person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shadow",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(), server_default="", nullable=False),
        sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "person_id", name=op.f("pk_shadow")),
    )
    op.create_index(
        "ix_shadow_again",
        "shadow",
        ["account_id", "contact_id"],
        sqlite_where=sa.text("again"),
        postgresql_where=sa.text("again"),
    )


def downgrade() -> None:
    op.drop_table("shadow")
