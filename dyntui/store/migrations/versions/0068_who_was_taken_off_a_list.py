"""Who unsubscribes from a list may leave it in Dynamics too, by a setting of the email account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "email_account",
        sa.Column("takes_off_unsubscribed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "taken_off",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("decided_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_taken_off")),
    )


def downgrade() -> None:
    op.drop_table("taken_off")
    op.drop_column("email_account", "takes_off_unsubscribed")
