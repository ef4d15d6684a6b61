"""`dyntui audit show --changes` and `--person`: what a run wrote, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dyntui.model.changes import AppliedChange
from dyntui.service.contract.changes import CHANGES_PAGE
from tests.cli.scripted_service import LIST_ID, ScriptedService, page_of

CHANGE = AppliedChange(
    item_id=LIST_ID,
    target="book:7",
    person="8b0f1c9e-0000-4000-8000-000000000001",
    entity="contact",
    name="Ann",
    address="ann@x.org",
    effect="update",
    before={"FIRSTNAME": "Anne", "LASTNAME": None},
    after={"FIRSTNAME": "Ann", "LASTNAME": "B"},
    before_address="anne@x.org",
    undone_by="0123456789",
)


def test_what_a_run_wrote_is_told_field_by_field(dyntui: Callable[..., Any], service: ScriptedService) -> None:
    service.answers(CHANGES_PAGE, page_of(CHANGE))
    done = dyntui("audit", "show", "run-1", "--changes", "--item", LIST_ID)
    assert "FIRSTNAME Anne → Ann, LASTNAME empty → B" in done.out and "address anne@x.org → ann@x.org" in done.out
    assert "01234567" in done.out and "0123456789" not in done.out
    assert json.loads(dyntui("--json", "audit", "show", "run-1", "--changes").out)["rows"][0]["before"] == CHANGE.before
    dyntui("audit", "show", "run-1", "--person", CHANGE.person)
    dyntui("audit", "show", "run-1", "--person", "ann@x.org")
    asked = [(each.item, each.person, each.search) for each in service.requests(CHANGES_PAGE)]
    assert asked == [(LIST_ID, "", ""), ("", "", ""), ("", CHANGE.person, ""), ("", "", "ann@x.org")]
