"""Where reading only what changed goes on from, and how cheap answers have done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _number(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


_OF_LISTS = (
    *("base", "rows_read", "rows_since", "records_link", "records_on", "records_columns", "records_run"),
    *("records_gone", "book_count", "book_since", "read_how"),
)


def upgrade() -> None:
    for name in _OF_LISTS:
        column: sa.Column[str] | sa.Column[int] | sa.Column[bool]
        if name in ("rows_read", "book_count"):
            column = _number(name, "-1")
        else:
            column = _flag(name) if name == "records_gone" else _text(name)
        op.add_column("marketing_list", column)
    op.add_column("list_member", _flag("news"))
    for name, second, flag in (("news", "person_id", "news"), ("left", "seq", "has_left")):
        where = sa.text(flag)
        columns = ["list_id", second]
        op.create_index(f"ix_list_member_{name}", "list_member", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "cheap_answer",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("account_id", "question", "subject")),
        _text("since"),
        _number("proofs", "0"),
        _number("differences", "0"),
        *(_text(name) for name in ("last_proof", "found", "differed_on")),
        sa.PrimaryKeyConstraint("account_id", "question", "subject", name=op.f("pk_cheap_answer")),
    )


def downgrade() -> None:
    op.drop_table("cheap_answer")
    for name in ("news", "left"):
        op.drop_index(f"ix_list_member_{name}", "list_member")
    op.drop_column("list_member", "news")
    for name in _OF_LISTS:
        op.drop_column("marketing_list", name)
