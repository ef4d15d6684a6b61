"""What became of the people of a list, written where it changes; earlier runs keep what they recorded of everybody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TEXTS = ("entity", "name", "address", "first", "outcome", "reason", "detail", "also")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "standing_scope",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _number("edition"),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_standing_scope")),
        sa.UniqueConstraint("name", name=op.f("uq_standing_scope_name")),
    )
    op.create_table(
        "standing",
        sa.Column("no", sa.Integer(), nullable=False),
        _number("scope"),
        _text("person_id"),
        _number("from_edition"),
        sa.Column("to_edition", sa.BigInteger(), nullable=False),
        _number("seq"),
        *(_text(name) for name in _TEXTS),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_standing")),
    )
    op.create_index("ux_standing_person", "standing", ["scope", "person_id", "from_edition"], unique=True)
    op.create_index("ix_standing_seq", "standing", ["scope", "seq", "no", "from_edition", "to_edition"])
    for name in ("scope", "edition"):
        op.add_column("run_item", _number(name))


def downgrade() -> None:
    for name in ("scope", "edition"):
        op.drop_column("run_item", name)
    op.drop_table("standing")
    op.drop_table("standing_scope")
