"""The indexes of who is news and who has left, with conditions as queries spell them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_INDEXES = (("ix_list_member_news", "person_id", "news"), ("ix_list_member_left", "seq", "has_left"))


def upgrade() -> None:
    _make(" = 1")


def downgrade() -> None:
    _make("")


def _make(spelled: str) -> None:
    for name, column, flag in _INDEXES:
        op.drop_index(name, "list_member")
        op.create_index(
            name,
            "list_member",
            ["list_id", column],
            sqlite_where=sa.text(flag + spelled),
            postgresql_where=sa.text(flag),
        )
