"""Data labels, versions of data mappings, and columns as Dynamics describes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), server_default="", nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "crm_column",
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("logical_name", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        *_texts("read_on"),
        sa.PrimaryKeyConstraint("entity", "logical_name", name=op.f("pk_crm_column")),
    )
    op.create_table(
        "data_label",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *_texts("type", "default_value", "visibility", "description"),
        sa.Column("synchronised", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_texts("conflict", "known_since"),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_data_label")),
    )
    op.create_table(
        "mapping_version",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("made_by", "made_on", "why"),
        sa.Column("mappings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_mapping_version")),
    )


def downgrade() -> None:
    for table in ("mapping_version", "data_label", "crm_column"):
        op.drop_table(table)
