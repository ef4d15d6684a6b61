"""At which contact's address an account of a send was mailed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

_THROUGH = sa.text("mailed_as <> ''")


def upgrade() -> None:
    op.add_column("target_person", sa.Column("mailed_as", sa.String(), server_default="", nullable=False))
    # Of earlier sends it is known where the account is still mailed at the address that it had then.
    op.execute(
        "UPDATE target_person SET mailed_as = (SELECT min(m.mailed_as) FROM list_member m WHERE m.mailed_as <> ''"
        " AND m.person_id = target_person.person_id AND m.address = target_person.address)"
        " WHERE entity = 'account' AND EXISTS (SELECT 1 FROM list_member m WHERE m.mailed_as <> ''"
        " AND m.person_id = target_person.person_id AND m.address = target_person.address)"
    )
    op.create_index(
        "ix_target_person_mailed_as",
        "target_person",
        ["count_id", "mailed_as"],
        sqlite_where=_THROUGH,
        postgresql_where=_THROUGH,
    )


def downgrade() -> None:
    op.drop_index("ix_target_person_mailed_as", "target_person")
    op.drop_column("target_person", "mailed_as")
