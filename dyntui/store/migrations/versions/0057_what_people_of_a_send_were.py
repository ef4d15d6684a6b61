"""What the people of a send were when somebody confirmed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("target_person", sa.Column("was", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("target_person", "was")
