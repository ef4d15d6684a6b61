"""Email campaigns can be put away: who did it, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

_COLUMNS = ("archived_on", "archived_by")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("campaign", sa.Column(name, sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("campaign", name)
