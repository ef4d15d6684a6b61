"""To whom in Dynamics records are given that are made of an email account's strangers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    owner: sa.Column[str] = sa.Column("record_owner", sa.String(), server_default="", nullable=False)
    op.add_column("email_account", owner)


def downgrade() -> None:
    op.drop_column("email_account", "record_owner")
