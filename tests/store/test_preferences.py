"""Choices of marketing preferences that wait to be compared: a page of them costs the same, however many wait."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.model.preferences import Choice
from dyntui.store import preferences
from dyntui.store.preferences import OfContact, OfRecord
from tests.empty_store import open_empty_store

ACCOUNT, PREFERENCE = "account", 1


def wait(c: Connection, first: int, people: int) -> None:
    """So many records, each with an address at which two contacts have chosen, the later one no."""
    numbers = range(first, first + people)
    preferences.keep(
        c,
        ACCOUNT,
        [
            OfContact(
                preference_id=PREFERENCE,
                contact_id=2 * number + later,
                address=f"p{number}@example.org",
                choice=Choice.NO if later else Choice.YES,
                chosen_on=f"2026-01-0{1 + later}T00:00:00Z",
            )
            for number in numbers
            for later in (0, 1)
        ],
    )
    preferences.keep_rows(
        c,
        ACCOUNT,
        [
            OfRecord(
                preference_id=PREFERENCE,
                person_id=f"r{number:06}",
                entity="contact",
                name="Name",
                address=f"p{number}@example.org",
                choice=Choice.YES,
                chosen_on="",
                row_id="",
            )
            for number in numbers
        ],
    )


def test_a_record_that_is_found_at_another_address_has_nothing_in_common_with_the_contact_there(tmp_path: Path) -> None:
    known = OfRecord(
        preference_id=PREFERENCE, person_id="r", entity="contact", address="before@example.org", choice=Choice.NO
    )
    with closing(open_empty_store(tmp_path / "store.db")) as db, db.write() as c:
        preferences.keep_rows(c, ACCOUNT, [known])
        preferences.settled(c, ACCOUNT, [known])
        for address, base in (("before@example.org", Choice.NO), ("now@example.org", Choice.NONE)):
            preferences.make(c, ACCOUNT, [replace(known, address=address, choice=Choice.NONE)])
            (pair,) = preferences.record_news(c, ACCOUNT, (-1, ""), 10)
            assert (pair.record.choice, pair.record.address, pair.base) == (Choice.NO, address, base)


def test_a_no_that_nobody_chose_is_none_until_it_is_said_anew(tmp_path: Path) -> None:
    first = OfContact(
        preference_id=PREFERENCE, contact_id=1, address="a@example.org", choice=Choice.NO, chosen_on="2026-01-02"
    )
    later = replace(first, chosen_on="2026-01-03")

    def news(c: Connection) -> list[OfContact]:
        return preferences.contact_news(c, ACCOUNT, 10)

    with closing(open_empty_store(tmp_path / "store.db")) as db, db.write() as c:
        preferences.not_chosen(c, ACCOUNT, [first])
        preferences.keep(c, ACCOUNT, [first])
        preferences.again(c, [first.address])
        preferences.readdress(c, ACCOUNT, {1: "b@example.org"})
        assert news(c) == [] and preferences.no_of(c, ACCOUNT, 1) == {PREFERENCE}
        preferences.keep(c, ACCOUNT, [later])
        assert news(c) == [later]
        preferences.not_chosen(c, ACCOUNT, [first])
        yes = replace(first, choice=Choice.YES)
        preferences.keep(c, ACCOUNT, [yes])
        assert news(c) == [yes]


def steps(c: Connection) -> int:
    """Of SQLite's machine, for a page in the middle."""
    driver: Any = c.connection.driver_connection
    taken = 0

    def one_hundred() -> int:
        nonlocal taken
        taken += 100
        return 0

    driver.set_progress_handler(one_hundred, 100)
    preferences.record_news(c, ACCOUNT, (PREFERENCE, "r000020"), 10)
    driver.set_progress_handler(None, 0)
    return taken


def test_each_record_comes_once_with_the_last_choice_and_a_page_does_not_cost_more_where_more_wait(
    tmp_path: Path,
) -> None:
    with closing(open_empty_store(tmp_path / "store.db")) as db, db.write() as c:
        wait(c, 0, 60)
        after, found = (-1, ""), []
        while page := preferences.record_news(c, ACCOUNT, after, 7):
            found += page
            after = (page[-1].record.preference_id, page[-1].record.person_id)
        assert [each.record.person_id for each in found] == [f"r{number:06}" for number in range(60)]
        assert {each.dotdigital.choice for each in found} == {Choice.NO}
        before = steps(c)
        wait(c, 60, 1200)
        assert steps(c) < 1.5 * before
