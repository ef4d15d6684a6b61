"""Sends of which it is not known who was mailed, and what somebody found out about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("doubt", "decision", "decided_by", "decided_on")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("send", sa.Column(name, sa.String(), server_default="", nullable=False))
    # A send that has a number was cancelled in dotdigital, not before it was asked for.
    op.execute("UPDATE send SET doubt = 'cancelled' WHERE state = 'Cancelled' AND platform_send_id <> ''")


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("send", name)
