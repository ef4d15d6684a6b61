"""Everything known of a person as a file or on standard output: as JSON, or as text that people read."""

from __future__ import annotations

import click

from dyntui.cli.out_file import writing
from dyntui.cli.output import safe_json, say
from dyntui.model.plain import plain
from dyntui.model.subject_text import lines
from dyntui.service.contract.people import SubjectExport
from dyntui.service.new_files import NewFile


def write_export(answer: SubjectExport, file: NewFile | None, *, as_json: bool) -> None:
    """Writes it to a file that its owner alone may read, or to standard output. Raises DyntuiError FILE_EXISTS,
    OSError."""
    said = iter([safe_json(answer)]) if as_json else map(plain, lines(answer))
    if file is None:
        for line in said:
            click.echo(line)
    else:
        with writing(file) as part, part.open("w", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in said)
        say(f"Written to {file.path}.")
    for each in answer.not_read:
        say(f"NOT READ, and missing above: {each}")
