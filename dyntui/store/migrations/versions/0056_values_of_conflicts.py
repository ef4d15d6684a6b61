"""Whose value somebody took of a conflict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    taken: sa.Column[str] = sa.Column("taken", sa.String(), server_default="", nullable=False)
    op.add_column("conflict", taken)


def downgrade() -> None:
    op.drop_column("conflict", "taken")
