"""What the count of a send said when somebody confirmed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("counted", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("send", "counted")
