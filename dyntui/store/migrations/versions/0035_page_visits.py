"""Pages that contacts looked at on tracked web sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "page_visit",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("address", "url", "title", "visited_on")),
        sa.Column("times", sa.Integer(), server_default="0", nullable=False),
        _text("person_id"),
        _flag("told"),
        _flag("news"),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_page_visit"),
    )
    op.create_index("ix_page_visit_address", "page_visit", ["address"])
    op.create_index("ix_page_visit_person_id", "page_visit", ["person_id"])
    op.create_index("ix_page_visit_news", "page_visit", ["account_id", "news", "key"])


def downgrade() -> None:
    op.drop_table("page_visit")
