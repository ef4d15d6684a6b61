"""Finding people by any part of a name or address: the index, and what is so without it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, update

from dyntui.model.member_changes import PeopleSlice
from dyntui.model.paging import Window
from dyntui.store import known_people, people_slices, person_search
from dyntui.store.schema import list_member, suppression

PEOPLE = {
    "p1": ("Anna Dahlberg", "anna.dahlberg@example.org"),
    "p2": ("Åke Öberg", "AKE@Firma.example"),
    "p3": ("Zoë Straße", "zoe@strasse.test"),
    "p4": ('100%_"sure"', "o'neil@example.org"),
    "p5": ("李雷", ""),
    "p6": ("Ann", "ann@example.org"),
}
SEARCHES = (
    *("dahl", "DAHLBERG", "a D", "example.org", "öbe", "ÖBERG", "straße", "STRASSE", "zoë", "0%_", '"su', "o'n"),
    *(
        "李",
        "李雷",
        "an",
        "x",
        "nobody",
        "anna.dahlberg@example.org",
        "   ",
        "ake@firma",
        "ake o",
        "oberg",
        "zoe",
        "Zöe Strasse",
        " ann@example.org ",
        "\u00a0Zöe Strasse\n",
    ),
)


def member(c: Connection, person: str, name: str, address: str, list_id: str = "l1") -> None:
    values = {"list_id": list_id, "person_id": person, "seq": 0, "entity": "contact", "fields": {}}
    c.execute(insert(list_member).values(**values, name=name, address=address))


def found(c: Connection, search: str) -> list[str]:
    return [each.person or each.address for each in known_people.window(c, Window(search=search)).rows]


def without_index(c: Connection, search: str) -> list[str]:
    """The same search where no index is."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(person_search, "_has_index", lambda c: False)
        return found(c, search)


def caught_up(c: Connection) -> int:
    done = 0
    while some := person_search.catch_up(c, 2):
        done += some
    return done


def test_the_index_finds_whom_every_row_would_find_however_people_come_change_and_go(c: Connection) -> None:
    for person, (name, address) in PEOPLE.items():
        member(c, person, name, address)
    member(c, "p1", "Anna Öberg", "old@example.org", "l2")
    before = {search: without_index(c, search) for search in SEARCHES}
    assert before["öbe"] == before["oberg"] == ["p1", "p2"] and before["0%_"] == ["p4"] and before["李雷"] == ["p5"]
    assert before["zoe"] == before["zoë"] == before["Zöe Strasse"] == ["p3"] and before["ake o"] == ["p2"]
    assert before["\u00a0Zöe Strasse\n"] == ["p3"] and before[" ann@example.org "] == ["p6"]
    # Whom the index does not know yet is found all the same.
    assert {search: found(c, search) for search in SEARCHES} == before
    assert caught_up(c) == len(PEOPLE)
    assert {search: found(c, search) for search in SEARCHES} == before
    assert not person_search.is_due(c)
    assert found(c, "nob\0dy") == []

    person = list_member.c.person_id
    c.execute(update(list_member).where(person == "p6").values(name="Dahlia"))
    c.execute(update(list_member).where(person == "p3").values(seq=7))
    c.execute(delete(list_member).where(person == "p2"))
    c.execute(delete(list_member).where(list_member.c.list_id == "l2"))
    member(c, "p7", "Åsa Dahl", "asa@example.org")
    after = {search: without_index(c, search) for search in SEARCHES}
    assert after["dahl"] == ["p1", "p6", "p7"] and after["öbe"] == []
    assert {search: found(c, search) for search in SEARCHES} == after
    # Only who is called otherwise is due.
    assert caught_up(c) == 4
    assert {search: found(c, search) for search in SEARCHES} == after


def test_of_very_many_the_first_are_listed_it_is_said_so_and_a_list_is_made_of_them_all(
    c: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_people, "LISTED", 3)
    for number in range(5):
        member(c, f"p{number}", f"Bob {number}", f"bob{number}@example.org")
    c.execute(insert(suppression).values(account_id="a", address="bob.alone@example.org"))
    caught_up(c)
    page = known_people.window(c, Window(search="bob"))
    assert (len(page.rows), page.matching, page.more) == (4, 4, True)
    assert not known_people.window(c, Window(search="bob 1")).more
    everybody = {each.person for each in people_slices.everybody(c, PeopleSlice(search="bob"))}
    assert everybody == {*(f"p{number}" for number in range(5)), "bob.alone@example.org"}


def test_the_index_answers_without_reading_every_row(c: Connection) -> None:
    for person, (name, address) in PEOPLE.items():
        member(c, person, name, address)
    caught_up(c)
    asked = person_search._in_the_index
    plans: list[str] = []

    def explained(_: Connection, cursor: Any, statement: str, parameters: Any, *more: object) -> None:
        if "MATCH" in statement and not statement.startswith("EXPLAIN"):
            plan = c.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(" ".join(str(row[3]) for row in plan.fetchall()))

    event.listen(c, "before_cursor_execute", explained)
    assert asked(c, "dahl", 10) == ["p1"]
    (plan,) = plans
    assert "SEARCH person_text USING INTEGER PRIMARY KEY" in plan and "SCAN person_text" not in plan


def test_a_wrong_address_is_found_as_it_is_written(c: Connection) -> None:
    member(c, "p7", "Somebody", "jörg@firma.example")
    for asked in ("jörg@", "JÖRG@Firma"):
        assert found(c, asked) == without_index(c, asked) == ["p7"], asked
