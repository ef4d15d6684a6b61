"""Runs: one per key, fenced, cancelled, finished only when everybody is accounted for."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, delete, insert

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus, Tally
from dyntui.model.paging import Window
from dyntui.store import outcomes, retention, run_window, runs
from dyntui.store.database import Database
from dyntui.store.outcomes import Item
from dyntui.store.runs import Calls, Fenced, NewRun, Problem, Waiting
from dyntui.store.schema import run, send
from tests.store.windows import windowed

NOW = "2026-03-01T10:00:00Z"


def new(run_id: str = "r1", key: str = "lists/a", **more: object) -> NewRun:
    values = {"kind": "lists", "title": "Marketing lists", "account_id": "a", "queued_on": NOW} | more
    return NewRun(id=run_id, sync_key=key, **values)  # type: ignore[arg-type]


def claimed(c: Connection, run_id: str = "r1") -> int:
    claim = runs.claim(c, run_id, NOW)
    assert claim is not None
    return claim.token


def person(name: str, outcome: Outcome = Outcome.ADDED, reason: str = "") -> PersonOutcome:
    return PersonOutcome(person=name, outcome=outcome, reason=reason)


def test_a_second_run_of_the_same_key_is_the_first_one(c: Connection) -> None:
    first = runs.create(c, new("r1"))
    second = runs.create(c, new("r2"))
    other = runs.create(c, new("r3", key="campaigns/a"))
    assert (first.id, second.id, other.id) == ("r1", "r1", "r3")
    assert runs.get(c, "r2") is None


def test_the_beginning_of_an_id_names_runs_in_any_letter_case_and_nothing_else(c: Connection) -> None:
    for place, run_id in enumerate(("3d9f-1", "3d9f-2", "4a_b-1", "4aXb-1")):
        runs.create(c, new(run_id, key=f"lists/{place}"))
    assert runs.ids_beginning(c, "3D9F") == ["3d9f-1", "3d9f-2"]
    assert runs.ids_beginning(c, "3d9f-2") == ["3d9f-2"]
    assert runs.ids_beginning(c, "4a_b") == ["4a_b-1"]
    assert runs.ids_beginning(c, "%") == []


def test_a_key_is_free_again_once_its_run_has_ended(c: Connection) -> None:
    runs.create(c, new("r1"))
    runs.finish(c, "r1", claimed(c), NOW)
    assert runs.create(c, new("r2")).id == "r2"


def test_two_processes_that_queue_at_once_get_one_run(db: Database) -> None:
    made: list[str] = []

    def queue(run_id: str) -> None:
        with db.write() as c:
            made.append(runs.create(c, new(run_id)).id)

    threads = [threading.Thread(target=queue, args=(f"r{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


def test_a_worker_goes_on_from_the_cursor_with_a_token_of_its_own(c: Connection) -> None:
    runs.create(c, new(request={"lists": ["x"]}))
    token = claimed(c)
    assert runs.advance(c, "r1", token, cursor={"page": 7}, stage="Reading", done=7, of=9) == "run"
    claim = runs.claim(c, "r1", "2026-03-01T11:00:00Z")
    assert claim is not None
    assert (claim.token, claim.cursor, claim.request) == (token + 1, {"page": 7}, {"lists": ["x"]})
    # It was not at work since it was queued, or since it last said so.
    assert claim.at_work_on == NOW
    runs.advance(c, "r1", claim.token, at="2026-03-01T11:30:00Z")
    runs.advance(c, "r1", claim.token, stage="Reading")
    again = runs.claim(c, "r1", "2026-03-01T12:00:00Z")
    assert again is not None and again.at_work_on == "2026-03-01T11:30:00Z"
    run = runs.get(c, "r1")
    assert run is not None
    assert (run.status, run.started_on, run.stage, run.stage_done, run.stage_of) == (
        RunStatus.IN_PROCESS,
        NOW,
        "Reading",
        7,
        9,
    )


def test_a_worker_that_was_taken_for_dead_changes_nothing(db: Database) -> None:
    with db.write() as c:
        runs.create(c, new())
        old = claimed(c)
        fresh = claimed(c)
    with pytest.raises(Fenced), db.write() as c:
        outcomes.record(c, "r1", "item", [person("p1")])
        runs.advance(c, "r1", old, cursor={"page": 99})
    with pytest.raises(Fenced), db.write() as c:
        runs.finish(c, "r1", old, NOW)
    with db.write() as c:
        assert outcomes.counted(c, "r1") == Tally()
        assert runs.advance(c, "r1", fresh, cursor={"page": 1}) == "run"


def test_an_ended_run_cannot_be_claimed_advanced_or_ended_again(c: Connection) -> None:
    runs.create(c, new())
    token = claimed(c)
    runs.finish(c, "r1", token, NOW)
    assert runs.claim(c, "r1", NOW) is None
    with pytest.raises(Fenced):
        runs.advance(c, "r1", token)
    with pytest.raises(Fenced):
        runs.finish(c, "r1", token, NOW)


def test_an_unknown_run_is_no_ended_one(c: Connection) -> None:
    with pytest.raises(KeyError):
        runs.claim(c, "nobody", NOW)


def test_calls_add_up_over_saves(c: Connection) -> None:
    runs.create(c, new())
    token = claimed(c)
    runs.advance(c, "r1", token, calls=Calls(dataverse_reads=2, dotdigital_writes=1))
    runs.advance(c, "r1", token, calls=Calls(dataverse_reads=3))
    run = runs.get(c, "r1")
    assert run is not None
    assert (run.dataverse_reads, run.dataverse_writes, run.dotdigital_reads, run.dotdigital_writes) == (5, 0, 0, 1)


def test_cancelling_ends_a_queued_run_and_tells_a_running_one(c: Connection) -> None:
    runs.create(c, new("r1"))
    queued = runs.request_cancel(c, "r1", NOW)
    assert queued is not None
    assert (queued.status, queued.ended_on) == (RunStatus.CANCELLED, NOW)
    runs.create(c, new("r2"))
    token = claimed(c, "r2")
    running = runs.request_cancel(c, "r2", NOW)
    assert running is not None
    assert (running.status, running.desired) == (RunStatus.IN_PROCESS, "cancel")
    assert runs.advance(c, "r2", token) == "cancel"
    assert runs.request_cancel(c, "nobody", NOW) is None


def with_item(c: Connection, read: int, people: list[PersonOutcome]) -> int:
    runs.create(c, new())
    token = claimed(c)
    outcomes.put_item(c, "r1", Item(id="item", kind="list", name="Walkers", tally=Tally(read)))
    outcomes.record(c, "r1", "item", people)
    outcomes.put_item(c, "r1", Item(id="item", kind="list", name="Walkers", tally=Tally(read)))
    return token


@pytest.mark.parametrize(
    ("people", "status"),
    [
        ([person("a"), person("b", Outcome.UNCHANGED)], RunStatus.COMPLETED),
        ([person("a"), person("b", Outcome.EXCLUDED, "NO_EMAIL")], RunStatus.COMPLETED),
        ([person("a"), person("b", Outcome.REJECTED, "REJECTED")], RunStatus.COMPLETED_WITH_ERRORS),
        ([person("a", Outcome.REJECTED, "REJECTED"), person("b", Outcome.HELD, "REMOVAL_HELD")], RunStatus.HELD),
    ],
)
def test_a_run_ends_as_its_counts_earn(c: Connection, people: list[PersonOutcome], status: RunStatus) -> None:
    assert runs.finish(c, "r1", with_item(c, 2, people), NOW) is status
    run = runs.get(c, "r1")
    assert run is not None
    assert (run.status, run.people_read, run.tally.named) == (status, 2, 2)


@pytest.mark.parametrize("read", [1, 3])
@pytest.mark.parametrize("status", [None, RunStatus.COMPLETED])
def test_a_run_that_does_not_add_up_is_failed_whatever_was_asked_for(
    c: Connection, read: int, status: RunStatus | None
) -> None:
    token = with_item(c, read, [person("a"), person("b")])
    assert runs.finish(c, "r1", token, NOW, status=status) is RunStatus.FAILED
    run = runs.get(c, "r1")
    assert run is not None
    assert run.error_code == "ACCOUNTING"
    assert f"{read} read, 2 named" in run.error


def test_people_read_beside_the_items_are_missed_too(c: Connection) -> None:
    token = with_item(c, 2, [person("a"), person("b")])
    assert runs.finish(c, "r1", token, NOW, read=5) is RunStatus.FAILED


def test_a_failure_keeps_its_own_words(c: Connection) -> None:
    token = with_item(c, 9, [person("a")])
    problem = Problem(code="LIST_GONE", message="The list is gone.", not_done="Nothing.", remedy="Refresh.")
    assert runs.finish(c, "r1", token, NOW, status=RunStatus.FAILED, problem=problem) is RunStatus.FAILED
    run = runs.get(c, "r1")
    assert run is not None
    assert (run.error_code, run.error, run.not_done, run.remedy) == (
        "LIST_GONE",
        "The list is gone.",
        "Nothing.",
        "Refresh.",
    )
    assert [item.status for item in outcomes.items(c, "r1")] == [RunStatus.FAILED]


@pytest.mark.parametrize(("failed", "status"), [(1, RunStatus.COMPLETED_WITH_ERRORS), (2, RunStatus.FAILED)])
def test_items_that_failed_show_in_the_run(c: Connection, failed: int, status: RunStatus) -> None:
    runs.create(c, new())
    token = claimed(c)
    for number in range(2):
        ended = RunStatus.FAILED if number < failed else RunStatus.COMPLETED
        outcomes.put_item(c, "r1", Item(id=f"i{number}", kind="list", name=f"List {number}", status=ended))
    assert runs.finish(c, "r1", token, NOW) is status


def test_a_lost_run_is_ended_for_good(c: Connection) -> None:
    runs.create(c, new())
    token = claimed(c)
    assert runs.fail(c, "r1", NOW, Problem(code="RUN_LOST", message="Nobody works on it."))
    assert not runs.fail(c, "r1", NOW, Problem(code="RUN_LOST", message="Again."))
    with pytest.raises(Fenced):
        runs.advance(c, "r1", token)


def test_what_is_unfinished_comes_in_the_order_it_is_due(c: Connection) -> None:
    runs.create(c, new("late", key="1", queued_on="2026-03-01T12:00:00Z"))
    runs.create(c, new("early", key="2", queued_on="2026-03-01T09:00:00Z"))
    runs.create(c, new("urgent", key="3", queued_on="2026-03-01T13:00:00Z", priority=10))
    runs.create(c, new("over", key="4"))
    runs.finish(c, "over", claimed(c, "over"), NOW)
    assert runs.unfinished(c) == [Waiting("urgent", 10), Waiting("early", 50), Waiting("late", 50)]


def test_the_history_is_newest_first_filtered_searched_and_sorted(c: Connection) -> None:
    for number in range(5):
        kind = "send" if number == 3 else "lists"
        queued_on = f"2026-03-0{number + 1}T10:00:00Z"
        runs.create(
            c, new(f"r{number}", key=str(number), kind=kind, title=f"Run {number} of 100%", queued_on=queued_on)
        )
    outcomes.put_item(c, "r4", Item(id="i", kind="list", name="L", tally=Tally(2)))
    outcomes.record(c, "r4", "i", [person("a"), person("b")])
    outcomes.put_item(c, "r4", Item(id="i", kind="list", name="L", tally=Tally(2)))

    def ids(**asked: object) -> tuple[list[str], int, int]:
        found = windowed(run_window.window, c, **asked)
        return [run.id for run in found.rows], found.matching, found.total

    assert ids() == (["r4", "r3", "r2", "r1", "r0"], 5, 5)
    assert ids(offset=1, limit=2) == (["r3", "r2"], 5, 5)
    assert ids(kind="send") == (["r3"], 1, 1)
    runs.create(c, new("r5", key="5", title="Plan", queued_on="2026-03-06T10:00:00Z", request={"lists": ["i", "j"]}))
    assert [each.id for each in run_window.window(c, Window(), item="i").rows] == ["r5", "r4"]
    assert [each.id for each in run_window.window(c, Window(search="of 100%"), item="i").rows] == ["r4"]
    assert run_window.window(c, Window(), item="L").total == 0
    runs.request_cancel(c, "r5", NOW)
    assert run_window.window(c, Window(), item="j").total == 0
    c.execute(delete(run).where(run.c.id == "r5"))
    assert ids(search="rUN 2") == (["r2"], 1, 5)
    assert ids(search="100%") == (["r4", "r3", "r2", "r1", "r0"], 5, 5)
    assert ids(search="10_%") == ([], 0, 5)
    assert ids(search="2026-03-02") == ids(search="03-02 10:0") == (["r1"], 1, 5)
    runs.finish(c, "r2", claimed(c, "r2"), NOW, status=RunStatus.FAILED)
    assert ids(search="failed") == (["r2"], 1, 5)
    assert ids(sort="title", limit=1) == (["r0"], 5, 5)
    assert ids(sort="-title", limit=1) == (["r4"], 5, 5)
    with pytest.raises(DyntuiError) as refused:
        ids(sort="title; DROP TABLE run", limit=1)
    assert refused.value.code == "SORT_UNKNOWN"
    assert "title" in refused.value.remedy
    assert windowed(run_window.window, c, limit=1).rows[0].tally.named == 2


def test_the_history_is_sorted_by_type_as_it_is_called(c: Connection) -> None:
    kinds = ("lists", "watch", "campaigns", "address-books")
    for kind in kinds:
        runs.create(c, new(kind, key=kind, kind=kind))
    # Address books to Dynamics, Consent watch, Email campaigns, Marketing lists.
    named = ["address-books", "watch", "campaigns", "lists"]
    assert [row.id for row in run_window.window(c, Window(sort="kind")).rows] == named
    assert [row.id for row in run_window.window(c, Window(sort="-kind")).rows] == named[::-1]


def test_old_runs_are_forgotten_with_their_people_and_active_ones_never(c: Connection) -> None:
    token = with_item(c, 1, [person("a")])
    runs.finish(c, "r1", token, "2026-01-01T00:00:00Z")
    runs.create(c, new("active", key="x", queued_on="2025-01-01T00:00:00Z"))
    assert retention.forget_ended_before(c, "2026-02-01T00:00:00Z", 100) == 1
    assert runs.get(c, "r1") is None
    assert outcomes.counted(c, "r1") == Tally()
    assert outcomes.items(c, "r1") == []
    assert runs.get(c, "active") is not None


def test_some_runs_are_forgotten_at_a_time_the_oldest_first_and_that_of_a_send_never(c: Connection) -> None:
    # The first one is that of a send; the last one has only looked after it.
    c.execute(insert(send).values(id="s1", account_id="a", campaign_id=1, run_id="r0", lists=[], list_ids=[]))
    for number in range(4):
        kind = {0: "send", 3: "hand-over"}.get(number, "lists")
        runs.create(c, new(f"r{number}", key=f"k{number}", kind=kind))
        token = claimed(c, f"r{number}")
        outcomes.put_item(c, f"r{number}", Item(id="item", kind="list", name="Walkers", tally=Tally(1)))
        outcomes.record(c, f"r{number}", "item", [person("a")])
        runs.finish(c, f"r{number}", token, f"2026-01-0{number + 1}T00:00:00Z")
    assert retention.forget_ended_before(c, "2026-02-01T00:00:00Z", 2) == 2
    assert [runs.get(c, f"r{number}") is None for number in range(4)] == [False, True, True, False]
    assert retention.forget_ended_before(c, "2026-02-01T00:00:00Z", 2) == 1
    assert retention.forget_ended_before(c, "2026-02-01T00:00:00Z", 2) == 0
    assert outcomes.counted(c, "r0").named == 1


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED, None])
def test_a_run_that_is_stopped_half_way_has_read_whom_it_had_named(c: Connection, status: RunStatus | None) -> None:
    token = with_item(c, 0, [person("a"), person("b", Outcome.EXCLUDED, "NO_EMAIL")])
    going = runs.get(c, "r1")
    assert going is not None and going.tally.adds_up
    if status is not None:
        runs.finish(c, "r1", token, NOW, status=status)
    else:
        assert runs.fail(c, "r1", NOW, Problem(code="STORE_PUT_BACK", message="It was put back."))
    run, (item,) = runs.get(c, "r1"), outcomes.items(c, "r1")
    assert run is not None and run.status is item.status and run.status.ended
    assert (run.tally.read, run.tally.adds_up, item.tally.read, item.tally.adds_up) == (2, True, 2, True)
