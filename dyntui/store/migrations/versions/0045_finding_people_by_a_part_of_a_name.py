"""People are found by any part of a name or address: an index of the three-letter pieces of what lists say of them.

Only in a file, and only where its SQLite has full-text search with trigrams: elsewhere every row is read. What triggers
put down in `person_text_due` is brought into the index beside the synchronisations.
"""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# Not OR IGNORE: what a statement does about conflicts of its own holds for its triggers as well.
_MARK = (
    "INSERT INTO person_text_due (person_id) SELECT {which}.person_id"
    " WHERE NOT EXISTS (SELECT 1 FROM person_text_due WHERE person_id = {which}.person_id);"
)
_TRIGGERS = (
    ("insert", "INSERT", "", _MARK.format(which="new")),
    (
        "update",
        "UPDATE OF name, address, person_id",
        "WHEN old.name <> new.name OR old.address <> new.address OR old.person_id <> new.person_id",
        _MARK.format(which="old") + _MARK.format(which="new"),
    ),
    ("delete", "DELETE", "", _MARK.format(which="old")),
)


def upgrade() -> None:
    op.create_table(
        "person_text",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_person_text")),
        sa.UniqueConstraint("person_id", name=op.f("uq_person_text_person_id")),
    )
    op.create_table(
        "person_text_due",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_text_due")),
    )
    connection = op.get_bind()
    if connection.dialect.name != "sqlite" or sqlite3.sqlite_version_info < (3, 34):
        return
    asked = sa.text("SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_FTS5'")
    if connection.execute(asked).first() is None:
        return
    op.execute(
        "CREATE VIRTUAL TABLE person_grams USING fts5(said, content='person_text', content_rowid='no',"
        " tokenize='trigram case_sensitive 1', detail=none, columnsize=0)"
    )
    for name, event, when, does in _TRIGGERS:
        op.execute(f"CREATE TRIGGER list_member_said_{name} AFTER {event} ON list_member {when} BEGIN {does} END")
    op.execute("INSERT INTO person_text_due SELECT DISTINCT person_id FROM list_member")


def downgrade() -> None:
    for name, *_ in _TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS list_member_said_{name}")
    op.execute("DROP TABLE IF EXISTS person_grams")
    op.drop_table("person_text_due")
    op.drop_table("person_text")
