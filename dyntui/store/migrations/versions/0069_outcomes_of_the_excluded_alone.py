"""Of outcomes only those decide about who stands excluded that are, or were, an exclusion: all others are looked at in
every run, and one row that is tried again does not have the whole list looked at."""

from __future__ import annotations

from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

_COUNT = "UPDATE settled_list SET times = times + 1 WHERE list_id = '';"
_TRIGGER = "list_member_moved_update"
_DECIDE = (
    *("entity", "name", "address", "created_on", "own_reasons", "own_detail", "filtered", "filtered_detail"),
    *("mailed_as", "channel", "has_left"),
)
_OUTCOME = ("outcome", "reason", "detail", "also", "gated_by")


def _differs(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"old.{each} IS NOT new.{each}" for each in columns)


def _replace(condition: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(f"DROP TRIGGER IF EXISTS {_TRIGGER}")
    columns = ", ".join((*_DECIDE, *_OUTCOME))
    op.execute(
        f"CREATE TRIGGER {_TRIGGER} AFTER UPDATE OF {columns} ON list_member WHEN {condition} BEGIN {_COUNT} END"
    )


def upgrade() -> None:
    excluded = "(old.outcome = 'excluded' OR new.outcome = 'excluded')"
    _replace(f"{_differs(_DECIDE)} OR {excluded} AND ({_differs(_OUTCOME)})")


def downgrade() -> None:
    _replace(_differs((*_DECIDE, *_OUTCOME)))
