"""How many calls a plan would write to Dynamics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column: sa.Column[int] = sa.Column("dataverse_writes", sa.Integer(), server_default="0", nullable=False)
    op.add_column("plan", column)


def downgrade() -> None:
    op.drop_column("plan", "dataverse_writes")
