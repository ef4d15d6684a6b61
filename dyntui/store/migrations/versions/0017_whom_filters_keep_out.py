"""What the subscription filters of lists have against their members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_member", sa.Column("opt_in", sa.Integer(), server_default="0", nullable=False))
    for name in ("filtered", "filtered_detail"):
        op.add_column("list_member", sa.Column(name, sa.String(), server_default="", nullable=False))

    op.add_column("marketing_list", sa.Column("judged_by", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("marketing_list", "judged_by")
    for name in ("filtered_detail", "filtered", "opt_in"):
        op.drop_column("list_member", name)
