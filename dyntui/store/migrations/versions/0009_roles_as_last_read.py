"""The connector roles of a person as Dynamics last said them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person_link", sa.Column("roles", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("person_link", "roles")
