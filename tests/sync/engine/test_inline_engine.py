"""The engine for tests keeps the promises of the port."""

from __future__ import annotations

from pathlib import Path

from dyntui.store import runs
from dyntui.sync.engine import Engine, InlineEngine
from tests.empty_store import open_empty_store


def test_unfinished_runs_are_executed_by_priority_until_done(tmp_path: Path) -> None:
    db = open_empty_store(tmp_path / "store.db")
    calls: list[str] = []

    def chunk(run_id: str) -> str:
        calls.append(run_id)
        return "done" if calls.count(run_id) == 2 else "more"

    with db.write() as c:
        for run_id, priority in (("lists", 40), ("send", 10)):
            new = runs.NewRun(
                id=run_id, kind="", title="", account_id="", sync_key=run_id, queued_on="", priority=priority
            )
            runs.create(c, new)
    inline = InlineEngine(db, chunk)
    engine: Engine = inline
    engine.start()
    engine.enqueue("campaigns", 20)
    engine.enqueue("send", 99)
    assert inline.drain() == ["send", "campaigns", "lists"]
    assert calls == ["send", "send", "campaigns", "campaigns", "lists", "lists"]
    engine.stop()
    db.close()
