"""Opt-outs by record and by address, and records that were merged away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE opt_out_before AS SELECT address, reason, entity, person_id, listing FROM opt_out")
    op.drop_table("opt_out")
    op.create_table(
        "opt_out",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("said_by", sa.String(), server_default="", nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.Column("listing", sa.String(), server_default="", nullable=False),
        sa.Column("kept", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_opt_out")),
    )
    op.create_index("ix_opt_out_listing", "opt_out", ["listing"], unique=False)
    op.create_table(
        "opt_out_address",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["opt_out.person_id"],
            name=op.f("fk_opt_out_address_person_id_opt_out"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("address", "person_id", name=op.f("pk_opt_out_address")),
    )
    op.create_index("ix_opt_out_address_person_id", "opt_out_address", ["person_id"], unique=False)
    op.create_table(
        "merged_record",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("master_id", sa.String(), server_default="", nullable=False),
        sa.Column("survivor_id", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_merged_record")),
    )
    op.create_index("ix_merged_record_survivor_id", "merged_record", ["survivor_id"], unique=False)
    # Of several records with one address only the one that counted had been kept.
    op.execute(
        "INSERT INTO opt_out (person_id, entity, reason, listing) "
        "SELECT person_id, min(entity), CASE WHEN min(CASE reason WHEN 'DO_NOT_EMAIL' THEN 0 ELSE 1 END) = 0 "
        "THEN 'DO_NOT_EMAIL' ELSE 'DO_NOT_BULK_EMAIL' END, max(listing) FROM opt_out_before GROUP BY person_id"
    )
    op.execute(
        "INSERT INTO opt_out_address (address, person_id) SELECT address, person_id FROM opt_out_before "
        "WHERE address <> ''"
    )
    op.drop_table("opt_out_before")


def downgrade() -> None:
    op.drop_table("merged_record")
    op.drop_table("opt_out_address")
    op.drop_table("opt_out")
    op.create_table(
        "opt_out",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("person_id", sa.String(), server_default="", nullable=False),
        sa.Column("listing", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_opt_out")),
    )
