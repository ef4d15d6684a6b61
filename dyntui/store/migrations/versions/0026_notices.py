"""What the hook is to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        *(_text(name) for name in ("raised_on", "body", "told_on")),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _text("next_try"),
        sa.Column("given_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("why"),
        sa.PrimaryKeyConstraint("event", "about", name=op.f("pk_notice")),
    )


def downgrade() -> None:
    op.drop_table("notice")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)
