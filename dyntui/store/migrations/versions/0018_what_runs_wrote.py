"""What a run wrote on either side, with what was there before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "change_part",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        _text("item_id"),
        _text("target"),
        sa.Column("undoes", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_change_part")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_change_part_run_id_run"), ondelete="CASCADE"),
    )
    op.create_index("ux_change_part_place", "change_part", ["run_id", "item_id", "target"], unique=True)
    op.create_table(
        "applied_change",
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        *(_text(name) for name in ("entity", "name", "address", "effect", "reason")),
        _flag("consent"),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        _flag("known"),
        _text("before_address"),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        _flag("created"),
        _flag("begun"),
        _text("undone_by"),
        sa.PrimaryKeyConstraint("part", "person_id", name=op.f("pk_applied_change")),
        sa.ForeignKeyConstraint(
            ["part"], ["change_part.no"], name=op.f("fk_applied_change_part_change_part"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("applied_change")
    op.drop_table("change_part")
