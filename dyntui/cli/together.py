"""Options that say more about another one: without it they would be passed over in silence. And those of a command that
changes something, of which there must be one."""

from __future__ import annotations

import click
from click.core import ParameterSource


def only_with(others: str, given: object, **options: object) -> None:
    """Raises click.UsageError where one of the `options` (named as its parameter) was given, and none of the `others`
    was."""
    if given:
        return
    for name, value in options.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with {others}.")


def require_change(context: click.Context, *besides: str) -> None:
    """Raises click.UsageError where no option of the command was given but those `besides`, which say of what, or why,
    something is changed: it would look as if something had been."""
    said = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    changes = (
        each.name
        for each in context.command.params
        if isinstance(each, click.Option) and each.expose_value and each.name and each.name not in besides
    )
    if not any(context.get_parameter_source(name) in said for name in changes):
        listed = f"see `{context.command_path} --help`"
        raise click.UsageError(f"Nothing was changed: name at least one option that says what to change, {listed}.")
