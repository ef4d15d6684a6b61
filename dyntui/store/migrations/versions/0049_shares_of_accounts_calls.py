"""Which share of an email account's calls dyntui may use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    percent: sa.Column[int] = sa.Column("budget_percent", sa.Integer(), server_default="100", nullable=False)
    op.add_column("email_account", percent)


def downgrade() -> None:
    op.drop_column("email_account", "budget_percent")
