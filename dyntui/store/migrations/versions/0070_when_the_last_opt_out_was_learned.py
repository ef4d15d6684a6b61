"""The newest opt-out is found by an index, and not by reading them all."""

from __future__ import annotations

from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_opt_out_learned_on", "opt_out", ["learned_on"])


def downgrade() -> None:
    op.drop_index("ix_opt_out_learned_on", table_name="opt_out")
