"""Everything known of a person as a file or on standard output: as JSON, or as text that people read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from dyntui.cli.output import safe_json, say
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.plain import plain
from dyntui.model.subject_text import lines
from dyntui.service.contract.people import SubjectExport


def write_export(answer: SubjectExport, file: Path | None, *, as_json: bool) -> None:
    """Writes it to a new file that its owner alone may read, or to standard output. Raises DyntuiError FILE_EXISTS,
    OSError."""
    said = iter([safe_json(answer)]) if as_json else map(plain, lines(answer))
    if file is None:
        for line in said:
            click.echo(line)
    else:
        write_file(file, said)
        say(f"Written to {file}.")
    for each in answer.not_read:
        say(f"NOT READ, and missing above: {each}")


def write_file(file: Path, said: Iterator[str]) -> None:
    """Lines into a new file. Raises DyntuiError FILE_EXISTS, OSError."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise DyntuiError(
            "FILE_EXISTS",
            f"{file} is there already.",
            not_done="Nothing was written.",
            remedy="Name another file.",
            exit=Exit.USAGE,
        ) from error
    with os.fdopen(number, "w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in said)
