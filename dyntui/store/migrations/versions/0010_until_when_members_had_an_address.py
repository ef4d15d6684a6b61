"""Until when members had the addresses that they gave up; empty: until the list is read next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("former_address", sa.Column("gone_on", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("former_address", "gone_on")
