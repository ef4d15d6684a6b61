"""The tables of switches hold what the settings hold, and every value of them is accepted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

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
