"""Files that somebody hands over with brackets within brackets, thousands of them: they are named as what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.cli.account_input import account_in
from dyntui.cli.plan_file import read_plan
from dyntui.cli.setup_input import read_setup
from dyntui.model.errors import DyntuiError
from dyntui.service.config import read_config
from dyntui.service.profile import open_profile

_DEEP = 100_000
JSON, TOML = "[" * _DEEP + "]" * _DEEP, "deep = " + "[" * _DEEP + "]" * _DEEP


def _setup(file: Path) -> object:
    return read_setup(file.read_text(), file.name)


def _account(file: Path) -> object:
    return account_in(str(file))


def _config(file: Path) -> object:
    profile = open_profile("test", {"DYNTUI_HOME": str(file.parent)})
    profile.config_file.parent.mkdir(parents=True, exist_ok=True)
    file.rename(profile.config_file)
    return read_config(profile)


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (_setup, JSON, "SETUP_INPUT_INVALID"),
        (_setup, TOML, "SETUP_INPUT_INVALID"),
        (_account, JSON, "ACCOUNT_INPUT_INVALID"),
        (_account, TOML, "ACCOUNT_INPUT_INVALID"),
        (read_plan, JSON, "PLAN_UNREADABLE"),
        (_config, TOML, "CONFIG_UNREADABLE"),
    ],
    ids=["setup as JSON", "setup", "account as JSON", "account", "plan", "settings"],
)
def test_a_file_that_is_nested_too_deeply_is_named_as_unreadable(
    read: Callable[[Path], object], text: str, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "given"
    file.write_text(text)
    with pytest.raises(DyntuiError) as refused:
        read(file)
    assert refused.value.code == code
