"""`dyntui completions`: what a shell needs to complete dyntui's commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dyntui.cli.lazy import Command


@click.command("completions", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print completions for a shell.

    bash: eval "$(dyntui completions bash)" in ~/.bashrc; zsh: the same in ~/.zshrc;
    fish: dyntui completions fish > ~/.config/fish/completions/dyntui.fish
    """
    from dyntui.cli.main import root

    kind = get_completion_class(shell)
    assert kind is not None, shell
    click.echo(kind(root, {}, "dyntui", "_DYNTUI_COMPLETE").source())
