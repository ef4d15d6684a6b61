"""What comes from a remote system, or out of a file that somebody was sent, cannot control the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.lists import LIST_GET
from dyntui.service.contract.mappings import (
    MAPPINGS_DIFF,
    MAPPINGS_IMPORT,
    MAPPINGS_VALIDATE,
    MappingDifferences,
    MappingsChecked,
    MappingsSaved,
)
from dyntui.service.contract.suppressions import SUPPRESSION_LIFT, Lifted
from tests.cli.scripted_service import LIST_ID, ScriptedService

HOSTILE = "\x1b]0;owned\x07News\u202eletter\x9b31m"
OBEYED = set("\x1b\x07\x9b\u202e")


def test_the_words_of_a_mapping_file_cannot(dyntui: Callable, service: ScriptedService, tmp_path: Path) -> None:
    file = tmp_path / "mappings.toml"
    file.write_text('[[mapping]]\nlabel = "X"\nentity = "contact"\ncolumn = "x"\ndirection = "to dotdigital"\n')
    change = f"+ X <- contact.{HOSTILE}"
    service.answers(MAPPINGS_VALIDATE, MappingsChecked(findings=(), changes=(change,)))
    service.answers(MAPPINGS_IMPORT, MappingsSaved(version=2, changes=(change,)))
    service.answers(MAPPINGS_DIFF, MappingDifferences(before=1, after=2, changes=(), words=(change,)))
    for words in (("validate", str(file)), ("import", str(file)), ("diff", "1")):
        done = dyntui("mappings", *words)
        assert "+ X <- contact." in done.out
        assert not OBEYED & set(done.out + done.err)


def test_the_heading_of_a_column_cannot(dyntui: Callable, service: ScriptedService) -> None:
    service.answers(SUPPRESSION_LIFT, Lifted(address=HOSTILE, lifted=("a flag",), stays=()))
    for always in ((), ("--plain",)):
        done = dyntui("suppressions", "lift", "x", "--reason", "asked", *always)
        assert "a flag" in done.out
        assert not OBEYED & set(done.out)


def test_an_error_as_json_cannot(dyntui: Callable, service: ScriptedService) -> None:
    message = f"{HOSTILE} is locked."
    service.answers(LIST_GET, DyntuiError("LIST_LOCKED", message, not_done="-", remedy="-", exit=Exit.FAILED))
    done = dyntui("lists", "show", LIST_ID, "--json")
    assert not OBEYED & set(done.err)
    assert json.loads(done.err)["error"]["message"] == message
