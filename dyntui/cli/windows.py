"""Which rows of a long listing a command prints."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dyntui.model.reasons import BY_CODE

F = TypeVar("F", bound=Callable[..., Any])


class ReasonCode(click.ParamType[str]):
    """A reason code in any letter case; one that does not exist would look like nobody."""

    name = "code"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        code = value.upper()
        if code and code not in BY_CODE:
            near = difflib.get_close_matches(code, BY_CODE, n=3)
            self.fail(
                f"{value!r} is no reason code; {'near it' if near else 'there'} are {', '.join(near or BY_CODE)}."
            )
        return code


def window_options(function: F) -> F:
    """Adds `offset`, `limit`, `search` and `sort`."""
    for option in (
        click.option("--sort", default="", metavar="COLUMN", help="Sort by this column; -COLUMN for descending."),
        click.option("--search", default="", metavar="TEXT", help="Only rows that show this text."),
        click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many rows."),
        click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many rows first."),
    ):
        function = option(function)
    return function
