"""Rows in a file: CSV, JSON or an Excel workbook, by the file's ending. In JSON they are what the contract says.

No text of either system is ever taken for a formula: in CSV what could begin one gets an apostrophe before it, in a
workbook every cell is a text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from dyntui.model.errors import DyntuiError, Exit

R = TypeVar("R", bound=msgspec.Struct)
Write = Callable[[Sequence[R]], None]
# A heading, and what stands below it of a row.
Cell = tuple[str, Callable[[R], str]]

# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection; ASVS 1.2.10); where East Asian text is
# entered the wide ones too.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
# What begins another cell, or another row, where something else than the comma separates them: the semicolon does where
# the comma stands in numbers, and then the quotes around a cell mean nothing (OWASP, the same page).
_BETWEEN_CELLS = re.compile('([\\s";]+)([=+\\-@\0＝＋－＠])?')
_SEPARATES = re.compile("[;\t\r\n]")
# The most rows of a worksheet.
_MOST_ROWS = 1_048_576
# The most characters of a cell, counted as UTF-16 does; what stands behind those of a longer text.
_MOST_CHARACTERS = 32_767
_CUT = "… (cut: a cell of a workbook holds no more)"


def check_suffix(out: str) -> None:
    """Raises DyntuiError FORMAT_UNKNOWN."""
    if Path(out).suffix.lower() not in SUFFIXES:
        raise DyntuiError(
            "FORMAT_UNKNOWN",
            f"{out} ends in none of {', '.join(SUFFIXES)}.",
            not_done="Nothing was written.",
            remedy="Name a file that ends in one of them.",
            exit=Exit.USAGE,
        )


@contextmanager
def row_file(file: Path, columns: Sequence[Cell[R]], sheet: str) -> Iterator[Write[R]]:
    """Opens the file for one call after the other of what it yields; `sheet`: what its rows are called. Raises
    OSError."""
    # Not every writer names the file that it cannot open. People are for nobody else's eyes.
    file.touch(0o600)
    with _WRITERS[file.suffix.lower()](file, columns, sheet) as write:
        yield write


def harmless(text: str) -> str:
    """The text as a cell of a CSV file that no spreadsheet takes for a formula, whatever separates its cells."""
    text = f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
    return _BETWEEN_CELLS.sub(_no_formula, text)


def _no_formula(found: re.Match[str]) -> str:
    between, begins = found.groups()
    return f"{between}'{begins}" if begins and _SEPARATES.search(between) else found[0]


def fitting(text: str) -> str:
    """The text as a cell of a workbook can hold it; one that is longer is cut, and says so."""
    if 2 * len(text) <= _MOST_CHARACTERS or len(text.encode("utf-16-le")) <= 2 * _MOST_CHARACTERS:
        return text
    kept = text.encode("utf-16-le")[: 2 * (_MOST_CHARACTERS - len(_CUT))]
    return kept.decode("utf-16-le", "ignore") + _CUT


@contextmanager
def _csv(file: Path, columns: Sequence[Cell[R]], sheet: str) -> Iterator[Write[R]]:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([heading for heading, _ in columns])
        yield lambda rows: writer.writerows([harmless(text(each)) for _, text in columns] for each in rows)


@contextmanager
def _json(file: Path, columns: Sequence[Cell[R]], sheet: str) -> Iterator[Write[R]]:
    with file.open("wb") as out:
        before = b"["

        def write(rows: Sequence[R]) -> None:
            nonlocal before
            for each in rows:
                out.write(before + b"\n" + msgspec.json.encode(each))
                before = b","

        yield write
        out.write(b"[]\n" if before == b"[" else b"\n]\n")


@contextmanager
def _xlsx(file: Path, columns: Sequence[Cell[R]], sheet: str) -> Iterator[Write[R]]:
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxFileError

    outlet = _Outlet(file, "w")
    out = _Archive(outlet)
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(sheet)
    row = 0

    def line(cells: Sequence[str]) -> None:
        nonlocal row
        if row == _MOST_ROWS:
            raise DyntuiError(
                "WORKSHEET_FULL",
                f"A worksheet holds {_MOST_ROWS:,} rows, and there are more.",
                not_done="Nothing was exported.",
                remedy="Export to a .csv or .json file, or one item at a time.",
            )
        for column, cell in enumerate(cells):
            page.write_string(row, column, fitting(cell))
        row += 1

    with out:
        line([heading for heading, _ in columns])

        def write(rows: Sequence[R]) -> None:
            for each in rows:
                line([text(each) for _, text in columns])

        yield write
        # Only then: where something went wrong the library would say it once more, on the terminal.
        try:
            book.close()
        except XlsxFileError as error:
            # It wraps what the disk said, and is no OSError.
            said = error.args[0] if error.args else error
            raise said if isinstance(said, OSError) else OSError(str(said)) from error
    if outlet.refused is not None:
        raise outlet.refused


class _Outlet(io.FileIO):
    """A file that keeps to itself what the disk says, and takes nothing after that."""

    refused: OSError | None = None

    def write(self, data: object) -> int:
        if self.refused is None:
            try:
                return super().write(data)  # type: ignore[arg-type]
            except OSError as error:
                self.refused = error
        return memoryview(data).nbytes  # type: ignore[arg-type]


class _Archive(io.BufferedWriter):
    """Takes whatever is written once it is closed, to no effect: where something went wrong the library leaves its
    archive open, which is ended when it is forgotten, and would complain on the terminal."""

    _place = 0

    def seek(self, place: int, whence: int = 0) -> int:
        if not self.closed:
            return super().seek(place, whence)
        self._place = place
        return place

    def tell(self) -> int:
        return self._place if self.closed else super().tell()

    def write(self, data: object) -> int:
        return memoryview(data).nbytes if self.closed else super().write(data)  # type: ignore[arg-type]

    def flush(self) -> None:
        if not self.closed:
            super().flush()


_WRITERS = {".csv": _csv, ".json": _json, ".xlsx": _xlsx}
# What a file can end in.
SUFFIXES = tuple(_WRITERS)
