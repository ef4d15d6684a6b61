"""Leases of the processes that carry out runs of one store."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update
from sqlalchemy.exc import IntegrityError

from dyntui.model.workers import SERVICE, WORKER
from dyntui.store import runs, workers
from dyntui.store.runs import Fenced, NewRun
from dyntui.store.schema import worker

NOW = "2026-01-01T00:00:00Z"
LASTS = 1000.0


def begin(c: Connection, name: str, kind: str = WORKER) -> None:
    new = workers.NewWorker(
        name=name, kind=kind, host="host", process=1, version="1", connections=f"dyntui {name}", started_on=NOW
    )
    workers.register(c, new, LASTS)


def queue(c: Connection, *run_ids: str) -> None:
    for each in run_ids:
        runs.create(c, NewRun(id=each, kind="lists", title="", account_id="a", sync_key=each, queued_on=NOW))


def let_run_out(c: Connection, name: str) -> None:
    c.execute(update(worker).where(worker.c.name == name).values(until=1))


def reach(c: Connection, name: str) -> list[str]:
    return [each.id for each in runs.unfinished(c, name)]


def test_one_worker_at_a_time_has_a_run_and_takes_it_up_again_itself(c: Connection) -> None:
    queue(c, "r", "other")
    for name in ("ann", "bob"):
        begin(c, name)
    first = runs.claim(c, "r", NOW, "ann")
    assert first is not None
    assert runs.claim(c, "r", NOW, "bob") is None
    assert (reach(c, "ann"), reach(c, "bob")) == (["other", "r"], ["other"])
    assert list(runs.in_hand_of_others(c, "ann")) == ["other"]
    again = runs.claim(c, "r", NOW, "ann")
    assert again is not None and again.token == first.token + 1
    assert [(each.name, each.runs) for each in workers.all_of(c)] == [("ann", 1), ("bob", 0)]


def test_whose_lease_has_run_out_loses_its_runs_and_can_write_nothing_of_them(c: Connection) -> None:
    queue(c, "r", "ended")
    for name in ("ann", "bob"):
        begin(c, name)
    held = runs.claim(c, "r", NOW, "ann")
    ended = runs.claim(c, "ended", NOW, "ann")
    assert held is not None and ended is not None
    runs.finish(c, "ended", ended.token, NOW)
    assert workers.take_for_dead(c, "ann") == [] and workers.hold(c, "ann")

    let_run_out(c, "ann")
    assert [each.connections for each in workers.run_out(c)] == ["dyntui ann"]
    assert workers.take_for_dead(c, "ann") == ["r"]
    assert workers.take_for_dead(c, "ann") == []
    for write in (
        lambda: runs.advance(c, "r", held.token, stage="Reading"),
        lambda: runs.finish(c, "r", held.token, NOW),
    ):
        with pytest.raises(Fenced):
            write()
    assert not workers.renew(c, "ann", LASTS) and not workers.hold(c, "ann")
    assert runs.claim(c, "r", NOW, "bob") is not None
    assert (found := runs.get(c, "ended")) is not None and found.status.ended


def test_who_renews_late_but_before_anybody_noticed_keeps_its_runs(c: Connection) -> None:
    queue(c, "r")
    begin(c, "ann")
    held = runs.claim(c, "r", NOW, "ann")
    assert held is not None
    let_run_out(c, "ann")
    assert workers.renew(c, "ann", LASTS)
    assert workers.take_for_dead(c, "ann") == []
    assert runs.advance(c, "r", held.token, stage="Reading") == "run"


def test_who_ends_in_order_leaves_its_runs_to_others_as_they_are(c: Connection) -> None:
    queue(c, "r")
    begin(c, "ann")
    held = runs.claim(c, "r", NOW, "ann")
    assert held is not None
    workers.leave(c, "ann")
    assert reach(c, "bob") == ["r"] and workers.all_of(c) == []


def test_a_store_has_one_service_and_any_number_of_workers(c: Connection) -> None:
    begin(c, "service", SERVICE)
    begin(c, "ann")
    with pytest.raises(IntegrityError), c.begin_nested():
        begin(c, "second", SERVICE)
    assert [each.kind for each in workers.all_of(c)] == [SERVICE, WORKER]
    workers.leave(c, "service")
    begin(c, "second", SERVICE)
