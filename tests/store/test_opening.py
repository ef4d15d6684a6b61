"""Opening a store: created, upgraded, or refused without a trace."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import Outcome
from dyntui.store import backups, outcomes, watermarks
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.store.migrations import HEAD, VERSION_TABLE
from dyntui.store.migrations.upgrade import config
from dyntui.store.schema import metadata, opt_out, opt_out_address


def refusal(path: Path) -> DyntuiError:
    with pytest.raises(DyntuiError) as refused:
        open_store(sqlite_url(path))
    return refused.value


def test_the_revisions_build_exactly_the_tables_that_the_code_speaks_of(c: Connection) -> None:
    # Full-text search has tables of its own.
    options = {
        "compare_type": True,
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or not name.startswith("person_grams"),
    }
    assert compare_metadata(MigrationContext.configure(c, opts=options), metadata) == []


def shape(c: Connection) -> dict[str, object]:
    """Columns with their defaults and keys, and every index as written."""
    tables = [table.name for table in metadata.sorted_tables]
    columns = {name: c.execute(text(f"PRAGMA table_info({name})")).all() for name in tables}
    indexes = c.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    return {**columns, "indexes": sorted(indexes.all())}


def test_the_revisions_give_every_column_its_default(tmp_path: Path) -> None:
    opened = open_store(sqlite_url(tmp_path / "store.db"))
    direct = create_engine("sqlite://")
    with opened.read() as built, direct.begin() as made:
        metadata.create_all(made)
        assert shape(built) == shape(made)
    opened.close()
    direct.dispose()


def test_the_revision_that_opening_expects_is_the_last_one() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_opt_outs_known_by_address_alone_and_counts_of_runs_go_on_counting(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as c:
        command.upgrade(config(c), "0001")
        c.execute(
            text(
                "INSERT INTO opt_out (address, reason, entity, person_id, listing) VALUES "
                "('ann@example.com', 'DO_NOT_BULK_EMAIL', 'contact', 'p1', '000000000007'), "
                "('ann@work.example', 'DO_NOT_EMAIL', 'contact', 'p1', '000000000009'), "
                "('bob@example.com', 'DO_NOT_EMAIL', 'lead', 'p2', '000000000009')"
            )
        )
        c.execute(text("INSERT INTO run (id, kind, request, cursor) VALUES ('r', 'lists', '{}', '{}')"))
        c.execute(
            text(
                "INSERT INTO run_item (run_id, item_id, status, people_read) VALUES "
                "('r', 'one', 'Completed', 5), ('r', 'two', 'Completed', 2)"
            )
        )
        c.execute(
            text(
                "INSERT INTO run_tally (run_id, item_id, outcome, reason, people) VALUES "
                "('r', 'one', 'added', '', 3), ('r', 'one', 'excluded', 'INACTIVE', 2), ('r', 'two', 'added', '', 2)"
            )
        )
    engine.dispose()
    opened = open_store(url)
    if url.startswith("sqlite"):
        # As it was before the upgrade.
        (copy,) = backups.found(backups.folder_of(Path(opened.where)))
        assert (copy.revision, copy.automatic) == ("0001", True)
    with opened.read() as c:
        o, a = opt_out.c, opt_out_address.c
        assert [tuple(row) for row in c.execute(select(o.person_id, o.entity, o.reason).order_by(o.person_id))] == [
            ("p1", "contact", "DO_NOT_EMAIL"),
            ("p2", "lead", "DO_NOT_EMAIL"),
        ]
        assert [tuple(row) for row in c.execute(select(a.address, a.person_id).order_by(a.address))] == [
            ("ann@example.com", "p1"),
            ("ann@work.example", "p1"),
            ("bob@example.com", "p2"),
        ]
        kept = outcomes.tallies(c, ["r"])["r"]
        assert kept.read == 7 and kept.adds_up and kept.of(Outcome.ADDED) == 5
        assert [each.tally.named for each in outcomes.items(c, "r")] == [5, 2]
    opened.close()


def test_every_table_and_index_can_be_made_on_postgresql() -> None:
    dialect = postgresql.dialect()
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    statements += [
        str(CreateIndex(index).compile(dialect=dialect)) for table in metadata.sorted_tables for index in table.indexes
    ]
    active = next(each for each in statements if "ux_run_active" in each)
    assert active.endswith("WHERE status IN ('Queued', 'In process')")
    assert all(each.lstrip().startswith("CREATE") for each in statements)


def test_what_was_written_is_there_after_opening_again(url: str) -> None:
    first = open_store(url)
    with first.write() as c:
        watermarks.put(c, "account", "feed", "2026-01-01T00:00:00Z")
    first.close()
    second = open_store(url)
    with second.read() as c:
        assert watermarks.get(c, "account", "feed") == "2026-01-01T00:00:00Z"
    second.close()


def test_a_new_file_belongs_to_its_owner_alone_and_is_written_ahead(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    opened = open_store(sqlite_url(path))
    with opened.read() as c:
        settings = {name: c.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")}
        settings["synchronous"] = c.execute(text("PRAGMA synchronous")).scalar()
    opened.close()
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_block_that_raises_leaves_nothing_behind(db: Database) -> None:
    with pytest.raises(RuntimeError), db.write() as c:
        watermarks.put(c, "account", "feed", "half-way")
        raise RuntimeError
    with db.read() as c:
        assert watermarks.get(c, "account", "feed") == ""


def test_a_reading_block_cannot_write(tmp_path: Path) -> None:
    opened = open_store(sqlite_url(tmp_path / "store.db"))
    with pytest.raises(DyntuiError, match="STORE_READ_ONLY"), opened.read() as c:
        watermarks.put(c, "account", "feed", "never")
    with opened.write() as c:
        watermarks.put(c, "account", "feed", "but the same connection writes later")
    opened.close()


def test_a_reader_sees_one_moment_while_somebody_writes(db: Database) -> None:
    with db.write() as c:
        watermarks.put(c, "account", "feed", "before")
    with db.read() as reader:
        assert watermarks.get(reader, "account", "feed") == "before"
        with db.write() as writer:
            watermarks.put(writer, "account", "feed", "after")
        assert watermarks.get(reader, "account", "feed") == "before"


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to look at. " * 200, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    error = refusal(path)
    assert error.code == "STORE_CORRUPT"
    assert str(path) in error.message
    assert path.read_bytes() == content


def test_a_page_damaged_in_the_middle_is_named_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    opened = open_store(sqlite_url(path))
    with opened.write() as c:
        for number in range(2000):
            watermarks.put(c, "account", f"feed-{number:05}", "x" * 50)
    opened.close()
    with closing(sqlite3.connect(path)) as file:
        root = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'watermark'").fetchone()[0]
        size = file.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\xff" * size)
    opened = open_store(sqlite_url(path))
    with pytest.raises(DyntuiError, match="STORE_CORRUPT"), opened.read() as c:
        c.execute(text("SELECT count(*), max(value) FROM watermark")).one()
    opened.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        file.commit()
    before = path.read_bytes()
    error = refusal(path)
    assert (error.code, error.exit) == ("STORE_NEWER", Exit.FAILED)
    assert "9999" in error.message
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE recipe (name TEXT)")
        file.commit()
    before = path.read_bytes()
    assert refusal(path).code == "STORE_FOREIGN"
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    error = refusal(tmp_path / "nowhere" / "store.db")
    assert (error.code, error.exit) == ("STORE_UNREACHABLE", Exit.UNREACHABLE)
    assert not (tmp_path / "nowhere").exists()
