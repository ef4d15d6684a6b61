"""When dotdigital acknowledged what it holds of a member: a listing may lag behind that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_member", sa.Column("acknowledged_on", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("list_member", "acknowledged_on")
