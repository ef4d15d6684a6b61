"""What a person said by a suppression stays known when their address comes to bounce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

_COLUMNS = ("said_reason", "said_status", "said_on")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("suppression", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.execute(
        "UPDATE suppression SET said_reason = reason, said_status = status,"
        " said_on = CASE WHEN suppressed_on = '' THEN learned_on ELSE suppressed_on END"
        " WHERE reason IN ('SUPPRESSED', 'COMPLAINED')"
    )


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("suppression", name)
