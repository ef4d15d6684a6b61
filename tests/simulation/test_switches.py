"""The tables of switches hold what the settings hold, and every value of them is accepted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.every_switch import named, together
from tests.not_about import NOT_ABOUT, left_out
from tests.sandbox_controls import SWITCHES
from tests.scenarios.worlds import world
from tests.simulation.switches import FIXED, OTHER, SYSTEMS, every


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_setting_is_tried_both_ways_or_named_as_none_to_be_tried(system: str):
    default: Any = SYSTEMS[system]()
    settings = {each.name: getattr(default, each.name) for each in dataclasses.fields(default)}
    yes_or_no = {name for name, value in settings.items() if isinstance(value, bool)}
    assert set(settings) == yes_or_no | set(OTHER[system]) | set(FIXED[system])
    assert not set(OTHER[system]) & (yes_or_no | set(FIXED[system]))
    for name, others in OTHER[system].items():
        assert settings[name] not in others


def test_the_environment_sets_switches_of_every_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SWITCHES, '{"dotdigital": {"since_inclusive": false}, "dataverse": {"dop_hint": 2}}')
    with world(tmp_path) as sandbox:
        config = sandbox.state.config
        assert (config.dotdigital.since_inclusive, config.dataverse.dop_hint) == (False, 2)


def test_every_value_is_one_that_the_sandbox_takes(tmp_path: Path):
    with world(tmp_path) as sandbox:
        for system, name, value in every():
            sandbox.switch(**{system: {name: value}})
            assert getattr(getattr(sandbox.state.config, system), name) == value


def test_who_is_not_about_a_switch_is_a_test_that_is_there_and_a_switch_that_is_thrown():
    values = {text for _, name, value in every() for text in (name, f"{name}={value}")}
    for each in NOT_ABOUT:
        assert each.switch in values and each.why
        for test in each.tests:
            file, _, function = test.partition("::")
            source = Path(__file__).parents[2] / file
            assert source.is_dir() if file.endswith("/") else f"def {function}(" in source.read_text("utf-8"), test


def test_only_tests_that_are_not_about_what_is_thrown_are_left_out():
    (name,) = next(each.tests for each in NOT_ABOUT if each.switch == "send_appears_after_seconds")
    both = [name, f"{name}[1]", "tests/scenarios/test_sending.py::test_exactly_the_people_shown_are_mailed"]
    assert left_out(both, {"dotdigital": {"send_appears_after_seconds": 60.0}}) == set(both[:2])
    assert left_out(both, {"dotdigital": {"double_opt_in": "all"}}) == set(both)
    assert left_out(both, {"dotdigital": {"double_opt_in": "single"}}) == left_out(both, {}) == set()


def test_switches_are_thrown_in_as_few_groups_as_no_switch_has_two_values_in():
    groups = together(every())
    assert sorted(map(named, every())) == sorted(named(each) for group in groups for each in group)
    assert all(len(group) == len({each[:2] for each in group}) for group in groups)
    assert len(groups) == max(sum(each[:2] == other[:2] for each in every()) for other in every())
