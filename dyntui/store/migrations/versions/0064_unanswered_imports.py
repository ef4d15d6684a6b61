"""Changes that were asked for and of which nobody has heard are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_applied_change_begun",
        "applied_change",
        ["part"],
        sqlite_where=sa.text("begun = 1"),
        postgresql_where=sa.text("begun"),
    )


def downgrade() -> None:
    op.drop_index("ix_applied_change_begun", table_name="applied_change")
