"""At which contact's address an account is mailed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_SOME = sa.text("mailed_as <> ''")


def upgrade() -> None:
    mailed_as: sa.Column[str] = sa.Column("mailed_as", sa.String(), server_default="", nullable=False)
    op.add_column("list_member", mailed_as)
    op.create_index(
        "ix_list_member_mailed_as",
        "list_member",
        ["mailed_as", "person_id"],
        sqlite_where=_SOME,
        postgresql_where=_SOME,
    )


def downgrade() -> None:
    op.drop_index("ix_list_member_mailed_as", table_name="list_member")
    op.drop_column("list_member", "mailed_as")
