"""What of a store stays as a backup takes its place, whatever revision the store is of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dyntui.store import consent_sources
from dyntui.store.put_back import Marked, marked

MARKS = (
    "CREATE TABLE not_production (account_id, marked_by, marked_on);"
    " INSERT INTO not_production VALUES ('a', 'Mira', '2026')"
)
ALLOWED = (
    "CREATE TABLE allowed_address (entry, added_by, added_on);"
    " INSERT INTO allowed_address VALUES ('@x', 'Mira', '2026')"
)
ANSWER = (
    "CREATE TABLE watermark (account_id, feed, value);"
    f" INSERT INTO watermark VALUES ('', '{consent_sources.ANSWER}', '[\"marketing\"]')"
)
VERSION = "CREATE TABLE store_version (version_num)"
WHO = (("a", "Mira", "2026"),)


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        ((MARKS, ALLOWED, ANSWER), Marked(WHO, (("@x", "Mira", "2026"),), ("marketing",))),
        ((MARKS, ANSWER), Marked(WHO, (), ("marketing",))),
        ((MARKS, ALLOWED), Marked(WHO, (("@x", "Mira", "2026"),))),
        ((ANSWER,), Marked(opt_outs=("marketing",))),
        ((), Marked()),
    ],
)
def test_what_an_older_store_knows_stays_also_where_it_knows_less(
    there: tuple[str, ...], stays: Marked, tmp_path: Path
) -> None:
    file = tmp_path / "dyntui.db"
    with closing(sqlite3.connect(file)) as c:
        for each in (VERSION, *there):
            c.executescript(each)
    assert marked(file) == stays


def test_of_what_is_no_store_nothing_is_known(tmp_path: Path) -> None:
    nothing = Marked(unread=("environment", "opt-outs", "handed sends"))
    file = tmp_path / "dyntui.db"
    assert marked(file) == nothing
    file.write_text("no database")
    assert marked(file) == nothing
    file.write_bytes(b"")
    assert marked(file) == nothing
