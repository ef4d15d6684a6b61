"""Which user of Dynamics a user of dotdigital is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_mapping",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("dotdigital", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.String(), server_default="", nullable=False)
            for name in ("user_id", "name", "address", "mapped_by", "mapped_on")
        ),
        sa.PrimaryKeyConstraint("account_id", "dotdigital"),
    )


def downgrade() -> None:
    op.drop_table("user_mapping")
