"""The one grid: a million rows, filter, sort, marks, copy, five states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from dyntui.screens.clipboard import ENCODED_LIMIT, fitting
from dyntui.screens.theme import DARK
from dyntui.screens.widgets.columns import Column
from dyntui.screens.widgets.grid import Grid
from dyntui.screens.widgets.grid_words import Wording
from dyntui.screens.widgets.paging import PAGE_ROWS, PAGES_KEPT
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.paging import Page, Window

from .driving import driving, frame, settle


class Person(msgspec.Struct, frozen=True):
    """A row."""

    id: int
    name: str


WORDING = Wording(one="person", many="people", empty="Nobody is here", next_step="Invite somebody.")

HOSTILE = ("\x1b]0;title\x07", "[red]markup[/red]", "王小明 \u202e!", "tab\tand\nline", "👩‍👩‍👧 family", "=1+1")


class People:
    """A listing of any length that counts the pages asked for."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.windows: list[Window] = []
        self.error: DyntuiError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def person(self, number: int) -> Person:
        name = HOSTILE[number % len(HOSTILE)] if number % 100 < len(HOSTILE) else f"Person {number:07}"
        return Person(number, name)

    async def __call__(self, window: Window) -> Page[Person]:
        self.windows.append(window)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if window.search:
            matching = [number for number in range(min(self.total, 2000)) if window.search in self.person(number).name]
        else:
            matching = range(self.total)  # type: ignore[assignment]
        chosen = matching[window.offset : window.offset + window.limit]
        if window.sort == "-id":
            chosen = [self.total - 1 - number for number in chosen]
        rows = tuple(self.person(number) for number in chosen)
        return Page(rows=rows, matching=len(matching), total=self.total, offset=window.offset)


class GridApp(App[None]):
    """A grid and nothing else."""

    CSS_PATH = ["../../styles/theme.tcss", "../../styles/widgets.tcss"]

    def __init__(self, people: People) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.people = people
        self.opened: list[Person | None] = []
        self.grid: Grid[Person] = Grid(
            (
                Column(title="Id", text=lambda row: str(row.id), width=8, right=True, sort="id"),
                Column(title="Name", text=lambda row: row.name, width=20, flex=1, sort="name"),
            ),
            key=lambda row: str(row.id),
            wording=WORDING,
        )

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_mount(self) -> None:
        self.grid.load(self.people)
        self.grid.focus_rows()

    def on_grid_opened(self) -> None:
        self.opened.append(self.grid.row())

    def do_app_refresh(self) -> None:
        self.grid.reload()


@asynccontextmanager
async def showing(people: People) -> AsyncIterator[tuple[GridApp, Pilot[None]]]:
    app = GridApp(people)
    async with app.run_test(size=(60, 20)) as pilot:
        if people.gate.is_set():
            await settle(pilot)  # type: ignore[arg-type]
        else:
            await pilot.pause()
        yield app, pilot


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)  # type: ignore[arg-type]


async def test_a_million_rows_open_with_one_page() -> None:
    people = People(1_000_000)
    async with showing(people) as (app, _):
        assert "1 of 1,000,000 people" in frame(app)
        assert [(window.offset, window.limit) for window in people.windows] == [(0, PAGE_ROWS)]


async def test_the_end_of_a_million_rows_is_one_key_and_one_or_two_pages_away() -> None:
    people = People(1_000_000)
    async with showing(people) as (app, pilot):
        await press(pilot, "G")
        assert "1,000,000 of 1,000,000 people" in frame(app)
        assert "999999" in frame(app)
        assert len(people.windows) <= 3
        await press(pilot, "g")
        assert app.grid.cursor == 0


async def test_only_the_last_pages_are_kept() -> None:
    people = People(100_000)
    async with showing(people) as (app, pilot):
        for number in range(20):
            app.grid.move_to(number * PAGE_ROWS)
            await settle(pilot)  # type: ignore[arg-type]
        assert len(app.grid.listing._pages) == PAGES_KEPT


async def test_holding_a_key_never_has_more_than_two_questions_under_way() -> None:
    people = People(1_000_000)
    async with showing(people) as (app, pilot):
        people.gate.clear()
        before = len(people.windows)
        for number in range(1, 30):
            app.grid.move_to(number * 5_000)
            await pilot.pause()
        assert len(people.windows) - before <= 2
        people.gate.set()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.row() is not None


async def test_keys_that_move_before_the_rows_are_there_have_moved_once_they_are() -> None:
    people = People(100)
    people.gate.clear()
    async with showing(people) as (app, pilot):
        await pilot.press("j", "j", "k", "j", *"j" * 30)
        people.gate.set()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.cursor == 32 and "33 of 100 people" in frame(app)
        assert app.grid.body.scroll_offset.y > 0
    few = People(3)
    few.gate.clear()
    async with showing(few) as (app, pilot):
        await pilot.press(*"j" * 9)
        few.gate.set()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.cursor == 2


async def test_filtering_counts_matches_of_all_and_escape_clears() -> None:
    async with showing(People(1_000_000)) as (app, pilot):
        await press(pilot, "slash", *"0001234")
        assert "1 of 1,000,000 people match “0001234”" in frame(app)
        await press(pilot, "enter", "enter")
        assert [row.id for row in app.opened if row] == [1234]
        await press(pilot, "slash", "escape")
        assert "1 of 1,000,000 people" in frame(app)
        assert app.grid.listing.search == ""


async def test_an_answer_to_an_older_filter_is_dropped() -> None:
    people = People(5_000)
    async with showing(people) as (app, pilot):
        people.gate.clear()
        await pilot.press("slash")
        await pilot.press("9")
        await pilot.press("9")
        people.gate.set()
        await settle(pilot)  # type: ignore[arg-type]
        assert "match “99”" in frame(app)
        rows = [app.grid.listing.row(number) for number in range(app.grid.listing.matching)]
        assert all(row is not None and "99" in row.name for row in rows)


async def test_marks_stay_on_their_rows_through_a_filter() -> None:
    async with showing(People(1_000)) as (app, pilot):
        await press(pilot, "G", "space", "slash", *"0000998", "enter", "space")
        assert [person.id for person in app.grid.chosen()] == [999, 998]
        await press(pilot, "slash", "escape")
        assert "● 2 marked" in frame(app)
        assert app.grid.step_out()
        assert not app.grid.marks
        assert not app.grid.step_out()


async def test_how_many_are_marked_is_said_where_there_is_no_room_for_the_row() -> None:
    async with showing(People(1_000)) as (app, pilot):
        await press(pilot, "space", "slash", *"Person 00000")
        assert "match “Person 00000” · ● 1 marked" in frame(app)


async def test_what_is_marked_is_the_row_as_it_was_read_last() -> None:
    people = People(10)
    async with showing(people) as (app, pilot):
        await press(pilot, "G", "space")
        people.person = lambda number: Person(number, "another name")  # type: ignore[method-assign]
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        assert [person.name for person in app.grid.chosen()] == ["another name"]


async def test_a_marked_row_that_is_gone_is_not_marked_any_more() -> None:
    async with showing(People(3)) as (app, pilot):
        await press(pilot, "G", "space")
        assert "1 marked" in frame(app)  # type: ignore[arg-type]
        app.people.total = 2
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.marks == {} and "marked" not in frame(app)  # type: ignore[arg-type]


async def test_sorting_goes_through_the_columns_and_turns_round() -> None:
    people = People(1_000)
    async with showing(people) as (app, pilot):
        await press(pilot, "o")
        assert people.windows[-1].sort == "id"
        assert "Id ▲" in frame(app)
        await press(pilot, "O")
        assert people.windows[-1].sort == "-id"
        assert "Id ▼" in frame(app)
        assert "999" in frame(app).splitlines()[1]
        await press(pilot, "o", "o")
        assert people.windows[-1].sort == ""


async def test_hostile_text_is_shown_and_breaks_no_column() -> None:
    async with showing(People(200)) as (app, _):
        lines = frame(app).splitlines()[1:7]
        assert "␛]0;title␇" in lines[0]
        assert "[red]markup[/red]" in lines[1]
        for line in lines:
            assert "\x1b" not in line
            assert "\t" not in line
        strips = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {60}


async def test_copying_sends_the_marked_rows_within_the_limit_of_terminals() -> None:
    async with showing(People(100_000)) as (app, pilot):
        await press(pilot, "j", "space", "space", "y")
        assert app.clipboard == "1\t[red]markup[/red]\n2\t王小明 \ufffd!"
        assert "sent to your terminal" in next(iter(app._notifications)).message


def test_more_than_a_terminal_takes_is_cut_at_a_whole_line() -> None:
    text, taken = fitting(["x" * 1000] * 100)
    assert taken < 100
    assert len(text) * 4 / 3 <= ENCODED_LIMIT
    assert text.count("\n") == taken - 1


async def test_loading_says_so_without_moving(monkeypatch: pytest.MonkeyPatch) -> None:
    people = People(10)
    people.gate.clear()
    monkeypatch.setattr(Grid, "LOADING_AFTER", 0.001)
    async with showing(people) as (app, pilot):
        await pilot.pause(0.01)
        assert "Loading…" in frame(app)
        people.gate.set()
        await settle(pilot)  # type: ignore[arg-type]
        assert "Loading…" not in frame(app)


async def test_empty_says_what_to_do_next() -> None:
    async with showing(People(0)) as (app, _):
        assert "Nobody is here" in frame(app)
        assert "Invite somebody." in frame(app)


async def test_no_match_says_how_to_get_out() -> None:
    async with showing(People(50)) as (app, pilot):
        await press(pilot, "slash", *"zzz")
        assert "Nothing matches “zzz”" in frame(app)
        assert "Esc  clears the filter" in frame(app)


async def test_failed_shows_code_message_remedy_and_the_key_that_tries_again() -> None:
    people = People(50)
    people.error = DyntuiError(
        "STORE_BUSY", "The store is busy.", not_done="Nothing was read.", remedy="Wait a little."
    )
    async with showing(people) as (app, pilot):
        for text in ("STORE_BUSY", "The store is busy.", "Nothing was read.", "Wait a little.", "r  try again"):
            assert text in frame(app)
        people.error = None
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        assert "1 of 50 people" in frame(app)


async def test_some_rows_stay_on_the_screen_while_they_are_asked_again() -> None:
    people = People(30)
    async with showing(people) as (app, pilot):
        people.gate.clear()
        app.grid.reload()
        await pilot.pause()
        assert "1 of 30 people" in frame(app)
        assert "Person 0000012" in frame(app)
        people.gate.set()
        await settle(pilot)  # type: ignore[arg-type]


@pytest.mark.parametrize("keys", [("j", "k"), ("down", "up"), ("ctrl+d", "ctrl+u"), ("pagedown", "pageup")])
async def test_every_way_down_has_its_way_back(keys: tuple[str, str]) -> None:
    async with showing(People(500)) as (app, pilot):
        await press(pilot, keys[0])
        assert app.grid.cursor > 0
        await press(pilot, keys[1])
        assert app.grid.cursor == 0


async def test_a_click_moves_the_cursor_and_a_click_on_a_title_sorts() -> None:
    people = People(500)
    async with showing(people) as (app, pilot):
        await pilot.click("#grid-body", offset=(5, 3))
        assert app.grid.cursor == 3
        await pilot.click("#grid-head", offset=(16, 0))
        await settle(pilot)  # type: ignore[arg-type]
        assert people.windows[-1].sort == "name"


async def test_clearing_a_filter_stays_on_the_row() -> None:
    async with driving() as hand:
        await hand.press("2", "slash")
        await hand.type("trade")
        await hand.press("enter", "escape")
        assert "10 of 11 marketing lists" in hand.text
        assert "▌ Trade accounts" in hand.text


async def test_the_row_on_which_one_stays_when_a_filter_is_cleared_is_in_view() -> None:
    async with showing(People(200)) as (app, pilot):
        await press(pilot, "slash", *"150", "escape")
        assert app.grid.cursor == 150
        lines = frame(app).splitlines()  # type: ignore[arg-type]
        assert [line for line in lines if line.startswith("▌") and "0000150" in line]


async def test_a_mouse_sorts_by_a_title_goes_to_a_row_and_opens_it() -> None:
    async with driving() as hand:
        await hand.press("2")
        for order in ("name", "-name"):
            await hand.pilot.click("#grid-head", offset=(3, 0))
            await hand.settle()
            assert hand.asked("lists.page")[-1].sort == order  # type: ignore[attr-defined]
        await hand.pilot.click("#grid-body", offset=(5, 2))
        await hand.settle()
        assert "3 of 11 marketing lists" in hand.text
        await hand.pilot.click("#grid-body", offset=(5, 2), times=2)
        await hand.settle()
        assert "Marketing Lists › " in hand.text
