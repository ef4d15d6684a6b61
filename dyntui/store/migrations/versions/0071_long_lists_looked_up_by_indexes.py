"""What is looked up for a page of people is found by an index of what they are looked up by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_contact_choice_contact_id": ("contact_choice", ["contact_id"]),
    "ix_change_part_item": ("change_part", ["item_id", "target"]),
    "ix_former_address_address": ("former_address", ["address"]),
}
_ELSEWHERE = sa.text("sent_address <> address")


def upgrade() -> None:
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    op.create_index(
        "ix_list_member_sent_elsewhere",
        "list_member",
        ["sent_address"],
        sqlite_where=_ELSEWHERE,
        postgresql_where=_ELSEWHERE,
    )


def downgrade() -> None:
    op.drop_index("ix_list_member_sent_elsewhere", table_name="list_member")
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table_name=table)
