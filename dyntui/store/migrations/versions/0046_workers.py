"""Which worker has a run, and for how long it is believed to live, where several machines share the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    op.add_column("run", _text("worker"))
    op.create_table(
        "worker",
        sa.Column("name", sa.String(), nullable=False),
        _text("kind"),
        _text("host"),
        sa.Column("process", sa.Integer(), server_default="0", nullable=False),
        *(_text(name) for name in ("version", "connections", "started_on")),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )
    service = sa.text("kind = 'service'")
    op.create_index(
        "ux_worker_service", "worker", ["kind"], unique=True, sqlite_where=service, postgresql_where=service
    )


def downgrade() -> None:
    op.drop_table("worker")
    op.drop_column("run", "worker")
