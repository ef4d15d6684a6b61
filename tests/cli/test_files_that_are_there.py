"""A file that is there stays as it is unless a command is told to replace it, and then until the new one is whole."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from dyntui.cli.lazy import LazyGroup
from dyntui.cli.main import root
from dyntui.model.errors import DyntuiError
from dyntui.model.health import finding
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.health import FACTS_LIST, HEALTH_CHECK, Facts, Health
from dyntui.service.contract.mappings import MAPPINGS_EXPORT, MappingFile
from dyntui.service.contract.people import PEOPLE_EXPORT
from dyntui.service.contract.plans import PLAN_CHANGES, PLAN_GET, PLAN_MAKE
from dyntui.service.contract.quarantine import QUARANTINE_PAGE
from dyntui.service.contract.results import CAMPAIGN_RECIPIENTS, CAMPAIGNS_COMPARE, Comparison
from dyntui.service.contract.runs import RUN_GET, RUN_PEOPLE, RunDetail
from dyntui.service.contract.schedules import SCHEDULES_COMING
from dyntui.service.contract.session import STATUS, Status
from tests.cli.scripted_service import ScriptedService, a_run, page_of
from tests.cli.test_person_export import KNOWN
from tests.cli.test_plan_commands import CHANGES, DETAIL, TALLY
from tests.cli.test_schedule_commands import COMING

Cli = Callable[..., Any]

COMMANDS = (
    ("audit", "export", "run-1", "--out", "{}.csv"),
    ("audit", "export", "run-1", "--out", "{}.xlsx"),
    ("quarantine", "export", "--out", "{}.json"),
    ("campaigns", "export", "42", "--out", "{}.csv"),
    ("campaigns", "compare", "--out", "{}.csv"),
    ("plan", "lists", "--out", "{}.json"),
    ("schedules", "export", "--out", "{}.ics"),
    ("mappings", "export", "{}.toml"),
    ("people", "export", "ann@example.org", "--out", "{}.txt"),
    ("people", "export", "ann@example.org", "--output", "{}.txt"),
    ("doctor", "--bundle", "{}.zip"),
    ("doctor", "--report", "{}.md"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def answering(service: ScriptedService) -> ScriptedService:
    service.answers(RUN_PEOPLE, page_of())
    service.answers(QUARANTINE_PAGE, page_of())
    service.answers(CAMPAIGN_RECIPIENTS, page_of())
    service.answers(CAMPAIGNS_COMPARE, Comparison(reports=()))
    service.answers(PLAN_MAKE, a_run(RunStatus.QUEUED))
    service.answers(RUN_GET, RunDetail(run=a_run(tally=TALLY), items=()))
    service.answers(PLAN_GET, DETAIL)
    service.answers(PLAN_CHANGES, page_of(*CHANGES))
    service.answers(SCHEDULES_COMING, COMING)
    service.answers(MAPPINGS_EXPORT, MappingFile(account="Main", version=1, file="# ours\n"))
    service.answers(PEOPLE_EXPORT, KNOWN)
    service.answers(FACTS_LIST, Facts(facts=()))
    found = (finding("CANARY_OUTSTANDING", "Main", "seen"),)
    service.answers(HEALTH_CHECK, Health(findings=found, looked_at=(), as_of="2026-11-22T12:00:00Z"))
    status = Status(
        version="1", profile="default", process=1, started_on="2026-11-22T12:00:00Z", store="/data", checks=(),
        active_runs=0, held=0, dataverse_calls=0, dotdigital_calls=0,
    )  # fmt: skip
    service.answers(STATUS, status)
    return service


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_is_replaced_only_when_it_is_said(
    dyntui: Cli, answering: ScriptedService, folder: Path, command: tuple[str, ...]
) -> None:
    file = Path(command[-1].format(folder / "named"))
    arguments = [each.format(folder / "named") for each in command]
    file.write_text("mine")
    refused = dyntui(*arguments)
    assert refused.code == 2 and "FILE_EXISTS" in refused.err and "--overwrite" in refused.err
    assert file.read_text() == "mine" and list(folder.iterdir()) == [file]
    # Before anything was read or started for it.
    assert not any(answering.requests(each) for each in (PLAN_MAKE, PEOPLE_EXPORT, HEALTH_CHECK, RUN_PEOPLE))
    assert dyntui(*arguments, "--overwrite").code in (0, 3)
    assert file.read_bytes() != b"mine" and list(folder.iterdir()) == [file]
    readable_by_others = file.suffix in (".toml", ".ics")
    assert bool(file.stat().st_mode & stat.S_IROTH) is readable_by_others


def test_what_ends_in_the_middle_leaves_the_file_that_was_there(
    dyntui: Cli, service: ScriptedService, folder: Path
) -> None:
    gone = DyntuiError("RUN_UNKNOWN", "It is gone.", not_done="Nothing.", remedy="Look at the audit.")
    service.answers(RUN_PEOPLE, gone)
    before = folder / "people.csv"
    before.write_text("mine")
    link = folder / "link.csv"
    link.symlink_to(before)
    assert dyntui("audit", "export", "run-1", "--out", str(link), "--overwrite").code == 1
    assert dyntui("audit", "export", "run-1", "--out", str(folder / "new.csv")).code == 1
    assert before.read_text() == "mine" and sorted(folder.iterdir()) == [link, before]
    # Through a link it is the file that is replaced.
    service.answers(RUN_PEOPLE, page_of())
    assert dyntui("audit", "export", "run-1", "--out", str(link), "--overwrite").code == 0
    assert link.is_symlink() and before.read_text() != "mine"


def test_a_folder_that_is_not_there_is_said_before_anything_begins(
    dyntui: Cli, answering: ScriptedService, folder: Path
) -> None:
    done = dyntui("plan", "lists", "--out", str(folder / "no such folder" / "plan.json"))
    assert done.code == 1 and "FILE_UNUSABLE" in done.err and "no such folder" in done.err
    assert not answering.requests(PLAN_MAKE)


def test_json_is_answered_beside_the_file(dyntui: Cli, answering: ScriptedService, folder: Path) -> None:
    for arguments in (("mappings", "export"), ("schedules", "export", "--out"), ("campaigns", "compare", "--out")):
        file = folder / f"{arguments[0]}.csv"
        done = dyntui(*arguments, str(file), "--json")
        assert done.code == 0 and done.out.startswith("{") and file.exists()


def _commands(group: click.Group, of: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from _commands(found, (*of, name))
        elif found is not None:
            yield (*of, name), found


def test_every_command_that_writes_a_file_can_be_told_to_replace_it() -> None:
    assert isinstance(root, LazyGroup)
    tried = {command[:2] if command[0] != "doctor" else ("doctor",) for command in COMMANDS}
    tried = {("plan",) if each[0] == "plan" else each for each in tried}
    told = {name for name, command in _commands(root) if any("--overwrite" in each.opts for each in command.params)}
    assert told == tried
