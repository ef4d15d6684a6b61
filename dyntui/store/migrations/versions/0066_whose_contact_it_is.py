"""Whose contact it is that dotdigital names by another address is found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = sa.text("contact_id IS NOT NULL")
    op.create_index(
        "ix_list_member_contact_id", "list_member", ["contact_id"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    op.drop_index("ix_list_member_contact_id", table_name="list_member")
