"""`dyntui audit search`: what became of somebody in all runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dyntui.model.outcomes import Outcome
from dyntui.model.traces import Trace
from dyntui.service.contract.runs import RUN_SEARCH
from tests.cli.scripted_service import ScriptedService, page_of

MAILED = Trace(
    run="0123456789",
    kind="send",
    title="Spring",
    started_on="2026-11-22T14:05:00Z",
    item="Spring",
    person="p",
    entity="contact",
    name="Ann",
    address="ann@x.org",
    outcome=Outcome.ADDED,
    reason="",
    detail="",
)


def test_outcomes_are_told_in_the_words_of_their_run_with_its_short_id(
    dyntui: Callable[..., Any], service: ScriptedService
) -> None:
    service.answers(RUN_SEARCH, page_of(MAILED))
    done = dyntui("audit", "search", "ann@x", "--limit", "5")
    assert "mailed" in done.out and "01234567" in done.out and "0123456789" not in done.out
    (asked,) = service.requests(RUN_SEARCH)
    assert (asked.search, asked.limit) == ("ann@x", 5)
    assert json.loads(dyntui("--json", "audit", "search", "ann").out)["rows"][0]["run"] == "0123456789"
