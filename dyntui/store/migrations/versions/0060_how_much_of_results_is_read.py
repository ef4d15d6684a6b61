"""Which kinds of results are read of an email account's campaigns, and a sync level of a campaign's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_SWITCHES = ("reads_opens", "reads_clicks", "reads_page_views", "reads_roi")


def upgrade() -> None:
    for name in _SWITCHES:
        switch: sa.Column[bool] = sa.Column(name, sa.Boolean(), server_default=sa.text("true"), nullable=False)
        op.add_column("email_account", switch)
    level: sa.Column[str] = sa.Column("sync_level", sa.String(), server_default="", nullable=False)
    op.add_column("campaign", level)
    again: sa.Column[bool] = sa.Column("read_again", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("campaign", again)


def downgrade() -> None:
    op.drop_column("campaign", "read_again")
    op.drop_column("campaign", "sync_level")
    for name in _SWITCHES:
        op.drop_column("email_account", name)
