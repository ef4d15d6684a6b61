"""Whatever a command is to write to a file that cannot be written, it says so by name and with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dyntui.service.contract.mappings import MAPPINGS_EXPORT, MappingFile
from dyntui.service.contract.quarantine import QUARANTINE_PAGE
from dyntui.service.contract.runs import RUN_PEOPLE
from tests.cli.scripted_service import ScriptedService, page_of


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
