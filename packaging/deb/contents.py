"""Writes what the package has beside the program, as the program itself says it: unit, user, manual, completions.

python contents.py STAGE       # run by build.sh, with the package's own environment
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import click
from click.shell_completion import get_completion_class
from click_man.core import write_man_pages

from dyntui.cli.main import root
from dyntui.service.unit import PACKAGED_UNITS, PACKAGED_USERS, Unit

COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/dyntui",
    "zsh": "usr/share/zsh/vendor-completions/_dyntui",
    "fish": "usr/share/fish/vendor_completions.d/dyntui.fish",
}


def write(stage: Path) -> None:
    """Everything, below `stage`."""
    unit = Unit(profile="default", executable="/usr/bin/dyntui")
    _file(stage / PACKAGED_UNITS / unit.name, unit.unit_file.content)
    _file(stage / PACKAGED_USERS / unit.user_file.path.name, unit.user_file.content)
    for shell, place in COMPLETIONS.items():
        kind = get_completion_class(shell)
        assert kind is not None, shell
        _file(stage / place, kind(root, {}, "dyntui", "_DYNTUI_COMPLETE").source())
    manual = stage / "usr/share/man/man1"
    manual.mkdir(parents=True)
    _load(root, click.Context(root, info_name="dyntui"))
    write_man_pages("dyntui", root, version=version("dyntui"), target_dir=str(manual))


def _load(group: click.Group, context: click.Context) -> None:
    """Commands are imported when they are used: click-man sees those that are there."""
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    group.commands = {name: each for name, each in found.items() if each is not None}
    for name, each in group.commands.items():
        if isinstance(each, click.Group):
            _load(each, click.Context(each, parent=context, info_name=name))


def _file(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o644)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
