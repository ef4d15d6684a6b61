"""Who is suppressed may leave the lists that a campaign is sent to, by a setting of the email account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "email_account",
        sa.Column("takes_off_suppressed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("email_account", "takes_off_suppressed")
