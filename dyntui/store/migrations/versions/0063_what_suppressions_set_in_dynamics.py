"""Which flags an email account's suppressions set in Dynamics, and which of them dyntui has set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("email_account", sa.Column("suppression_flags", sa.String(), server_default="bulk", nullable=False))
    op.create_table(
        "record_flag",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("flag", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), server_default="", nullable=False) for name in ("entity", "address", "set_on")),
        sa.PrimaryKeyConstraint("person_id", "flag", name=op.f("pk_record_flag")),
    )
    op.create_index("ix_record_flag_address", "record_flag", ["address"])
    op.execute(
        "INSERT INTO record_flag (person_id, flag, entity, address, set_on) "
        "SELECT person_id, 'donotbulkemail', entity, address, set_on FROM flag_set"
    )
    op.drop_table("flag_set")


def downgrade() -> None:
    op.create_table(
        "flag_set",
        sa.Column("person_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), server_default="", nullable=False) for name in ("entity", "address", "set_on")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_flag_set")),
    )
    op.create_index("ix_flag_set_address", "flag_set", ["address"])
    op.execute(
        "INSERT INTO flag_set (person_id, entity, address, set_on) "
        "SELECT person_id, entity, address, set_on FROM record_flag WHERE flag = 'donotbulkemail'"
    )
    op.drop_table("record_flag")
    op.drop_column("email_account", "suppression_flags")
