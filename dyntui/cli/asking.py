"""Questions as lines, for people who hear the screen or whose terminal only prints: one at a time, answers numbered.

Nothing but text and ends of lines is written, and lines are read as the terminal sends them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TypeVar

import click

from dyntui.cli.output import whole_words
from dyntui.model.plain import plain

T = TypeVar("T")


class Leaving(Exception):
    """The person has ended the input: there is nobody to ask any more."""


def ask(question: str) -> str:
    """What the person types, `""` where that is nothing. Raises Leaving."""
    click.echo(f"{whole_words(f'{plain(question)}:', sys.stdout)} ", nl=False)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        click.echo()
        raise Leaving
    return line.strip()


def choose(question: str, options: Sequence[tuple[str, T]], *, back: str = "Back") -> T | None:
    """The option whose number is typed; None for 0 or nothing. Raises Leaving."""
    click.echo()
    click.echo(whole_words(plain(question), sys.stdout))
    for number, (title, _) in enumerate(options, start=1):
        click.echo(whole_words(f"{number}. {plain(title)}", sys.stdout))
    click.echo(f"0. {back}")
    while True:
        typed = ask("Number").removesuffix(".")
        if typed in ("", "0"):
            return None
        if typed.isascii() and typed.isdecimal() and int(typed) <= len(options):
            return options[int(typed) - 1][1]
        click.echo(f"Type a number from 0 to {len(options)}.")
