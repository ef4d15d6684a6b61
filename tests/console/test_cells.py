"""What a cell contains can neither break a column nor reach the terminal."""

from __future__ import annotations

import unicodedata
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import dyntui.screens.base as of_screens
import pytest
from dyntui.screens.widgets.cells import fit, single_line, width_of, wrap
from dyntui.screens.widgets.columns import Column, Wants, arrange, told_once, wanted
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len


@given(st.text(max_size=60), st.integers(min_value=1, max_value=40), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right)) == width


@given(st.text(max_size=60))
def test_no_control_character_survives(text: str) -> None:
    assert not [char for char in single_line(text) if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


@given(st.text(max_size=120), st.integers(min_value=2, max_value=30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == single_line(text).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("two\nlines", "two␊lines"),
        ("evil\u202egnp", "evil\ufffdgnp"),
        ("🇬🇧", "GB"),
        ("👩\u200d👧", "👩👧"),
        ("👍🏽", "👍"),
        ("z" + "\u0336" * 30, "z" + "\u0336" * 2),
        ("[bold]x[/]", "[bold]x[/]"),
    ],
)
def test_what_terminals_disagree_about_is_written_in_a_form_of_certain_width(text: str, shown: str) -> None:
    assert single_line(text) == shown


def test_a_wide_character_is_not_cut_in_half() -> None:
    assert fit("王小明", 4) == "王… "
    assert fit("王小明", 5) == "王小…"
    assert fit("王小明", 6) == "王小明"


def test_columns_go_by_priority_when_the_width_does_not_suffice() -> None:
    columns = [
        Column[str](title="Name", text=str, width=10, flex=1),
        Column[str](title="First to go", text=str, width=10, priority=2),
        Column[str](title="Last to go", text=str, width=10, priority=1),
    ]
    assert [place.column.title for place in arrange(columns, 40)] == ["Name", "First to go", "Last to go"]
    assert [place.column.title for place in arrange(columns, 30)] == ["Name", "Last to go"]
    assert [place.column.title for place in arrange(columns, 15)] == ["Name"]


def test_no_column_is_cut_off_by_others_at_60_columns() -> None:
    folder = Path(of_screens.__file__).parent
    for module in sorted(folder.glob("*.py")):
        for name, columns in vars(import_module(f"dyntui.screens.{module.stem}")).items():
            if isinstance(columns, tuple) and columns and isinstance(columns[0], Column):
                places = arrange(columns, 58)
                assert all(place.width >= min(place.column.width, 9) for place in places), f"{module.stem}.{name}"
                always = [column for column in columns if not column.priority]
                assert [place.column for place in places if not place.column.priority] == always


def test_flexible_columns_fill_the_width() -> None:
    columns = [Column[str](title=title, text=str, width=5, flex=flex) for title, flex in (("a", 1), ("b", 0), ("c", 2))]
    places = arrange(columns, 50)
    assert places[-1].x + places[-1].width == 50
    assert places[1].width == 5


def test_what_a_column_does_not_need_goes_to_those_that_would_be_cut() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=width, flex=flex)
        for at, (title, width, flex) in enumerate((("Address", 18, 3), ("Did", 12, 1), ("First opened", 17, 0)))
    ]
    rows = [("aleksander.schacht243@epost.example", "✓ opened", "1 Dec 2026 20:48"), ("a@b.example", "", "")]
    places = arrange(columns, 66, wanted(columns, rows))
    assert all(place.width >= len(place.column.text(rows[0])) for place in places)
    assert arrange(columns, 66, wanted(columns, rows[1:], wanted(columns, rows))) == places


def test_what_a_row_is_recognised_by_is_whole_before_lesser_columns_are_there() -> None:
    columns = [
        Column[tuple[str, ...]](
            title=title, text=lambda row, at=at: row[at], width=width, priority=priority, whole=title == "Address"
        )
        for at, (title, width, priority) in enumerate(
            (("Address", 18, 0), ("Reason", 16, 1), ("Detail", 16, 2), ("First opened", 17, 3))
        )
    ]
    rows = [("aleksander.schacht243@epost.example", "Domain suppressed", "suppressedByDomain", "1 Dec 2026 20:48")]
    shown = [place.column.title for place in arrange(columns, 78, wanted(columns, rows))]
    assert shown == ["Address", "Reason", "Detail"]
    assert [place.column.title for place in arrange(columns, 60, wanted(columns, rows))] == ["Address", "Reason"]
    # A narrow one comes back where a wider one that matters more had to go.
    narrow = [*columns, Column[tuple[str, ...]](title="Opens", text=lambda row: "3", width=5, priority=4)]
    shown = [place.column.title for place in arrange(narrow, 63, wanted(narrow, rows))]
    assert shown == ["Address", "Reason", "Opens"]
    # Of addresses that no width could hold, nothing is gained by it.
    endless = [(f"{'x' * 200}@example.com", "", "y" * 16, "1 Dec 2026 20:48")]
    assert len(arrange(columns, 78, wanted(columns, endless))) == 4
    assert len(arrange(columns, 78)) == 4


def test_what_all_rows_say_is_told_once_before_anything_is_cut() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=8, flex=1, sort=title)
        for at, title in enumerate(("Name", "Account", "Reason", "Targets"))
    ]
    rows = [("a" * 30, "Main", "", "none"), ("b" * 20, "Main", "", "none")]
    wants = wanted(columns, rows)
    assert told_once(columns, 40, wants, 80) == ([1, 2, 3], "Account Main, Targets none")
    assert [place.column.title for place in arrange(columns, 40, wants, [1, 2, 3])] == ["Name"]
    # Where nothing is cut, where there is no room to tell it, where it is sorted by, and of a row that is alone.
    assert told_once(columns, 70, wants, 80) == ([], "")
    assert told_once(columns, 40, wants, 5) == ([2], "")
    assert told_once(columns, 40, wants, 80, by="-Account") == ([2, 3], "Targets none")
    assert told_once(columns, 40, wanted(columns, rows[:1]), 80) == ([], "")
    # A later page says something else.
    assert told_once(columns, 40, wanted(columns, [("c", "Other", "", "none")], wants), 80) == ([2, 3], "Targets none")
    # What there was no room for before is not told when it would have it.
    last = [*columns[:2], Column[tuple[str, ...]](title="Order", text=lambda row: row[3], width=9, priority=6)]
    assert told_once(last, 20, wanted(last, rows), 80) == ([1, 2], "Account Main")


def test_what_a_row_is_recognised_by_is_whole_before_others_have_more() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=width, flex=1, whole=at < 2)
        for at, (title, width) in enumerate((("Name", 14), ("Address", 18), ("Reason", 12), ("Detail", 14)))
    ]
    plain = ("Oda Dahl", "oda@dahl.example", "Merged record", "")
    long = ("Alexandrie Gaudin", "christian.jonasson39@nordpost.example", "Duplicate address", "contact " + "d" * 36)
    places = arrange(columns, 110, wanted(columns, [plain] * 30 + [long]))
    assert [place.width >= len(text) for place, text in zip(places, long, strict=True)] == [True, True, True, False]


def test_one_endless_name_takes_nothing_from_what_others_need() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=width, flex=1, whole=at < 2)
        for at, (title, width) in enumerate((("Name", 16), ("Address", 20), ("Kept out by", 16)))
    ]
    plain, endless = ("Oda Dahl", "oda.dahl12@letterbox.example", ""), ("z" * 101, "", "")
    long = ("Ingelise Kristiansen", "ingelise.kristiansen183@nordpost.example", "Do not bulk e-mail")
    places = arrange(columns, 100, wanted(columns, [plain] * 30 + [endless, long]))
    assert all(place.width >= len(text) for place, text in zip(places, long, strict=True))


def test_columns_are_not_torn_apart_where_there_is_more_room_than_anybody_needs() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=10, flex=flex)
        for at, (title, flex) in enumerate((("Name", 2), ("Lists", 0), ("Address", 1)))
    ]
    places = arrange(columns, 190, wanted(columns, [("Oda Dahl", "2", "oda@dahl.example")]))
    assert [place.width for place in places] == [len("Oda Dahl") + 12, len("Lists"), len("oda@dahl.example") + 12]
    # Before there are rows nobody knows what is needed.
    assert arrange(columns, 190, wanted(columns, []))[-1].x > 100


def test_one_long_row_in_ten_takes_no_room_from_the_others() -> None:
    columns = [
        Column[str](title="a", text=str, width=5, flex=1),
        Column[str](title="b", text=lambda row: row[0] + "y" * 19, width=5, flex=1),
    ]
    rows = ["x" * 18] * 17 + ["z" * 18] + ["x" * 90] * 2
    assert [place.width for place in arrange(columns, 40, wanted(columns, rows))] == [18, 20]


@given(
    st.lists(st.tuples(st.integers(3, 20), st.integers(0, 3), st.integers(0, 5), st.integers(1, 40)), min_size=1),
    st.integers(20, 200),
)
def test_columns_never_run_over_the_width(shapes: list[tuple[int, int, int, int]], width: int) -> None:
    columns = [
        Column[str](title="t", text=str, width=least, flex=flex, priority=priority, whole=least % 2 == 0)
        for least, flex, priority, _ in shapes
    ]
    wants = tuple(want for *_, want in shapes)
    places = arrange(columns, width, Wants(wants, wants))
    assert all(before.x + before.width < after.x for before, after in pairwise(places))
    assert places[-1].x + places[-1].width <= width


def test_what_says_the_same_in_all_rows_goes_before_an_address_is_cut() -> None:
    columns = [
        Column[tuple[str, ...]](title=title, text=lambda row, at=at: row[at], width=16, whole=title == "Address")
        for at, title in enumerate(("Reason", "Name", "Address"))
    ]
    rows = [("Domain suppressed", name, f"{name}.{'x' * 24}@example.com") for name in ("anna", "bert")]
    wants = wanted(columns, rows)
    # Told below the rows where there is room for that, and gone also where there is none.
    assert told_once(columns, 56, wants, 60) == ([0], "Reason Domain suppressed")
    assert told_once(columns, 56, wants, 10) == ([], "")
    assert [place.column.title for place in arrange(columns, 56, wants)] == ["Name", "Address"]
    assert [place.column.title for place in arrange(columns, 90, wants)] == ["Reason", "Name", "Address"]
    # One that says nothing needs no room to be told.
    silent = wanted(columns, [("", *row[1:]) for row in rows])
    assert told_once(columns, 50, silent, -9) == ([0], "")


def test_what_a_run_under_way_says_gives_its_room_back_when_it_has_ended() -> None:
    columns = [
        Column[str](title="What", text=lambda row: "Newsletter", width=10, whole=True),
        Column[str](title="Status", text=str, width=9, passes=lambda row: row.startswith("In process")),
        Column[str](title="Took", text=lambda row: "3 s", width=9, priority=2),
    ]
    ended = ["Completed", "Completed, nothing new"]
    before = wanted(columns, ended)
    during = wanted(columns, [*ended, "In process: reading what changed since yesterday"], before)
    assert during.all[1] == 48
    assert len(arrange(columns, 60, during)) == 2
    # Neither another page nor the next step takes the room away while it goes on.
    assert wanted(columns, ["In process: 3 of 9", "Failed"], during).all[1] == 48
    after = wanted(columns, [*ended, "Failed"], during)
    assert after.all == before.all and len(arrange(columns, 60, after)) == 3
