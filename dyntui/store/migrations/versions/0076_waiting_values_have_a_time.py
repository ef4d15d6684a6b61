"""Values of a contact that could not be written are kept with when the contact was changed: the newest wins still when
they are tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shadow", sa.Column("changed_on", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("shadow", "changed_on")
