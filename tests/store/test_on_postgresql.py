"""What is so only where a store is a PostgreSQL database: several processes at once, a server that may be away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text, update

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.folding import fold
from dyntui.store import failures, intervals, members, outcomes, runs, staging, watermarks
from dyntui.store.database import Database, open_store
from dyntui.store.dialects import folded
from dyntui.store.outcomes import Item
from dyntui.store.runs import NewRun
from dyntui.store.schema import list_member
from dyntui.store.staging import Staged
from dyntui.store.windows import contains
from tests import postgresql

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(scope="module")
def server_db() -> Iterator[Database]:
    with postgresql.database() as url:
        opened = open_store(url, "dyntui test")
        yield opened
        opened.close()


def refusal(url: str) -> DyntuiError:
    with pytest.raises(DyntuiError) as refused:
        open_store(url)
    return refused.value


def test_a_reading_block_cannot_write(server_db: Database) -> None:
    with pytest.raises(DyntuiError, match="STORE_READ_ONLY"), server_db.read() as c:
        watermarks.put(c, "account", "feed", "never")
    with server_db.write() as c:
        watermarks.put(c, "account", "feed", "but the same connection writes later")


def test_text_that_postgresql_does_not_store_keeps_its_length(server_db: Database) -> None:
    with server_db.write() as c:
        watermarks.put(c, "account", "odd", "a\0b")
        assert watermarks.get(c, "account", "odd") == "a\ufffdb"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        *(("Zoë Straße", "STRAßE"), ("Zoë Straße", "ZOË"), ("ÉCOLE", "ecole"), ("Søren", "soren"), ("Ecole", "école")),
        *(("Nguye\u0302\u0303n", "nguyễn"), ("ŁUKASZ", "lukasz"), ("李雷", "李")),
    ],
)
def test_searches_ignore_case_and_accents_beyond_ascii(server_db: Database, name: str, asked: str) -> None:
    with server_db.read() as c:
        assert c.execute(select(contains((func.concat(name),), asked))).scalar_one()
        assert c.execute(select(folded(func.concat(name)))).scalar_one() == fold(name)


BLOCKS_READ = """
SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
WHERE oid = CAST('standing' AS regclass)
   OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = CAST('standing' AS regclass))
"""


def test_what_became_of_a_large_new_list_is_kept_at_a_cost_that_grows_with_it(server_db: Database) -> None:
    people = [
        Staged(
            person_id=f"p{number:05}",
            entity="contact",
            name="Ann",
            address=f"p{number}@x.org",
            created_on="",
            fields={},
            fingerprint="f",
        )
        for number in range(3000)
    ]
    with server_db.write() as c:
        staging.stage(c, "large", "listing", people)
        c.execute(update(list_member).values(outcome="unchanged"))
        now = "2026-03-01T10:00:00Z"
        runs.create(c, NewRun(id="r", kind="lists", title="", account_id="a", sync_key="r", queued_on=now))
        outcomes.put_item(c, "r", Item(id="large", kind="list", name="Large"))
        before = c.execute(text(BLOCKS_READ)).scalar_one()
        intervals.keep(c, "list/large", "r", "large", members.named("large", "listing"))
        read = c.execute(text(BLOCKS_READ)).scalar_one() - before
        assert [each.people for each in outcomes.recount(c, "r", "large")] == [3000]
        # Seven for each row; more and more where each is looked for among all that are being inserted.
        assert read < 15 * 3000


# Each adds one to the same number a hundred times, reading it first: without turns some would be lost.
COUNTING = """
import sys
from dyntui.store import watermarks
from dyntui.store.database import open_store
db = open_store(sys.argv[1])
for _ in range(100):
    with db.write() as c:
        watermarks.put(c, "account", "counted", str(int(watermarks.get(c, "account", "counted") or 0) + 1))
"""


def test_what_several_processes_read_and_write_at_once_is_whole(server_db: Database) -> None:
    url = server_db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    processes = [subprocess.Popen([sys.executable, "-c", COUNTING, url]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    with server_db.read() as c:
        assert watermarks.get(c, "account", "counted") == "200"


@contextmanager
def database_set_to(setting: str) -> Iterator[str]:
    """The address of a database whose administrator has set this for everybody who connects."""
    with postgresql.blank_database() as url:
        with psycopg.connect(url, autocommit=True) as c:
            c.execute(f"ALTER DATABASE {c.info.dbname} SET {setting}".encode())
        yield url


def test_a_writer_sees_what_was_kept_before_its_turn_whatever_the_database_is_set_to() -> None:
    with database_set_to("default_transaction_isolation = 'repeatable read'") as url, closing(open_store(url)) as db:
        processes = [subprocess.Popen([sys.executable, "-c", COUNTING, url]) for _ in range(2)]
        assert [process.wait() for process in processes] == [0, 0]
        with db.read() as c:
            assert watermarks.get(c, "account", "counted") == "200"


def test_a_long_statement_comes_to_its_end_whatever_the_database_is_set_to() -> None:
    numbers = select(func.count()).select_from(func.generate_series(1, 300_000))
    with database_set_to("statement_timeout = '5ms'") as url, closing(open_store(url)) as db, db.write() as c:
        assert c.execute(numbers).scalar_one() == 300_000


def test_a_connection_that_the_server_ended_is_unreachable_once(server_db: Database) -> None:
    def end(c: Connection) -> None:
        mine = c.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with psycopg.connect(str(c.engine.url.set(drivername="postgresql")), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))

    with pytest.raises(DyntuiError, match="STORE_UNREACHABLE"), server_db.write() as c:
        end(c)
        watermarks.put(c, "account", "ended", "never")
    with server_db.write() as c:
        assert watermarks.get(c, "account", "ended") == ""


def test_a_database_that_orders_by_a_language_is_refused_and_left_alone() -> None:
    with postgresql.blank_database("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'") as url:
        error = refusal(url)
        assert (error.code, error.exit) == ("STORE_COLLATION", Exit.USAGE)
        assert "LOCALE 'C.UTF-8'" in error.remedy
        with psycopg.connect(url) as c:
            assert c.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_addresses_that_lead_nowhere_are_named_without_a_password(tmp_path: object) -> None:
    away = refusal(f"postgresql://dyntui:secret@/dyntui?host={tmp_path}")
    assert (away.code, away.exit) == ("STORE_UNREACHABLE", Exit.UNREACHABLE)
    for url in ("mysql://dyntui:secret@localhost/x", "postgresql//:secret", ""):
        assert (refused := refusal(url)).code == "STORE_ADDRESS"
        assert "secret" not in str(refused) + refused.message
    assert "secret" not in str(away) + away.message + away.detail


def test_a_server_whose_name_leads_nowhere_or_whose_line_breaks_is_away_and_no_defect() -> None:
    error = refusal("postgresql://dyntui:secret@no-such-host.invalid/dyntui")
    assert (error.code, error.exit) == ("STORE_UNREACHABLE", Exit.UNREACHABLE)
    for said in ("consuming input failed: SSL SYSCALL error: EOF detected", "failed to resolve host 'db': -3"):
        away = failures.translate("db", psycopg.OperationalError(said))
        assert away is not None and away.code == "STORE_UNREACHABLE", said
    too_many = "sending query and params failed: number of parameters must be between 0 and 65535"
    assert failures.translate("db", psycopg.OperationalError(too_many)) is None
