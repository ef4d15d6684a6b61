"""What a grid lists, in a file: asked where to, nothing overwritten, nothing taken for a formula."""

from __future__ import annotations

import csv
import errno
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
from dyntui.screens import exporting
from dyntui.screens.found_people import FoundPeoplePage
from sqlalchemy import insert, literal, select

from dyntui.model.paging import Page, Window
from dyntui.service.contract.people import KnownPerson
from dyntui.store.schema import run

from .driving import WIDE, driving
from .service import Service
from .worlds import LIST, Opening


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the console was started."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.open(encoding="utf-8", newline="")))


async def test_the_people_of_a_run_are_exported_as_the_command_does(
    somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 100)
    async with driving(size=WIDE) as hand:
        await hand.press("4", "j", "j", "enter", "p")
        assert "X Export" in hand.text.splitlines()[-1]
        await hand.press("X")
        assert "Export 207 people" in hand.text and "people.csv" in hand.text
        await hand.press("G", "enter")
        assert hand.notices[-1] == f"207 people are in {somewhere / 'people.csv'}."
        there = rows_of(somewhere / "people.csv")
        assert len(there) == len({row["person"] for row in there}) == 207
        assert list(there[0])[:6] == ["entity", "person", "name", "address", "outcome", "reason"]
        assert (somewhere / "people.csv").stat().st_mode & 0o777 == 0o600


async def test_nothing_is_overwritten_and_the_form_is_chosen(somewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (somewhere / "runs.csv").write_text("mine")
    async with driving() as hand:
        await hand.press("4", "X")
        assert "runs-2.csv" in hand.text
        await hand.press("j", "enter")
        await hand.press(*["backspace"] * len("runs-2.csv"))
        await hand.type("runs.csv")
        await hand.press("enter")
        assert "is there already" in hand.notices[-1]
        await hand.press("escape", "k", "enter")
        assert "runs.xlsx" in hand.text and "Excel workbook" in hand.text
        await hand.press("enter")
        assert "runs.json" in hand.text
        await hand.press("G", "enter")
        there = json.loads((somewhere / "runs.json").read_text())
        assert "Alpine Club" in {each["title"] for each in there} and hand.notices[-1].startswith("4 runs are in")
        # Between the question and the writing somebody else may make it.
        await hand.press("X", "k", "k", "enter", "G")
        (somewhere / "runs.xlsx").write_text("theirs")
        await hand.press("enter")
        assert "Nothing was written" in hand.notices[-1] and (somewhere / "runs.xlsx").read_text() == "theirs"
        # With every row that is read others move on by a place: none is lost, and none is there twice.
        monkeypatch.setattr(exporting, "_AT_ONCE", 1)
        monkeypatch.setattr(hand.service, "call", _while_runs_begin(hand.service))
        await hand.press("escape", "X", "G", "enter")
        rows = [tuple(each.values()) for each in rows_of(somewhere / "runs-2.csv")]
        assert len(rows) == len(set(rows)) == 4 and "2999-01-01" not in str(rows)
        assert hand.service.resources.still.open == 0
    assert (somewhere / "runs.csv").read_text() == "mine"


def _while_runs_begin(service: Service) -> Callable[[Any, Any], Awaitable[Any]]:
    asks = service.call

    async def call(method: Any, request: Any) -> Any:
        answer = await asks(method, request)
        if getattr(request, "limit", 0) == 1 and request.offset < 3:
            # The newest run stands first.
            others = [each for each in run.c if each.name not in ("id", "queued_on")]
            one = select(literal(f"run-{request.offset}"), literal("2999-01-01T00:00:00Z"), *others).limit(1)
            with service.db.write() as c:
                c.execute(insert(run).from_select(["id", "queued_on", *(each.name for each in others)], one))
        return answer

    return call


async def test_the_filter_and_the_marks_say_which_rows(somewhere: Path) -> None:
    async with driving(Opening("targeted"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "enter", "slash")
        await hand.type("ann")
        await hand.press("enter", "X", "G", "enter")
        named = rows_of(somewhere / "members.csv")
        assert 0 < len(named) < 207 and all("ann" in f"{row['name']} {row['address']}".lower() for row in named)
        await hand.press("escape", "space", "space", "X")
        assert "Export 2 members that you marked" in hand.text and "members-2.csv" in hand.text
        await hand.press("enter", "G", "enter")
        with ZipFile(somewhere / "members.xlsx") as book:
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_a_name_that_a_spreadsheet_would_run_is_written_as_a_text(somewhere: Path) -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "enter", "X", "G", "enter")
        names = [row["name"] for row in rows_of(somewhere / "members.csv")]
        assert names and not [name for name in names if name.startswith(("=", "+", "-", "@"))]
        assert [name for name in names if name.startswith(("'=", "'+", "'-", "'@"))]


async def test_what_cannot_be_written_is_told_and_leaves_nothing(somewhere: Path) -> None:
    async with driving() as hand:
        await hand.press("5", "X", "j", "enter")
        await hand.press(*["backspace"] * len("suppressions.csv"))
        await hand.type("nowhere/x.pdf")
        await hand.press("enter")
        assert "has to end in .csv, .json, .xlsx" in hand.notices[-1]
        await hand.press(*["backspace"] * len("pdf"))
        await hand.type("csv")
        await hand.press("enter", "G", "enter")
        assert "No such file or directory. Nothing was written." in hand.notices[-1]
        await hand.press("S", "X")
    assert not any(somewhere.iterdir())  # noqa: ASYNC240 - nobody waits for it


@pytest.mark.parametrize("name", ["~nobody-of-that-name/runs.csv", f"{'x' * 300}.csv"])
async def test_a_name_that_no_file_can_have_is_refused(somewhere: Path, name: str) -> None:
    async with driving() as hand:
        await hand.press("4", "X", "j", "enter")
        await hand.press(*["backspace"] * len("runs.csv"))
        await hand.paste(name)
        await hand.press("enter")
        assert "cannot be used" in hand.notices[-1], hand.notices
        await hand.press("escape", "G", "enter")
        assert hand.notices[-1].startswith("4 runs are in")
    assert [each.name for each in somewhere.iterdir()] == ["runs.csv"]  # noqa: ASYNC240 - nobody waits for it


async def test_a_workbook_for_which_there_is_no_room_is_told_and_leaves_nothing(
    somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ZipFile, "write", full)
    async with driving() as hand:
        await hand.press("4", "X", "enter", "G", "enter")
        assert "No space left on device. Nothing was written." in hand.notices[-1], hand.notices
    assert not any(somewhere.iterdir())  # noqa: ASYNC240 - nobody waits for it


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_what_is_stopped_leaves_nothing(somewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 100)
    async with driving(size=WIDE) as hand:
        written = []

        @contextmanager
        def stopped_after_the_first(*_: object) -> Iterator[Callable[[Sequence[object]], None]]:
            def write(rows: Sequence[object]) -> None:
                written.extend(rows)
                hand.app.screen.action_perform("dialog.close")  # type: ignore[attr-defined]

            yield write

        monkeypatch.setattr(exporting, "row_file", stopped_after_the_first)
        await hand.press("4", "j", "j", "enter", "p", "X", "G", "enter")
        assert len(written) == 100 and hand.notices[-1] == "Stopped. Nothing was written."
        assert "1 of 207 people" in hand.text
    assert not any(somewhere.iterdir())  # noqa: ASYNC240 - nobody waits for it


async def test_of_more_than_a_search_lists_it_is_said_that_there_are_more(
    somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = FoundPeoplePage.rows_in

    async def with_more(page: FoundPeoplePage, window: Window) -> Page[KnownPerson]:
        return msgspec.structs.replace(await listed(page, window), more=True)

    monkeypatch.setattr(FoundPeoplePage, "rows_in", with_more)
    async with driving(size=WIDE) as hand:
        await hand.press("F")
        await hand.type("ann")
        await hand.press("enter", "X", "G", "enter")
        assert (
            hand.notices[-1].startswith("The first ") and "more of the search leads to the others" in hand.notices[-1]
        )
    assert rows_of(somewhere / "people.csv")
