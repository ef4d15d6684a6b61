"""One list names the subjects, and what it names is there."""

from __future__ import annotations

from importlib import import_module

import click

from dyntui.cli.main import COMMANDS
from dyntui.model.roles import Ability
from dyntui.model.subjects import SUBJECTS
from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.answering import answered_by
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.subjects import ACTIONS, CALLS, SECTIONS


def test_every_call_is_answered_by_one_use_case_and_every_use_case_is_made() -> None:
    modules = [import_module(f"dyntui.service.{name}") for subject in SUBJECTS for name in subject.services]
    answered = [
        call.name
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
        for call in answered_by(kind)
    ]
    # The process itself ends the service.
    assert sorted([*answered, "session.stop"]) == sorted(CALLS)
    assert all(callable(module.use_cases) for module in modules)


def test_every_command_of_a_subject_is_there_by_its_name() -> None:
    for subject in SUBJECTS:
        for each in subject.commands:
            lazy = COMMANDS[each.name]
            assert isinstance(getattr(import_module(lazy.module), lazy.attribute), click.Command), each.name


def test_sections_have_keys_by_their_place_and_runs_change_subjects_that_there_are() -> None:
    keys = {action.id: action.keys for action in ACTIONS}
    assert [keys[f"go.{section.name}"] for section in SECTIONS] == [
        (str(place),) for place in range(1, len(SECTIONS) + 1)
    ]
    names = {subject.name for subject in SUBJECTS}
    assert {changed for kind in RUN_KINDS.values() for changed in kind.changes} <= names


# What is read by those alone who may, what is kept of who has read it, and what changes nothing that a screen shows.
_CHANGES_NOTHING = {
    *("administration.changes", "backups.list", "credentials.list", "users.list"),
    *("people.export", "people.requests", "campaigns.test", "setup.canary"),
}


def test_whoever_changes_something_is_heard_of_by_every_screen() -> None:
    """By an event that follows the call, or by those of the run that it starts."""
    silent = {
        name
        for name, call in CALLS.items()
        if call.ability not in (None, Ability.SEE) and not call.changes and call.answer is not RunRow
    }
    assert silent == _CHANGES_NOTHING
