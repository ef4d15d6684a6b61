"""Refused rows on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dyntui.cli import conflicts, held
from dyntui.model.outcomes import RunStatus
from dyntui.model.quarantine import RefusedRow
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.quarantine import (
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_RETRY,
    IgnoreRefused,
    RefusedIgnored,
    RetryRefused,
)
from dyntui.service.contract.runs import RUN_GET, RunDetail
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_list, a_run, page_of

Cli = Callable[..., Any]
ROW = RefusedRow(
    list=LIST_ID,
    list_name="Newsletter",
    person="ann-1",
    entity="contact",
    name="=Ann()",
    address="ann@x.org",
    reason="REJECTED",
    detail="InvalidEmail",
    retry_on="2026-11-22T20:05:00Z",
)


def test_refused_rows_are_listed_by_list_and_reason_and_exported(
    dyntui: Cli, service: ScriptedService, tmp_path: Path
) -> None:
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(QUARANTINE_PAGE, page_of(ROW))
    done = dyntui("quarantine", "list", "--list", "Newsletter", "--reason", "rejected", "--ignored")
    assert "InvalidEmail" in done.out and "ann-1" in done.out
    (asked,) = service.requests(QUARANTINE_PAGE)
    assert (asked.list, asked.reason, asked.ignored) == (LIST_ID, "REJECTED", True)
    assert json.loads(dyntui("--json", "quarantine", "list").out)["rows"][0]["detail"] == "InvalidEmail"
    file = tmp_path / "refused.csv"
    assert "1 row is in" in dyntui("quarantine", "export", "--out", str(file)).err
    (row,) = csv.DictReader(file.open(encoding="utf-8", newline=""))
    assert (row["name"], row["detail"]) == ("'=Ann()", "Newsletter: InvalidEmail")


def test_rows_are_offered_again_or_ignored_by_name(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(QUARANTINE_RETRY, a_run(RunStatus.QUEUED))
    service.answers(RUN_GET, RunDetail(run=a_run(RunStatus.COMPLETED_WITH_ERRORS), items=()))
    assert dyntui("quarantine", "retry", "Newsletter").code == 4
    assert dyntui("quarantine", "retry", "--no-wait").code == 0
    assert service.requests(QUARANTINE_RETRY) == [RetryRefused(list=LIST_ID), RetryRefused()]
    service.answers(QUARANTINE_IGNORE, RefusedIgnored(people=1, until="2026-12-02T14:05:00Z"))
    done = dyntui("quarantine", "ignore", "Newsletter", "--person", "ann-1", "--days", "10", "--why", "known")
    assert "1 is ignored until" in done.err
    (asked,) = service.requests(QUARANTINE_IGNORE)
    assert asked == IgnoreRefused(list=LIST_ID, people=("ann-1",), days=10, why="known")


def test_an_id_that_a_command_takes_is_whole_where_the_terminal_is_narrow(
    dyntui: Cli, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dyntui.cli.output._width", lambda: 80)
    ids = ("0b2c5942-11ec-49dd-ad72-322f4c0a7a11", "bfba8285-66b6-4814-a4b6-f6c01f6e9b72")
    rows = [
        msgspec.structs.replace(
            ROW, person=id, name=f"Somebody with a long name {id[:2]}", address=f"{id[:8]}@epost.example"
        )
        for id in ids
    ]
    service.answers(QUARANTINE_PAGE, page_of(*rows))
    out = dyntui("quarantine", "list").out
    assert all(id in out for id in ids) and all(len(line) <= 80 for line in out.splitlines())
    # So are those that the other commands take.
    assert all(column.whole for column in (*held.COLUMNS, *conflicts._COLUMNS) if column.heading == "record")
