"""When sync types run by themselves, and what administrators changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("sync_type", sa.String(), nullable=False),
        _text("interval"),
        _number("at"),
        _text("window"),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("since"),
        _text("last_start"),
        _number("revision"),
        _text("saved_by"),
        _text("saved_on"),
        sa.PrimaryKeyConstraint("account_id", "sync_type", name=op.f("pk_schedule")),
    )
    op.create_table(
        "admin_change",
        sa.Column("id", sa.Integer(), nullable=False),
        *(_text(name) for name in ("subject", "account_id", "thing", "changed_by", "changed_on", "before", "after")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_change")),
    )
    op.create_index("ix_admin_change_subject", "admin_change", ["subject", "account_id", "id"])
    op.create_index("ix_run_kind", "run", ["kind", "account_id", "queued_on"])


def downgrade() -> None:
    op.drop_index("ix_run_kind", "run")
    op.drop_table("admin_change")
    op.drop_table("schedule")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)
