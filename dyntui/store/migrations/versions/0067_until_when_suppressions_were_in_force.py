"""Until when a suppression that ended was in force for certain: what somebody asked for after that stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent_lift", sa.Column("in_force_until", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("consent_lift", "in_force_until")
