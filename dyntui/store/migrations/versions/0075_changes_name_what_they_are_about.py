"""A change by an administrator names what it is about, so that those of one campaign are listed by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("admin_change", sa.Column("about", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("admin_change", "about")
