"""What a run would change, stored before it is done; and the values that dotdigital acknowledged last of a member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    op.add_column("list_member", sa.Column("sent_fields", sa.JSON(), nullable=True))
    # Whose payload is still the one that was acknowledged.
    op.execute(
        "UPDATE list_member SET sent_fields = fields WHERE sent_fingerprint <> '' AND sent_fingerprint = fingerprint "
        "AND sent_address = address"
    )
    op.create_table(
        "plan",
        sa.Column("run_id", sa.String(), nullable=False),
        _text("digest"),
        _text("decided_on"),
        _number("dataverse_reads"),
        _number("dotdigital_reads"),
        _number("dotdigital_writes"),
        _number("seconds"),
        _text("applied_by"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_plan")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_plan_run_id_run"), ondelete="CASCADE"),
    )
    op.create_table(
        "planned_change",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        _number("seq"),
        *(_text(name) for name in ("entity", "name", "address", "effect", "reason")),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        _text("fingerprint"),
        sa.PrimaryKeyConstraint("run_id", "item_id", "person_id", name=op.f("pk_planned_change")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["plan.run_id"], name=op.f("fk_planned_change_run_id_plan"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_planned_change_seq", "planned_change", ["run_id", "item_id", "effect", "seq"])


def downgrade() -> None:
    op.drop_table("planned_change")
    op.drop_table("plan")
    op.drop_column("list_member", "sent_fields")
