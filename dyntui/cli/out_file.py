"""The files that commands write: `--out FILE`, and `--overwrite` for one that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.new_files import NewFile, new_file
from dyntui.service.row_files import Cell, Write, check_suffix, row_file

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R", bound=msgspec.Struct)

ROWS = "A .csv, .json or .xlsx file."
_META = "dyntui.overwrite"


def out_option(*names: str, help: str, rows: bool = False, required: bool = False) -> Callable[[F], F]:
    """An option that names a file to be written, as a NewFile or None; `rows`: its ending says in which form."""

    def decorate(function: F) -> F:
        file = click.Path(dir_okay=False, path_type=Path)
        named = click.option(
            *names, metavar="FILE", type=file, help=help, required=required, callback=checked_rows if rows else checked
        )
        return named(function)

    return decorate


def overwrite_option(function: F) -> F:
    """`--overwrite`: without it no file is replaced."""
    return click.option(
        "--overwrite",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_remember,
        help="Replace a file that is there already, once the new one is whole.",
    )(function)


def _remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    context.meta[_META] = value


def checked(context: click.Context, _parameter: click.Parameter, value: Path | None) -> NewFile | None:
    """Before anything is asked of the service. Raises DyntuiError FILE_EXISTS, OSError."""
    if value is None:
        return None
    named = NewFile(value, bool(context.meta.get(_META)))
    try:
        named.check()
    except FileExistsError as error:
        raise _exists(value) from error
    return named


def checked_rows(context: click.Context, parameter: click.Parameter, value: Path | None) -> NewFile | None:
    """The same, and its ending is known. Raises DyntuiError FORMAT_UNKNOWN too."""
    if value is not None:
        check_suffix(str(value))
    return checked(context, parameter, value)


@contextmanager
def rows_into(file: NewFile, columns: Sequence[Cell[R]], sheet: str) -> Iterator[Write[R]]:
    """Rows in the form that the file's ending says (`row_file`). Raises DyntuiError FILE_EXISTS, OSError."""
    with writing(file) as part, row_file(part, columns, sheet) as write:
        yield write


@contextmanager
def writing(file: NewFile, *, private: bool = True) -> Iterator[Path]:
    """Where to write it (`new_file`). Raises DyntuiError FILE_EXISTS, OSError."""
    try:
        with new_file(file, private=private) as part:
            yield part
    except FileExistsError as error:
        raise _exists(file.path) from error


def _exists(path: Path) -> DyntuiError:
    return DyntuiError(
        "FILE_EXISTS",
        f"{path} is there already.",
        not_done="Nothing was written, and the file stays as it is.",
        remedy="Name another file, or give --overwrite to replace it.",
        exit=Exit.USAGE,
    )
