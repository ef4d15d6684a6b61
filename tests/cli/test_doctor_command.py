"""The doctor on the command line: what it says, how it ends, what it mends, and what it writes for support."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from dyntui.cli.main import root
from dyntui.model.first_connection import ASSUMPTIONS, Fact, Holds
from dyntui.model.health import KINDS, finding
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.health import FACTS_ASK, FACTS_LIST, HEALTH_CHECK, Facts, Health
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.session import STATUS, Status
from dyntui.service.profile import Profile
from tests.cli.scripted_service import ScriptedService, a_run

Cli = Callable[..., Any]


def health(*codes: str) -> Health:
    found = tuple(finding(code, "ada@example.org", "seen") for code in codes)
    return Health(findings=found, looked_at=("Dynamics", "the store"), as_of="2026-11-22T12:00:00Z")


@pytest.fixture
def told(service: ScriptedService) -> Callable[..., None]:
    def tell(*codes: str) -> None:
        service.answers(HEALTH_CHECK, health(*codes))

    status = Status(
        version="1",
        profile="default",
        process=1,
        started_on="2026-11-22T12:00:00Z",
        store="/data",
        checks=(),
        active_runs=0,
        held=0,
        dataverse_calls=0,
        dotdigital_calls=0,
    )
    service.answers(STATUS, status)
    return tell


def test_it_ends_by_the_worst_that_was_found(dyntui: Cli, told: Callable[..., None]) -> None:
    told()
    done = dyntui("doctor")
    assert (done.code, done.out) == (0, "") and "All is well: Dynamics, the store." in done.err
    told("CANARY_OUTSTANDING")
    done = dyntui("doctor")
    assert done.code == 0 and "All is well" in done.err and KINDS["CANARY_OUTSTANDING"].remedy[:40] in done.out
    told("LIST_OLD")
    done = dyntui("doctor")
    assert done.code == 4 and KINDS["LIST_OLD"].remedy in done.out and "--fix" in done.err
    told("NO_MANAGER", "LIST_OLD")
    done = dyntui("doctor")
    assert done.code == 1 and "1 failed, 1 to mend" in done.err
    assert [each["code"] for each in json.loads(dyntui("--json", "doctor").out)["findings"]] == [
        "NO_MANAGER",
        "LIST_OLD",
    ]


def test_fix_starts_each_run_that_mends_something_once(
    dyntui: Cli, service: ScriptedService, told: Callable[..., None]
) -> None:
    told("LIST_OLD", "LIST_OLD", "COLUMNS_OLD", "NO_MANAGER")
    service.answers(RUN_START, a_run(RunStatus.QUEUED))
    dyntui("doctor", "--fix")
    assert [each.sync_type for each in service.requests(RUN_START)] == ["lists", "metadata"]


def test_a_bundle_names_nobody_and_takes_the_place_of_no_other_file(
    dyntui: Cli, told: Callable[..., None], profile: Profile, tmp_path: Path
) -> None:
    told("LIST_OLD")
    profile.log_file.parent.mkdir(parents=True, exist_ok=True)
    profile.log_file.write_text("contact ada@example.org was refused\n")
    file = tmp_path / "support.zip"
    assert dyntui("doctor", "--bundle", str(file)).code == 4
    with zipfile.ZipFile(file) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert parts.keys() == {"version.txt", "findings.json", "status.json", "config.toml", "service.log"}
    assert not any("ada@" in text for text in parts.values())
    assert "@masked was refused" in parts["service.log"]
    again = dyntui("doctor", "--bundle", str(file))
    assert again.code == 2 and "FILE_EXISTS" in again.err


def test_every_command_that_a_remedy_names_exists() -> None:
    for kind in KINDS.values():
        for words in re.findall(r"`dyntui ([^`]+)`", kind.remedy):
            command: click.Command | None = root
            context = click.Context(root)
            for word in words.split():
                if word.startswith("--"):
                    assert command is not None and any(word in each.opts for each in command.params), kind.remedy
                elif isinstance(command, click.Group):
                    command = command.get_command(context, word)
                    assert command is not None, kind.remedy


def fact(name: str, holds: Holds, account: str = "") -> Fact:
    about = ASSUMPTIONS[name]
    return Fact(
        id=name,
        account_id=account and "a-1",
        account=account,
        text=about.text,
        holds=holds,
        seen="so it was",
        safe=about.safe,
        by_hand=about.by_hand,
        asked_on="2026-11-22T12:00:00Z",
        version="9.2",
    )


def test_what_both_systems_answer_is_asked_told_and_written_to_be_sent_on(
    dyntui: Cli, service: ScriptedService, tmp_path: Path
) -> None:
    service.answers(FACTS_LIST, Facts(facts=()))
    assert "Nothing was asked yet" in dyntui("doctor", "--report", str(tmp_path / "empty.md")).err
    service.answers(FACTS_ASK, Facts(facts=(fact("DV-04", Holds.NO), fact("DD-12", Holds.YES, "Acme"))))
    file = tmp_path / "report.md"
    done = dyntui("doctor", "--first", "--report", str(file))
    assert done.code == 0 and "DV-04" in done.out and "Acme" in done.out and "dyntui canary" in done.err
    assert ASSUMPTIONS["DV-04"].safe in done.err and ASSUMPTIONS["DD-12"].safe not in done.err
    written = file.read_text(encoding="utf-8")
    assert "| DD-12 | dotdigital 1 |" in written and "Acme" not in written
    again = dyntui("doctor", "--first", "--report", str(file))
    assert again.code == 2 and "FILE_EXISTS" in again.err
    service.answers(FACTS_ASK, Facts(facts=(fact("DV-02", Holds.NO),)))
    assert dyntui("doctor", "--first").code == 4
