"""Members through a synchronisation: staged, taken out, imported, accounted for; and the windows on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.people import Gate
from dyntui.store import (
    chunks,
    held,
    intervals,
    leaving,
    list_unsubscribes,
    member_window,
    members,
    outcomes,
    pending_members,
    runs,
    settling,
    staging,
    strangers,
    suppressions,
)
from dyntui.store.leaving import Leaver
from dyntui.store.pending_members import Acknowledged, Rejection
from dyntui.store.schema import book_stranger, list_member, marketing_list
from dyntui.store.staging import Staged
from tests.empty_store import open_empty_store
from tests.store.windows import windowed

from .worlds import opted_out

ACCOUNT, OTHER = "account-a", "account-b"
NOW = "2026-03-01T10:00:00Z"
LATER = "2026-03-02T10:00:00Z"


def person(name: str, *gates: str, address: str | None = None, version: str = "1") -> Staged:
    return Staged(
        person_id=name,
        entity="contact",
        name=name.title(),
        address=f"{name}@example.com" if address is None else address,
        created_on="2020-01-01T00:00:00Z",
        fields={"FULLNAME": name, "CITY": None},
        fingerprint=version,
        gates=[Gate(code) for code in gates],
    )


def listing(c: Connection, run_id: str, *people: Staged) -> None:
    staging.stage(c, "list", run_id, people)
    settling.settle(c, "list", run_id, ACCOUNT, NOW)


def imported(c: Connection, contact_id: int | None = 7) -> list[str]:
    batch = pending_members.batch(c, "list", 1000)
    pending_members.acknowledge(c, "list", [Acknowledged(each.address, contact_id) for each in batch], NOW)
    return [each.person_id for each in batch]


def became(c: Connection) -> dict[str, str]:
    m = list_member.c
    rows = c.execute(select(m.person_id, m.outcome, m.reason).where(m.list_id == "list").order_by(m.seq))
    return {row.person_id: f"{row.outcome} {row.reason}".strip() for row in rows}


def order(c: Connection) -> list[tuple[int, str]]:
    m = list_member.c
    return [tuple(row) for row in c.execute(select(m.seq, m.person_id).where(m.list_id == "list").order_by(m.seq))]


def test_a_first_synchronisation_adds_and_a_second_one_finds_nothing_to_do(c: Connection) -> None:
    people = (person("ann"), person("bob"), person("cleo", "INACTIVE"))
    listing(c, "r1", *people)
    assert imported(c) == ["ann", "bob"]
    assert became(c) == {"ann": "added", "bob": "added", "cleo": "excluded INACTIVE"}
    listing(c, "r2", *people)
    assert became(c) == {"ann": "unchanged", "bob": "unchanged", "cleo": "excluded INACTIVE"}
    assert (pending_members.count(c, "list"), leaving.leavers(c, "list", "r2")) == (0, [])


def test_who_left_with_a_rejection_behind_them_is_nobody_of_the_next_run(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    pending_members.reject(c, "list", [Rejection(address="bob@example.com", reason="MAIL_BLOCKED", retry_on=LATER)])
    imported(c)
    listing(c, "r2", person("ann"))
    assert members.counts(c, "list", "r2") == (ReasonCount(Outcome.UNCHANGED, "", 1),)


def test_a_changed_record_is_imported_again_as_an_update(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    imported(c, contact_id=42)
    listing(c, "r2", person("ann", version="2"))
    pending = pending_members.batch(c, "list", 10)
    assert [(each.person_id, each.in_book, each.contact_id, each.fields) for each in pending] == [
        ("ann", True, 42, {"FULLNAME": "ann", "CITY": None})
    ]
    imported(c, contact_id=None)
    assert became(c) == {"ann": "updated"}
    assert windowed(member_window.window, c, list_id="list").rows[0].contact_id == 42


def test_a_page_read_twice_counts_nobody_twice(c: Connection) -> None:
    page = [person("ann"), person("bob")]
    staging.stage(c, "list", "r1", page)
    staging.stage(c, "list", "r1", page)
    assert staging.listed(c, "list", "r1") == 2
    assert order(c) == [(0, "ann"), (1, "bob")]


def test_places_are_dense_at_every_moment(c: Connection) -> None:
    staging.stage(c, "list", "r1", [person("ann"), person("bob"), person("cleo")])
    staging.stage(c, "list", "r2", [person("cleo"), person("dora"), person("ann"), person("emil")])
    assert order(c) == [(0, "ann"), (1, "bob"), (2, "cleo"), (3, "dora"), (4, "emil")]
    settling.mark_left(c, "list", "r2")
    assert members.forget_left(c, "list", "r2") == 1
    # The last one takes the place that is free: the others keep theirs.
    assert order(c) == [(0, "ann"), (1, "emil"), (2, "cleo"), (3, "dora")]


def test_who_leaves_the_list_leaves_the_book_and_is_forgotten_after_the_audit(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"), person("cleo", "INACTIVE"))
    imported(c, contact_id=9)
    listing(c, "r2", person("ann"))
    assert leaving.leavers(c, "list", "r2") == [
        Leaver(
            person_id="bob", seq=1, name="Bob", contact_id=9, sent_address="bob@example.com", why="left", in_use=False
        )
    ]
    assert members.read_by(c, "list", "r2") == 2
    assert leaving.remove(c, "list", "r2", ["bob"]) == 1
    assert members.read_by(c, "list", "r2") == 2
    runs.create(c, runs.NewRun(id="r2", kind="lists", title="", account_id=ACCOUNT, sync_key="k", queued_on=NOW))
    outcomes.put_item(c, "r2", outcomes.Item(id="list", kind="list", name=""))
    intervals.keep(c, "list", "r2", "list", members.named("list", "r2"))
    outcomes.recount(c, "r2", "list")
    assert outcomes.tallies(c, ["r2"])["r2"].counts == (
        ReasonCount(Outcome.REMOVED, "", 1),
        ReasonCount(Outcome.UNCHANGED, "", 1),
    )
    assert members.forget_left(c, "list", "r2") == 2
    assert became(c) == {"ann": "unchanged"}


def test_held_removals_stay_until_they_are_decided(c: Connection) -> None:
    c.execute(insert(marketing_list).values(id="list", name="List", member_type="contact", activated=True))
    listing(c, "r1", person("ann"), person("bob"))
    imported(c)
    listing(c, "r2", person("ann"))
    assert leaving.to_be_guarded(c, "list", "r2") == 1
    assert leaving.hold(c, "list", "r2", "too many") == 1
    assert (leaving.leavers(c, "list", "r2"), leaving.to_be_guarded(c, "list", "r2")) == ([], 0)
    assert held.waiting(c) == 1
    assert members.forget_left(c, "list", "r2") == 0
    assert became(c) == {"ann": "unchanged", "bob": "held REMOVAL_HELD"}
    listing(c, "r3", person("ann"), person("bob"))
    assert became(c) == {"ann": "unchanged", "bob": "unchanged"}


def test_who_is_excluded_now_leaves_the_book_under_their_reason(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    imported(c)
    listing(c, "r2", person("ann", "DO_NOT_BULK_EMAIL"))
    assert [each.why for each in leaving.leavers(c, "list", "r2")] == ["withdrawn"]
    assert leaving.to_be_guarded(c, "list", "r2") == 0
    leaving.remove(c, "list", "r2", ["ann"])
    assert became(c) == {"ann": "excluded DO_NOT_BULK_EMAIL"}
    assert members.in_book(c, "list") == 0
    listing(c, "r3", person("ann"))
    imported(c)
    assert became(c) == {"ann": "added"}


def test_who_moved_to_another_address_takes_the_old_contact_out_first(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    imported(c, contact_id=1)
    listing(c, "r2", person("ann", address="new@example.com", version="2"))
    going = leaving.leavers(c, "list", "r2")
    assert [(each.why, each.contact_id, each.sent_address) for each in going] == [("moved", 1, "ann@example.com")]
    leaving.remove(c, "list", "r2", ["ann"])
    assert leaving.leavers(c, "list", "r2") == []
    imported(c, contact_id=2)
    assert became(c) == {"ann": "updated"}
    assert windowed(member_window.window, c, list_id="list").rows[0].contact_id == 2


def test_an_old_address_leaves_the_book_even_when_the_new_one_was_refused(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    imported(c)
    moved = person("ann", address="new@example.com", version="2")
    listing(c, "r2", moved)
    refused = Rejection(address="new@example.com", reason="REJECTED", retry_on=LATER)
    assert pending_members.reject(c, "list", [refused]) == 1
    listing(c, "r3", moved)
    assert became(c) == {"ann": "rejected REJECTED"}
    assert [each.sent_address for each in leaving.leavers(c, "list", "r3")] == ["ann@example.com"]
    leaving.remove(c, "list", "r3", ["ann"])
    assert (members.in_book(c, "list"), leaving.leavers(c, "list", "r3")) == (0, [])
    assert became(c) == {"ann": "rejected REJECTED"}


def test_a_contact_whose_address_another_member_takes_over_stays_in_the_book(c: Connection) -> None:
    listing(c, "r1", person("ann", address="shared@example.com"), person("bob", address="shared@example.com"))
    assert became(c) == {"ann": "", "bob": "excluded DUPLICATE_ADDRESS"}
    imported(c)
    listing(c, "r2", person("bob", address="shared@example.com"))
    going = leaving.leavers(c, "list", "r2")
    assert [(each.person_id, each.why, each.in_use) for each in going] == [("ann", "left", True)]


def test_leavers_come_in_pages(c: Connection) -> None:
    listing(c, "r1", *(person(f"p{number}") for number in range(7)))
    imported(c)
    listing(c, "r2")
    first = leaving.leavers(c, "list", "r2", limit=4)
    rest = leaving.leavers(c, "list", "r2", after=first[-1].seq, limit=4)
    assert [each.person_id for each in first + rest] == [f"p{number}" for number in range(7)]


def test_who_withdrew_consent_leaves_even_where_the_others_are_held(c: Connection) -> None:
    listing(c, "r1", *(person(name) for name in ("ann", "bob", "cleo", "dora", "emil")))
    imported(c)
    opted_out(c, "ann@example.com")
    suppressions.record(c, OTHER, [suppressions.Suppression("bob@example.com", "Unsubscribed", "SUPPRESSED")], NOW)
    list_unsubscribes.add(c, "list", [("cleo@example.com", NOW)], NOW)
    listing(c, "r2", person("dora", "INACTIVE"))
    assert leaving.hold(c, "list", "r2", "the list came back empty") == 2
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r2")] == [
        ("ann", "withdrawn"),
        ("bob", "withdrawn"),
        ("cleo", "withdrawn"),
    ]
    leaving.remove(c, "list", "r2", ["ann", "bob", "cleo"])
    rows = c.execute(select(list_member).where(list_member.c.list_id == "list"))
    found = {each.person_id: (each.outcome, each.reason, each.also) for each in rows}
    assert found["dora"] == (Outcome.HELD, "INACTIVE", "REMOVAL_HELD")
    assert found["emil"] == (Outcome.HELD, "REMOVAL_HELD", "")
    assert members.read_by(c, "list", "r2") == 5


def test_a_refused_row_is_not_offered_again_until_it_changes_or_its_time_comes(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    refused = Rejection(address="ann@example.com", reason="REJECTED", detail="InvalidEmail", retry_on=LATER)
    assert pending_members.reject(c, "list", [refused]) == 1
    imported(c)
    assert became(c) == {"ann": "rejected REJECTED", "bob": "added"}
    listing(c, "r2", person("ann"), person("bob"))
    assert became(c) == {"ann": "rejected REJECTED", "bob": "unchanged"}
    assert windowed(member_window.window, c, list_id="list", outcome="rejected").rows[0].detail == "InvalidEmail"
    settling.settle(c, "list", "r2", ACCOUNT, "2026-03-03T00:00:00Z")
    assert imported(c) == ["ann"]
    listing(c, "r3", person("ann", version="2"), person("bob"))
    assert imported(c) == ["ann"]
    assert became(c) == {"ann": "updated", "bob": "unchanged"}


def test_an_answer_for_nobody_pending_changes_nothing(c: Connection) -> None:
    listing(c, "r1", person("ann", "INACTIVE"), person("bob"))
    strangers = [Acknowledged("ann@example.com", 1), Acknowledged("nobody@example.com", 2)]
    assert pending_members.acknowledge(c, "list", strangers, NOW) == 0
    assert pending_members.reject(c, "list", [Rejection(address="ann@example.com", reason="REJECTED")]) == 0
    assert became(c) == {"ann": "excluded INACTIVE", "bob": ""}


def test_a_batch_is_the_same_until_it_is_answered(c: Connection) -> None:
    listing(c, "r1", *(person(f"p{number}") for number in range(5)))
    first = pending_members.batch(c, "list", 2)
    assert pending_members.batch(c, "list", 2) == first
    assert [each.person_id for each in pending_members.batch(c, "list", 2, after=first[-1].seq)] == ["p2", "p3"]


def test_a_list_without_a_book_knows_nothing_of_one(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    pending_members.reject(c, "list", [Rejection(address="bob@example.com", reason="REJECTED", retry_on=LATER)])
    imported(c)
    strangers.found(c, "list", "r1", [strangers.Found(7, "stranger@example.com", "")])
    members.forget_book(c, "list")
    assert c.execute(select(func.count()).select_from(book_stranger)).scalar_one() == 0
    settling.settle(c, "list", "r1", ACCOUNT, NOW)
    assert became(c) == {"ann": "", "bob": ""}
    assert members.in_book(c, "list") == 0


def test_people_of_other_lists_are_not_touched(c: Connection) -> None:
    staging.stage(c, "other", "r0", [person("ann")])
    listing(c, "r1", person("ann"))
    imported(c)
    members.forget_left(c, "list", "r2")
    other = windowed(member_window.window, c, list_id="other")
    assert [(row.person, row.outcome) for row in other.rows] == [("ann", None)]


def people(c: Connection, **asked: object) -> tuple[list[str], int, int]:
    found = windowed(member_window.window, c, list_id="list", **asked)
    return [row.person for row in found.rows], found.matching, found.total


def test_a_window_is_a_range_of_places(c: Connection) -> None:
    listing(c, "r1", *(person(f"p{number:03}") for number in range(300)))
    assert people(c, offset=298, limit=10) == (["p298", "p299"], 300, 300)
    assert people(c, offset=300, limit=10) == ([], 300, 300)
    assert people(c, sort="-name", limit=2) == (["p299", "p298"], 300, 300)
    assert people(c, sort="-name", offset=299) == (["p000"], 300, 300)


def test_a_window_is_narrowed_by_outcome_reason_and_search(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob", "INACTIVE"), person("cleo", "INACTIVE"), person("dora", "MERGED"))
    assert people(c, outcome="excluded") == (["bob", "cleo", "dora"], 3, 4)
    assert people(c, outcome="excluded", reason="INACTIVE", offset=1) == (["cleo"], 2, 4)
    assert people(c, search="EO@EX") == (["cleo"], 1, 4)
    assert people(c, reason="INACTIVE", search="bob") == (["bob"], 1, 4)


def test_a_search_means_what_it_says_in_every_script(c: Connection) -> None:
    names = {"a": "Åsa Öberg", "b": "100% Wool", "c": "under_score", "d": "Ελένη", "e": "back\\slash", "f": "%_"}
    rows = [Staged(**{**_fields(key), "name": name, "address": ""}) for key, name in names.items()]
    staging.stage(c, "list", "r1", rows)
    for search, found in {
        "åsa": ["a"],
        "ÖBERG": ["a"],
        "ΕΛΈΝΗ": ["d"],
        "100%": ["b"],
        "%": ["b", "f"],
        "_": ["c", "f"],
        "\\": ["e"],
        "'; DROP TABLE list_member; --": [],
    }.items():
        assert people(c, search=search)[0] == found, search


def _fields(key: str) -> dict[str, object]:
    return {"person_id": key, "entity": "contact", "created_on": "", "fields": {}, "fingerprint": ""}


def test_a_deep_window_of_a_long_list_costs_no_more_than_a_shallow_one(tmp_path: Path) -> None:
    opened = open_empty_store(tmp_path / "store.db")
    with opened.write() as c:
        listing(c, "r1", *(person(f"p{number:04}") for number in range(5000)))

    def steps(offset: int) -> int:
        """Instructions of the database engine, in tens."""
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with opened.read() as c:
            driver = c.connection.driver_connection
            assert driver is not None
            driver.set_progress_handler(count, 10)
            found = windowed(member_window.window, c, list_id="list", offset=offset, limit=50)
            driver.set_progress_handler(None, 0)
        assert [row.person for row in found.rows] == [f"p{offset + place:04}" for place in range(50)]
        assert (found.matching, found.total) == (5000, 5000)
        return counted

    assert steps(4900) <= steps(0) * 1.1
    opened.close()


@pytest.mark.parametrize("few", [1, 5000])
def test_what_matches_many_and_what_matches_few_comes_in_the_same_order(
    c: Connection, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(chunks, "FEW", few)
    listing(c, "r1", *(person(f"{'ann' if number % 3 else 'bob'}{9 - number}") for number in range(9)))

    assert people(c, search="bob") == (["bob9", "bob6", "bob3"], 3, 9)
    assert people(c, search="bob", offset=1, limit=1) == (["bob6"], 3, 9)
    assert people(c, search="bob", sort="-name") == (["bob9", "bob6", "bob3"], 3, 9)
    assert people(c, search="bob", offset=3) == ([], 3, 9)
    assert people(c, search="nobody") == ([], 0, 9)


@pytest.mark.parametrize("asked", [{"search": "nobody"}, {"sort": "name", "offset": 4900}])
def test_a_search_and_the_order_by_name_read_an_index_alone_and_sort_nothing(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    opened = open_empty_store(tmp_path / "store.db")
    with opened.write() as c:
        listing(c, "r1", *(person(f"p{number:04}") for number in range(5000)))
    executed: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        executed.append((statement, parameters))

    with opened.read() as c:
        event.listen(opened.engine, "before_cursor_execute", note)
        windowed(member_window.window, c, list_id="list", limit=50, **asked)
        event.remove(opened.engine, "before_cursor_execute", note)
        plan = [
            str(row[3])
            for statement, parameters in executed
            for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    opened.close()

    looked_at = [step for step in plan if "ix_list_member_seq" not in step]
    assert looked_at == ["SEARCH list_member USING COVERING INDEX ix_list_member_name (list_id=?)"], plan
