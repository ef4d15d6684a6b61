"""Which rows of a long listing a command prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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
