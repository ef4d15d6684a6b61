"""Forms, the responses to them, and what becomes of respondents whom Dynamics does not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.add_column("email_account", sa.Column("new_respondents", sa.String(), server_default="ignore", nullable=False))
    op.create_table(
        "form",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *(_text(name) for name in ("row_id", "name", "state", "url", "made_on", "changed_on")),
        *(_text(name) for name in ("first_response", "last_response")),
        *(_number(name) for name in ("complete", "incomplete", "views")),
        sa.Column("questions", sa.JSON(), nullable=False),
        *(_text(name) for name in ("asked_as", "fingerprint", "responses_on", "responses_as")),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_form"),
    )
    op.create_table(
        "form_response",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("form_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(_text(name) for name in ("address", "started_on", "completed_on")),
        _flag("complete"),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        *(_text(name) for name in ("fingerprint", "person_id")),
        _flag("told"),
        _flag("news"),
        sa.PrimaryKeyConstraint("account_id", "form_id", "id", name="pk_form_response"),
    )
    op.create_index("ix_form_response_address", "form_response", ["address"])
    op.create_index("ix_form_response_person_id", "form_response", ["person_id"])
    op.create_index("ix_form_response_news", "form_response", ["account_id", "form_id", "news", "id"])


def downgrade() -> None:
    op.drop_table("form_response")
    op.drop_table("form")
    op.drop_column("email_account", "new_respondents")
