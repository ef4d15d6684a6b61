"""The index of names and addresses knows them without accents: everybody is put down for it anew."""

from __future__ import annotations

from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

_EVERYBODY = (
    "INSERT INTO person_text_due (person_id) SELECT DISTINCT person_id FROM person_text"
    " WHERE NOT EXISTS (SELECT 1 FROM person_text_due WHERE person_text_due.person_id = person_text.person_id)"
)


def upgrade() -> None:
    op.execute(_EVERYBODY)


def downgrade() -> None:
    op.execute(_EVERYBODY)
