"""Refused rows of address books that somebody does not want to hear of for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_ignored",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.String(), server_default="", nullable=False)
            for name in ("fingerprint", "until", "ignored_by", "why")
        ),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_refused_ignored")),
    )


def downgrade() -> None:
    op.drop_table("refused_ignored")
