"""When a run was last at work: one that stood still for long is not gone on with whatever it is about to do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column: sa.Column[str] = sa.Column("at_work_on", sa.String(), server_default="", nullable=False)
    op.add_column("run", column)


def downgrade() -> None:
    op.drop_column("run", "at_work_on")
