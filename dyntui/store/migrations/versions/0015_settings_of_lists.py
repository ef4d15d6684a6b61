"""The settings of marketing lists: membership action, subscription filter, clear on send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("membership_action", "subscription_filter"):
        op.add_column("marketing_list", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.add_column(
        "marketing_list",
        sa.Column("clear_on_send", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    for name in ("clear_on_send", "subscription_filter", "membership_action"):
        op.drop_column("marketing_list", name)
