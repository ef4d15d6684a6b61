"""People with their outcomes in a file: CSV, JSON or an Excel workbook, by the file's ending.

No text of either system is ever taken for a formula: in CSV what could begin one gets an apostrophe before it, in a
workbook every cell is a text.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import PersonOutcome

Write = Callable[[Sequence[PersonOutcome]], None]

COLUMNS = ("entity", "person", "name", "address", "outcome", "reason", "detail", "also")
# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection).
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# The most rows of a worksheet.
_MOST_ROWS = 1_048_576


def check_suffix(out: str) -> None:
    """Raises DyntuiError FORMAT_UNKNOWN."""
    if Path(out).suffix.lower() not in _WRITERS:
        raise DyntuiError(
            "FORMAT_UNKNOWN",
            f"{out} ends in none of {', '.join(_WRITERS)}.",
            not_done="Nothing was written.",
            remedy="Name a file that ends in one of them.",
            exit=Exit.USAGE,
        )


@contextmanager
def people_file(file: Path) -> Iterator[Write]:
    """Opens the file for one call after the other of what it yields. Raises OSError."""
    # Not every writer names the file that it cannot open.
    file.touch()
    with _WRITERS[file.suffix.lower()](file) as write:
        yield write


def _cells(person: PersonOutcome) -> list[str]:
    values = msgspec.structs.asdict(person) | {"also": ", ".join(person.also), "outcome": person.outcome.value}
    return [str(values[name]) for name in COLUMNS]


def harmless(text: str) -> str:
    """The text as a cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


@contextmanager
def _csv(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        yield lambda people: writer.writerows([harmless(cell) for cell in _cells(each)] for each in people)


@contextmanager
def _json(file: Path) -> Iterator[Write]:
    with file.open("wb") as out:
        before = b"["

        def write(people: Sequence[PersonOutcome]) -> None:
            nonlocal before
            for each in people:
                out.write(before + b"\n" + msgspec.json.encode(each))
                before = b","

        yield write
        out.write(b"[]\n" if before == b"[" else b"\n]\n")


@contextmanager
def _xlsx(file: Path) -> Iterator[Write]:
    import xlsxwriter

    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("People")
    row = 0

    def line(cells: Sequence[str]) -> None:
        nonlocal row
        if row == _MOST_ROWS:
            raise DyntuiError(
                "WORKSHEET_FULL",
                f"A worksheet holds {_MOST_ROWS:,} rows, and there are more people.",
                not_done=f"{file} is not whole.",
                remedy="Export to a .csv or .json file, or one item at a time.",
            )
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell)
        row += 1

    try:
        line(COLUMNS)

        def write(people: Sequence[PersonOutcome]) -> None:
            for each in people:
                line(_cells(each))

        yield write
    finally:
        book.close()


_WRITERS = {".csv": _csv, ".json": _json, ".xlsx": _xlsx}
