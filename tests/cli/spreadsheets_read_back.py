"""Exports opened by LibreOffice without a screen and read back: each cell is the text that was exported, no formula.

python -m tests.cli.spreadsheets_read_back         # needs `soffice` (Debian: libreoffice-calc-nogui)
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dyntui.model.campaigns import RecipientRow
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.service.row_cells import PEOPLE, RECIPIENT_CELLS
from dyntui.service.row_files import harmless, row_file

# What a name or an address can hold: beginnings of formulas, commands of spreadsheets, numbers that are none.
HOSTILE = (
    "=1+1",
    '=HYPERLINK("http://evil.example";"x")',
    "=cmd|' /C calc'!A0",
    "+46 70 123 45 67",
    "-2+3",
    "@SUM(1;2)",
    "\t=1+1",
    "DDE",
    "'=1+1",
    '"quoted", and; more',
    "line\nbreak",
    "Åsa Ööö 山田 شركة",
    "000123",
    "1e5",
    "12345678901234567890",
    "2026-11-29",
    "TRUE",
    " leading and trailing ",
    "<b>&amp;</b>",
    "＝1+1",
)


def converted(file: Path, to: str, how: Sequence[str] = ()) -> Path:
    """The file as LibreOffice writes it after it has opened it, `how` somebody says or by itself. Raises
    CalledProcessError."""
    out = file.parent / "opened"
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{file.parent}/profile"]
    texts = ":Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1" if to == "csv" else ""
    subprocess.run(
        [*command, *how, "--convert-to", f"{to}{texts}", "--outdir", str(out), str(file)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (made,) = [each for each in out.iterdir() if each.stem.startswith(file.stem) and each.suffix == f".{to}"]
    return made


def cells(file: Path) -> list[list[str]]:
    """The texts of the first sheet, read back."""
    # Of a CSV file every column is read as text, as its cells are ids, names and addresses.
    how = ["--infilter=CSV:44,34,76,1,1/2/2/2/3/2/4/2/5/2/6/2/7/2/8/2/9/2/10/2"] if file.suffix == ".csv" else []
    made = converted(file, "csv", how)
    rows = list(csv.reader(made.open(encoding="utf-8", newline="")))
    made.unlink()
    return rows


def formulas(file: Path) -> int:
    """How many cells LibreOffice takes for formulas."""
    return converted(file, "fods").read_text(encoding="utf-8").count("table:formula=")


def main() -> int:
    """How many cells differ, or are formulas."""
    if shutil.which("soffice") is None:
        print("soffice is not installed: apt-get install --no-install-recommends libreoffice-calc-nogui")  # noqa: T201
        return 2
    people = [
        PersonOutcome(
            person=f"0000-{number}",
            entity="contact",
            name=text,
            address=text,
            outcome=Outcome.EXCLUDED,
            reason="SUPPRESSED",
            detail=text,
            also=(),
        )
        for number, text in enumerate(HOSTILE)
    ]
    recipients = [
        RecipientRow(
            address=text,
            contact_id=9007199254740990 + number,
            sent_on="2026-11-29T10:00:00Z",
            opens=number,
            clicks=0,
            first_opened="",
            last_opened="",
            unsubscribed=False,
            soft_bounced=False,
            hard_bounced=False,
            name=text,
        )
        for number, text in enumerate(HOSTILE)
    ]
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="dyntui-spreadsheets-") as folder:
        for name, columns, rows in (("people", PEOPLE, people), ("recipients", RECIPIENT_CELLS, recipients)):
            for ending in (".xlsx", ".csv"):
                file = Path(folder) / f"{name}{ending}"
                with row_file(file, columns, name) as write:
                    write(rows)  # type: ignore[arg-type]
                shown = harmless if ending == ".csv" else str
                expected = [[shown(text(each)) for _, text in columns] for each in rows]  # type: ignore[arg-type]
                found = cells(file)[1:]
                differ = [pair for pair in zip(expected, found, strict=False) if pair[0] != pair[1]]
                taken = formulas(file)
                wrong += len(differ) + taken + abs(len(expected) - len(found))
                print(f"{file.name}: {len(found)} rows, {len(differ)} differ, {taken} formulas {differ[:2]}")  # noqa: T201
    return wrong


if __name__ == "__main__":
    sys.exit(main())
