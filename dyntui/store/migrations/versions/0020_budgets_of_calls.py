"""What was used of the limits of the remote systems, shared by everybody who works with this store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _amount(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "budget_window",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("limit_name", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("spender", sa.String(), nullable=False),
        _amount("amount"),
        sa.PrimaryKeyConstraint("account_id", "limit_name", "start", "spender", name=op.f("pk_budget_window")),
    )
    op.create_table(
        "budget_limit",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("limit_name", sa.String(), nullable=False),
        _amount("most"),
        sa.PrimaryKeyConstraint("account_id", "limit_name", name=op.f("pk_budget_limit")),
    )
    op.create_table(
        "budget_grant",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("sharer", sa.String(), nullable=False),
        sa.Column("at_once", sa.Integer(), server_default="0", nullable=False),
        _amount("seen"),
        sa.PrimaryKeyConstraint("account_id", "sharer", name=op.f("pk_budget_grant")),
    )


def downgrade() -> None:
    for table in ("budget_grant", "budget_limit", "budget_window"):
        op.drop_table(table)
