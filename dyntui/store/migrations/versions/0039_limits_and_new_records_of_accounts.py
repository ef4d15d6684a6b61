"""When removals of an email account are held, and what records say that are made of its strangers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("removal_people", "removal_percent"):
        number: sa.Column[int] = sa.Column(name, sa.Integer(), server_default="10", nullable=False)
        op.add_column("email_account", number)
    for name in ("lead_topic", "last_name"):
        text: sa.Column[str] = sa.Column(name, sa.String(), server_default="", nullable=False)
        op.add_column("email_account", text)


def downgrade() -> None:
    for name in ("removal_people", "removal_percent", "lead_topic", "last_name"):
        op.drop_column("email_account", name)
