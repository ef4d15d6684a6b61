"""Which addresses the members of a list had before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_address",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "address", "person_id", name=op.f("pk_former_address")),
    )
    op.create_index("ix_former_address_person_id", "former_address", ["person_id"])
    # Who is in a book under another address than the record has now had that one.
    op.execute(
        "INSERT INTO former_address (list_id, address, person_id) "
        "SELECT list_id, sent_address, person_id FROM list_member WHERE sent_address <> '' AND sent_address <> address"
    )


def downgrade() -> None:
    op.drop_table("former_address")
