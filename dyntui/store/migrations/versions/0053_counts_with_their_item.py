"""How many people ended in each outcome stands with the item of the run that they are of, in one value."""

from __future__ import annotations

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_KEEP = sa.text("UPDATE run_item SET counts = :counts WHERE run_id = :run AND item_id = :item")
_TALLY = sa.text("SELECT run_id, item_id, outcome, reason, people FROM run_tally ORDER BY run_id, item_id")
_PUT = sa.text(
    "INSERT INTO run_tally (run_id, item_id, outcome, reason, people) VALUES (:run, :item, :outcome, :reason, :people)"
)


def upgrade() -> None:
    op.add_column("run_item", sa.Column("counts", sa.JSON(), server_default="{}", nullable=False))
    c = op.get_bind()
    for (run, item), rows in groupby(c.execute(_TALLY).all(), lambda row: (row.run_id, row.item_id)):
        counts: dict[str, dict[str, int]] = {}
        for row in rows:
            counts.setdefault(row.outcome, {})[row.reason] = row.people
        c.execute(_KEEP, {"counts": json.dumps(counts), "run": run, "item": item})
    op.drop_table("run_tally")


def downgrade() -> None:
    op.create_table(
        "run_tally",
        sa.Column("run_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("item_id", "outcome", "reason")),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "item_id", "outcome", "reason"),
    )
    c = op.get_bind()
    for row in c.execute(sa.text("SELECT run_id, item_id, counts FROM run_item")).all():
        for outcome, reasons in (json.loads(row.counts) if isinstance(row.counts, str) else row.counts).items():
            for reason, people in reasons.items():
                values = {"run": row.run_id, "item": row.item_id, "outcome": outcome, "reason": reason}
                c.execute(_PUT, values | {"people": people})
    op.drop_column("run_item", "counts")
