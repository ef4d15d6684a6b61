"""Options that say more about another one: without it they would be passed over in silence."""

from __future__ import annotations

import click


def only_with(others: str, given: object, **options: object) -> None:
    """Raises click.UsageError where one of the `options` (named as its parameter) was given, and none of the `others`
    was."""
    if given:
        return
    for name, value in options.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with {others}.")
