"""What dotdigital told last of every contact's score."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_score",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("engagement", sa.Integer()),
        sa.Column("suitability", sa.Integer()),
        sa.Column("label", sa.String(), server_default="", nullable=False),
        sa.Column("scored_on", sa.String(), server_default="", nullable=False),
        sa.Column("news", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "contact_id", name="pk_contact_score"),
    )
    op.create_index("ix_contact_score_address", "contact_score", ["address"])
    op.create_index("ix_contact_score_news", "contact_score", ["account_id", "news", "address"])


def downgrade() -> None:
    op.drop_table("contact_score")
