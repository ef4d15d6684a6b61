"""Queries of records of Dynamics as commands name them: a view, or FetchXML in a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dyntui.cli.output import number
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.lists import FoundCount

VIEW = click.option("--view", default="", metavar="VIEW", help="Whom a saved or personal view finds: its id or name.")
FETCHXML = click.option(
    "--fetchxml",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Whom the FetchXML in this file finds; - reads standard input.",
)


def query_in(file: Path | None) -> str:
    """The FetchXML of a file; `""` where none is named. Raises QUERY_FILE_UNREADABLE."""
    if file is None:
        return ""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"{file} cannot be read: {error}.") from error
    query = text.removeprefix("\ufeff").strip()
    if not query:
        # As if none were named, it would leave a list's query as it is.
        raise _unusable(f"{'Standard input' if str(file) == '-' else file} is empty.")
    return query


def _unusable(why: str) -> DyntuiError:
    return DyntuiError(
        "QUERY_FILE_UNREADABLE",
        why,
        not_done="Nothing was asked of Dynamics.",
        remedy="Name a file with FetchXML, such as Advanced Find downloads.",
        exit=Exit.USAGE,
    )


def found_text(found: FoundCount, member_type: str) -> str:
    """`1,234 contacts`, and in whose eyes where that matters."""
    whose = f" as you see them ({', '.join(found.relative)})" if found.relative else ""
    return f"{number(found.people)} {member_type}{'' if found.people == 1 else 's'}{whose}"
