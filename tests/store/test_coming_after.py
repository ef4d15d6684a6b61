"""A run that comes after another one of its key."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.outcomes import RunStatus
from dyntui.store import coming_after, runs
from tests.store.test_runs import NOW, claimed, new


def test_it_waits_until_the_run_of_its_key_has_ended_and_has_that_key_then(c: Connection) -> None:
    runs.create(c, new("r1"))
    assert coming_after.create(c, new("r2"), "list 1").id == "r2"
    assert coming_after.create(c, new("r3"), "list 1").id == "r2", "it would do the same"
    assert coming_after.create(c, new("r4"), "list 2").id == "r4"
    assert coming_after.comes_next(c, "r1") and not coming_after.comes_next(c, "r2")
    runs.finish(c, "r1", claimed(c, "r1"), NOW)
    assert coming_after.comes_next(c, "r2")
    assert runs.create(c, new("r5")).id == "r2" and not coming_after.comes_next(c, "r4")
    # What is decided from now on comes after that one.
    assert coming_after.create(c, new("r6"), "list 1").id == "r6"
    runs.finish(c, "r2", claimed(c, "r2"), NOW)
    assert coming_after.comes_next(c, "r4") and coming_after.comes_next(c, "r4")


def test_it_can_be_cancelled_while_it_waits(c: Connection) -> None:
    runs.create(c, new("r1"))
    coming_after.create(c, new("r2"), "list 1")
    cancelled = runs.request_cancel(c, "r2", NOW)
    assert cancelled is not None and cancelled.status is RunStatus.CANCELLED
    coming_after.comes_next(c, "r2")
    assert runs.claim(c, "r2", NOW) is None
