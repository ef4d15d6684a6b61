"""Conflicts of values, until somebody has looked at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_KEYS = ("account_id", "person_id", "label")
_TEXTS = (
    "entity",
    "name",
    "address",
    "dynamics",
    "dotdigital",
    "winner",
    "run_id",
    "met_on",
    "settled_by",
    "settled_on",
)


def upgrade() -> None:
    op.create_table(
        "conflict",
        *(sa.Column(name, sa.String(), nullable=False) for name in _KEYS),
        *(sa.Column(name, sa.String(), server_default="", nullable=False) for name in _TEXTS),
        sa.PrimaryKeyConstraint(*_KEYS),
    )
    op.create_index("ix_conflict_settled", "conflict", ["settled_on", "met_on"])


def downgrade() -> None:
    op.drop_table("conflict")
