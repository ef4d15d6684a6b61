"""Files of data mappings, as commands name them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from dyntui.model import mapping_file
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mapping import DataMapping


def mappings_of(file: Path) -> Sequence[DataMapping]:
    """The mappings in a file. Raises DyntuiError MAPPING_FILE_UNREADABLE."""
    mappings, found = mapping_file.read(text_of(file))
    if found:
        first = found[0]
        raise _unreadable(file, f"row {first.row} ({first.about}): {first.message}")
    return mappings


def text_of(file: Path) -> str:
    """The text of a file, `-` for standard input. Raises DyntuiError MAPPING_FILE_UNREADABLE."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unreadable(file, f"{error}.") from error
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"[[mapping]]")
        raise _unreadable(file, f"row {row}: it is no text in UTF-8, at byte {error.start + 1}.") from error


def _unreadable(file: Path, why: str) -> DyntuiError:
    return DyntuiError(
        "MAPPING_FILE_UNREADABLE",
        f"{file} cannot be read: {why}",
        not_done="No mapping was changed.",
        remedy="Name a file that `dyntui mappings export` has written.",
        exit=Exit.USAGE,
    )
