"""Files with people: whole, readable, and never a formula."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.paging import Page
from dyntui.service import row_cells
from dyntui.service.contract.runs import RUN_GET, RUN_PEOPLE, OutcomesQuery, RunDetail
from dyntui.service.row_files import fitting, harmless, row_file
from tests.cli.scripted_service import LIST_ID, OTHER_ID, ScriptedService, a_run, an_item

Cli = Callable[..., Any]
HOSTILE = '=HYPERLINK("http://evil.example","x")'
PEOPLE = tuple(
    PersonOutcome(
        person=f"0000-{number:04}",
        entity="contact",
        name=HOSTILE if number == 3 else f"Ann {number}, “née” Ö",
        address=f"ann{number}@x.org",
        outcome=Outcome.EXCLUDED,
        reason="DO_NOT_EMAIL",
        also=("INACTIVE", "FILTERED"),
    )
    for number in range(5)
)


@pytest.fixture
def people(service: ScriptedService, monkeypatch: pytest.MonkeyPatch) -> ScriptedService:
    monkeypatch.setattr("dyntui.cli.pages._AT_ONCE", 2)

    def page(query: OutcomesQuery) -> Page[PersonOutcome]:
        rows = PEOPLE[query.offset : query.offset + query.limit]
        return Page(rows=rows, matching=len(PEOPLE), total=len(PEOPLE), offset=query.offset)

    service.answers(RUN_PEOPLE, page)
    return service


def test_a_csv_file_has_everybody_and_no_formula(dyntui: Cli, people: ScriptedService, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    done = dyntui("audit", "export", "run-1", "--out", str(file))
    assert done.code == 0 and "5 people" in done.err
    rows = list(csv.DictReader(file.open(encoding="utf-8", newline="")))
    assert [row["person"] for row in rows] == [each.person for each in PEOPLE]
    assert rows[0]["name"] == PEOPLE[0].name and rows[0]["also"] == "INACTIVE, FILTERED"
    assert rows[3]["name"] == f"'{HOSTILE}"


def test_a_json_file_is_what_the_contract_answers(dyntui: Cli, people: ScriptedService, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    dyntui("audit", "export", "run-1", "--out", str(file))
    rows = json.loads(file.read_text())
    assert [row["name"] for row in rows] == [each.name for each in PEOPLE]
    people.answers(RUN_PEOPLE, Page(rows=(), matching=0, total=0))
    dyntui("audit", "export", "run-1", "--out", str(file), "--overwrite")
    assert json.loads(file.read_text()) == []


def test_an_item_that_the_run_has_not_is_told_and_looks_not_like_nobody(
    dyntui: Cli, people: ScriptedService, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    people.answers(RUN_GET, RunDetail(run=a_run(), items=(an_item(),)))
    for asked in (
        ("audit", "export", "run-1", "--item", "bogus", "--out", str(file)),
        ("audit", "export", f"run-1/{OTHER_ID}", "--out", str(file)),
        ("audit", "show", f"run-1/{OTHER_ID}"),
        ("audit", "show", "run-1", "--people", "--item", "bogus"),
    ):
        done = dyntui(*asked)
        assert done.code == 2 and "ITEM_UNKNOWN" in done.err and "dyntui audit show run-1" in done.err
    assert not file.exists() and people.requests(RUN_PEOPLE) == []
    assert dyntui("audit", "export", f"run-1/{{{LIST_ID.upper()}}}", "--out", str(file)).code == 0
    assert {each.item for each in people.requests(RUN_PEOPLE)} == {LIST_ID}


def test_a_workbook_holds_texts_alone(dyntui: Cli, people: ScriptedService, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    assert dyntui("audit", "export", "run-1", "--out", str(file)).code == 0
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 6 and "=HYPERLINK(" in sheet and "<f>" not in sheet


@pytest.mark.parametrize("text", ["x" * 40_000, "😀" * 17_000, "x" + "😀" * 20_000])
def test_a_text_that_no_cell_of_a_workbook_holds_is_cut_and_says_so(text: str) -> None:
    cell = fitting(text)
    assert cell.endswith("… (cut: a cell of a workbook holds no more)") and text.startswith(cell.partition("…")[0])
    assert 32_765 <= len(cell.encode("utf-16-le")) // 2 <= 32_767
    assert fitting(text[:16_000]) == text[:16_000] and fitting("x" * 32_767) == "x" * 32_767


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "\0=1", "＝1+1", "＠SUM(A1)"])
def test_what_could_begin_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


@pytest.mark.parametrize("text", ["Ann;=1+1;", 'Ann; "=1+1;"', "Ann\t+1+1\t", "Ann\n@SUM(A1);", "Ann;\t=1+1", ";;＝1;"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_a_spreadsheet_takes_for_the_separator(
    tmp_path: Path, text: str, separator: str
) -> None:
    file = tmp_path / "people.csv"
    person = PersonOutcome(person="1", entity="contact", name=text, address="a@x.org", outcome=Outcome.ADDED)
    with row_file(file, row_cells.PEOPLE, "People") as write:
        write([person])
    # Where a comma stands in numbers, as in German, a semicolon separates cells.
    read = csv.reader(file.open(encoding="utf-8", newline=""), delimiter=separator)
    cells = [cell.strip(' "') for row in read for cell in row]
    assert not [each for each in cells if each.startswith(("=", "+", "-", "@", "＝"))]


def test_what_separates_nothing_from_a_formula_stays_as_it_is() -> None:
    for text in ("Smith; Ann", "a-b", "x = 1; y = 2", "http://x.example/?a=1;b=2", "two\nlines"):
        assert harmless(text) == text
    # A run of blank lines takes no time to speak of.
    assert harmless("x" + "\n" * 1_000_000) == "x" + "\n" * 1_000_000


def test_an_ending_that_is_not_known_is_refused_before_anything_is_asked(
    dyntui: Cli, people: ScriptedService, tmp_path: Path
) -> None:
    done = dyntui("audit", "export", "run-1", "--out", str(tmp_path / "people.ods"))
    assert done.code == 2 and "FORMAT_UNKNOWN" in done.err
    assert people.requests(RUN_PEOPLE) == []
