"""Whatever a command is to write to a file that cannot be written, it says so by name and with what to do."""

from __future__ import annotations

import gc
import resource
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.service.contract.health import HEALTH_CHECK, Health
from dyntui.service.contract.mappings import MAPPINGS_EXPORT, MappingFile
from dyntui.service.contract.quarantine import QUARANTINE_PAGE
from dyntui.service.contract.runs import RUN_PEOPLE
from dyntui.service.contract.session import STATUS
from dyntui.service.profile import Profile
from tests.cli.scripted_service import ScriptedService, page_of
from tests.service.test_log import A_STATUS


@pytest.mark.parametrize(
    "command",
    [
        ("mappings", "export", "{file}.toml"),
        ("audit", "export", "run-1", "--out", "{file}.csv"),
        ("quarantine", "export", "--out", "{file}.xlsx"),
    ],
)
def test_a_file_in_a_folder_that_does_not_exist_is_named(
    dyntui: Callable[..., Any], service: ScriptedService, tmp_path: Path, command: tuple[str, ...]
) -> None:
    service.answers(MAPPINGS_EXPORT, MappingFile(account="Main", version=1, file=""))
    service.answers(RUN_PEOPLE, page_of())
    service.answers(QUARANTINE_PAGE, page_of())
    file = tmp_path / "no such folder" / "out"
    done = dyntui(*(each.format(file=file) for each in command))
    assert done.code == 1
    assert "FILE_UNUSABLE" in done.err and "no such folder" in done.err and "Remedy" in done.err


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "command",
    [
        ("mappings", "export", "{file}.toml"),
        ("audit", "export", "run-1", "--out", "{file}.csv"),
        ("audit", "export", "run-1", "--out", "{file}.json"),
        ("audit", "export", "run-1", "--out", "{file}.xlsx"),
        ("doctor", "--bundle", "{file}.zip"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_takes_no_more_is_named_and_nothing_is_left(
    dyntui: Callable[..., Any],
    service: ScriptedService,
    profile: Profile,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: tuple[str, ...],
    there: bool,
) -> None:
    much = secrets.token_hex(15_000)
    person = PersonOutcome(person="p", entity="contact", name=much, address="", outcome=Outcome.ADDED)
    service.answers(MAPPINGS_EXPORT, MappingFile(account="Main", version=1, file=much * 9))
    service.answers(RUN_PEOPLE, page_of(*[msgspec.structs.replace(person, person=str(n)) for n in range(20)]))
    service.answers(HEALTH_CHECK, Health(findings=(), looked_at=(secrets.token_hex(200_000),), as_of=""))
    service.answers(STATUS, A_STATUS)
    out = tmp_path / "out"
    out.mkdir()
    words = [each.format(file=out / "file") for each in command]
    if there:
        # Not a file of its own: what is written to it goes somewhere, as into a pipe.
        Path(words[-1]).symlink_to("/dev/full")
    # What is loaded under the limit would be kept compiled in part.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if there else 100_000, hard))
    try:
        done = dyntui(*words)
        gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.code == 1
    assert "FILE_UNUSABLE" in done.err and f"{words[-1]} cannot be used: " in done.err
    if there:
        assert "No space left on device" in done.err and "Make room there" in done.err
    else:
        assert "File too large" in done.err
        assert list(out.iterdir()) == []
