"""The email account that is named: an empty name is none, and never another account or the whole organisation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dyntui.service.contract.environment import ENVIRONMENT_MARK, Environment, MarkEnvironment
from tests.cli.scripted_service import ScriptedService


@pytest.mark.parametrize(
    "words",
    [
        ("environment", "production", "--yes", "--account", ""),
        ("--account", "", "environment", "production", "--yes"),
        ("environment", "--account", " ", "production", "--yes"),
        ("sync", "lists", "--account", ""),
        ("schedules", "pause", "lists", "--account", ""),
        ("lists", "activate", "Newsletter", "--account", ""),
        ("labels", "delete", "CITY", "--yes", "--account", ""),
        ("mappings", "reset", "--yes", "--account", ""),
        ("backup", "create", "--account", ""),
        ("accounts", "edit", "", "--hold-above", "50"),
        ("accounts", "disconnect", "", "--yes"),
        ("credentials", "replace", "", "--from", "-"),
    ],
)
def test_an_empty_name_is_refused(dyntui: Callable, service: ScriptedService, words: tuple[str, ...]) -> None:
    done = dyntui(*words)

    assert done.code == 2 and "it needs the name of an email account" in done.err
    assert service.asked == []


@pytest.mark.parametrize("production", [True, False])
def test_what_is_production_is_said_of_the_account_that_was_named(
    dyntui: Callable, service: ScriptedService, production: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers(ENVIRONMENT_MARK, Environment(marks=(), allowed=()))
    command = ("environment", "production" if production else "not-production", "--yes")
    dyntui("--account", "Shop", *command)
    dyntui(*command, "--account", "Shop")
    dyntui(*command)
    monkeypatch.setenv("DYNTUI_ACCOUNT", "Shop")
    dyntui(*command)

    asked = [each.account for each in service.requests(ENVIRONMENT_MARK)]
    assert asked == ["Shop", "Shop", "", ""]
    assert service.requests(ENVIRONMENT_MARK)[0] == MarkEnvironment(production=production, account="Shop")


def test_an_empty_list_is_not_all_lists(dyntui: Callable, service: ScriptedService) -> None:
    done = dyntui("quarantine", "retry", "")

    assert done.code == 2 and "LIST needs a name" in done.err
    assert service.asked == []
