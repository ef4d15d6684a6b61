"""`dyntui budgets`: what it asks, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable

from dyntui.service.contract.budgets import BUDGETS_SHOW, Budgets, BudgetsOf, Forecast, TypeNeed, TypeWork
from tests.cli.scripted_service import ScriptedService

HOURS = (2500, *[0] * 11, 1000, *[0] * 11)
MAIN = Forecast(
    account="Main",
    account_id="a1",
    unit="calls in an hour",
    used=812,
    allowed=2000,
    left=1188,
    start="2026-11-22T12:00:00Z",
    hours=HOURS,
    hourly=2000,
    need=3500,
    watch=60,
    runs_out_on="2026-11-22T12:21:00Z",
    slows=("Contact scoring", "Marketing lists"),
    types=(TypeNeed(kind="lists", title="Marketing lists", runs=2, calls=1750),),
)
WORK = TypeWork(kind="lists", title="Marketing lists", waiting=2, behind=1, runs=4, people=8000, calls=90, seconds=240)


def test_what_is_left_what_is_needed_and_what_waits_are_told(dyntui: Callable, service: ScriptedService) -> None:
    note = "Main: what these need is not known, as they have not run yet: Forms."
    service.answers(BUDGETS_SHOW, Budgets(as_of="2026-11-22T12:00:00Z", forecasts=(MAIN,), work=(WORK,), notes=(note,)))
    said = dyntui("budgets", "--account", "Main")
    assert service.requests(BUDGETS_SHOW) == [BudgetsOf(account="Main")]
    for text in ("Contact scoring", "1,188", "3,500", "2,000", "12:21", "!           ▄"):
        assert text in said.out, (text, said.out)
    assert "8,000" in said.out and note in said.err + said.out
    told = json.loads(dyntui("budgets", "--json").out)
    assert told["forecasts"][0]["left"] == 1188 and told["work"][0]["waiting"] == 2
