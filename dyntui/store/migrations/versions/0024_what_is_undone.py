"""Plans of an undo, and the people whose change was undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


_PLANNED = ("detail", "take_out", "deletes", "puts_in")


def upgrade() -> None:
    op.add_column("applied_change", _flag("deleted"))
    op.add_column("planned_change", _text("detail"))
    op.add_column("planned_change", sa.Column("take_out", sa.BigInteger(), nullable=True))
    op.add_column("planned_change", _flag("deletes"))
    op.add_column("planned_change", _flag("puts_in"))
    op.create_table(
        "undone_hold",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        *(_text(name) for name in ("effect", "fingerprint", "run_id", "undone_by", "undone_on")),
        *(_text(name) for name in ("decision", "decided_by", "decided_on")),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_undone_hold")),
    )


def downgrade() -> None:
    op.drop_table("undone_hold")
    for name in _PLANNED:
        op.drop_column("planned_change", name)
    op.drop_column("applied_change", "deleted")
