"""Which of Azure's identities of the machine the service signs in with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identity: sa.Column[str] = sa.Column("managed_identity", sa.String(), server_default="", nullable=False)
    op.add_column("organisation", identity)


def downgrade() -> None:
    op.drop_column("organisation", "managed_identity")
