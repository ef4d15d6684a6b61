"""Who has left a list since it was read, and which reading of a list is the last one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("marketing_list", sa.Column("listing", sa.String(), server_default="", nullable=False))
    op.add_column("marketing_list", sa.Column("doubt", sa.String(), server_default="", nullable=False))
    op.add_column("list_member", sa.Column("has_left", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # Between two synchronisations only those stay of people who left whose removal is held without another reason.
    op.execute("UPDATE list_member SET has_left = true WHERE outcome = 'held' AND also = ''")
    op.drop_index("ix_list_member_address", "list_member")
    op.create_index(
        "ix_list_member_address", "list_member", ["address", "list_id", "person_id", "has_left"], unique=False
    )
    # Which of several records with one address was sent last is not known: whoever keeps the address is sent again.
    op.execute(
        "UPDATE list_member SET sent_fingerprint = 'overwritten' WHERE sent_fingerprint <> '' AND EXISTS "
        "(SELECT 1 FROM list_member AS other WHERE other.address = list_member.address "
        "AND other.person_id <> list_member.person_id AND other.sent_address = list_member.sent_address)"
    )


def downgrade() -> None:
    op.drop_index("ix_list_member_address", "list_member")
    op.create_index("ix_list_member_address", "list_member", ["address", "list_id"], unique=False)
    op.drop_column("list_member", "has_left")
    op.drop_column("marketing_list", "listing")
    op.drop_column("marketing_list", "doubt")
