"""Whether whom an email account suppresses is suppressed in the others too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column: sa.Column[bool] = sa.Column(
        "copies_suppressions", sa.Boolean(), server_default=sa.text("true"), nullable=False
    )
    op.add_column("email_account", column)


def downgrade() -> None:
    op.drop_column("email_account", "copies_suppressions")
