"""What is known of an email account's double opt-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("email_account", sa.Column("double_opt_in", sa.String(), server_default="", nullable=False))
    # An account that people were imported into before has shown what it does with them.
    op.execute(
        "UPDATE email_account SET double_opt_in = 'off' WHERE EXISTS "
        "(SELECT 1 FROM marketing_list WHERE marketing_list.account_id = email_account.id AND last_synced <> '')"
    )


def downgrade() -> None:
    op.drop_column("email_account", "double_opt_in")
