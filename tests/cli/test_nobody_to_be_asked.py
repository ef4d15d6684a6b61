"""Where nobody is there to be asked, nothing is done, and the answer says how it is done all the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.scripted_service import ScriptedService


@pytest.mark.parametrize(
    ("words", "not_done"),
    [
        (("accounts", "disconnect", "Main"), "The email account stays connected."),
        (("suppressions", "add", "ada@example.org", "--reason", "by phone"), "Nobody was suppressed."),
        (("suppressions", "ask", "ada@example.org", "--evidence", "a letter"), "Nobody was asked."),
        (("environment", "production"), "The mark stays."),
    ],
)
def test_what_needs_a_yes_is_refused_by_name_without_a_terminal(
    dyntui: Callable, service: ScriptedService, words: tuple[str, ...], not_done: str
) -> None:
    done = dyntui(*words)

    assert done.code == 2
    assert "CONFIRMATION_MISSING" in done.err and "Add --yes." in done.err
    told = json.loads(dyntui(*words, "--json").err)["error"]
    assert (told["code"], told["not_done"]) == ("CONFIRMATION_MISSING", not_done)
    assert service.asked == []
