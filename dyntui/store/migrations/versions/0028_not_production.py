"""Organisations and email accounts that are not production, and whom they may mail all the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "not_production",
        sa.Column("account_id", sa.String(), nullable=False),
        _text("marked_by"),
        _text("marked_on"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_not_production")),
    )
    op.create_table(
        "allowed_address",
        sa.Column("entry", sa.String(), nullable=False),
        _text("added_by"),
        _text("added_on"),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_allowed_address")),
    )


def downgrade() -> None:
    for table in ("allowed_address", "not_production"):
        op.drop_table(table)
