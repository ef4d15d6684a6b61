"""What somebody decided about the held removal of a member from a list's address book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = ("decision", "decided_by", "decided_on")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("list_member", sa.Column(name, sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("list_member", name)
