"""What was seen of a person, in the order that is asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Window
from dyntui.store import retention, runs, timeline
from dyntui.store.schema import recipient
from tests.store.test_intervals import said, synchronised


def test_the_events_of_a_person_stand_in_the_order_that_is_asked_for(c: Connection) -> None:
    for campaign, on in ((1, "2026-03-02T09:00:00Z"), (2, "2026-03-01T09:00:00Z")):
        of = {"account_id": "a", "campaign_id": campaign, "contact_id": 7, "address": "ann@example.com"}
        c.execute(insert(recipient).values(of | {"sent_on": on}))

    def where(sort: str) -> list[str]:
        return [each.where for each in timeline.window(c, Window(sort=sort), address="ann@example.com").rows]

    assert where("") == where("-happened_on") == ["campaign 1", "campaign 2"]
    assert where("happened_on") == ["campaign 2", "campaign 1"]
    with pytest.raises(DyntuiError, match="SORT_UNKNOWN"):
        where("nothing")


def test_who_was_on_a_list_before_the_runs_that_are_kept_has_not_joined_it_since(c: Connection) -> None:
    became = (Outcome.ADDED, Outcome.UNCHANGED, Outcome.EXCLUDED, Outcome.EXCLUDED)
    for number, each in enumerate(became):
        synchronised(c, f"r{number}", said({"ann": each}), f"2026-0{number + 1}-01T09:00:00Z")
        runs.finish(c, f"r{number}", 1, f"2026-0{number + 1}-01T10:00:00Z")

    def kinds() -> list[str]:
        return [each.kind for each in timeline.window(c, Window(), person_id="ann").rows]

    assert kinds() == ["changed", "joined"]
    for forgotten in (1, 1):
        # First the run with which it began, then the last one before it changed.
        assert retention.forget_ended_before(c, "2026-02-15T00:00:00Z", 1) == forgotten
        assert kinds() == ["changed"]
