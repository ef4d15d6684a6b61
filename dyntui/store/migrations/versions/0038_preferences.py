"""Marketing preferences, and what people chose on either side."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "preference",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _text("name"),
        _text("category"),
        _flag("public"),
        _flag("gone"),
        _text("row_id"),
        _text("fingerprint"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_preference"),
    )
    op.create_table(
        "contact_choice",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("preference_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(_text(name) for name in ("address", "choice", "chosen_on")),
        _flag("news"),
        sa.PrimaryKeyConstraint("account_id", "preference_id", "contact_id", name="pk_contact_choice"),
    )
    op.create_index("ix_contact_choice_address", "contact_choice", ["address"])
    op.create_index("ix_contact_choice_news", "contact_choice", ["account_id", "news", "preference_id", "contact_id"])
    op.create_table(
        "record_choice",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("preference_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        *(_text(name) for name in ("entity", "name", "address", "choice", "chosen_on", "base", "row_id")),
        _flag("news"),
        sa.PrimaryKeyConstraint("account_id", "preference_id", "person_id", name="pk_record_choice"),
    )
    op.create_index("ix_record_choice_address", "record_choice", ["address"])
    op.create_index("ix_record_choice_person_id", "record_choice", ["person_id"])
    op.create_index("ix_record_choice_news", "record_choice", ["account_id", "news", "preference_id", "person_id"])


def downgrade() -> None:
    for name in ("record_choice", "contact_choice", "preference"):
        op.drop_table(name)
