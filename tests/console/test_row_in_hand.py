"""A key press is about the row that was seen: whatever is read anew between seeing and pressing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from dyntui.screens.widgets.paging import PAGE_ROWS
from textual import events
from textual.widgets import Button

from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RUN_START, StartRun
from dyntui.store import run_window

from .driving import Driver, driving, frame, settle
from .test_grid import People, Person, press, showing
from .test_typing_ahead import type_at_once
from .worlds import CAMPAIGN, LIST, NEVER, Opening


class Growing(People):
    """A listing at the top of which new rows appear, and from which rows go."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.there = list(range(total))

    def arrive(self, many: int = 1) -> None:
        first = max(self.there) + 1
        self.there = [*range(first, first + many), *self.there]
        self.total = len(self.there)

    def go(self, number: int) -> None:
        self.there.remove(number)
        self.total = len(self.there)

    def person(self, number: int) -> Person:
        return Person(self.there[number], f"Person {self.there[number]:07}")


async def test_the_run_that_was_seen_is_cancelled_though_another_one_has_begun() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s", "escape", "4")
        with hand.service.db.read() as c:
            seen = run_window.window(c, Window()).rows[0]
        assert "1 of " in hand.text
        # Meanwhile somebody else, or the schedule, starts another one: it stands above.
        hand.service.sandbox.time.skip_to(hand.service.sandbox.now() + timedelta(minutes=1))
        await hand.service.client.call(RUN_START, StartRun(sync_type="suppressions"))
        await hand.step()
        assert "2 of " in hand.text
        await hand.press("c")
        (cancelled,) = hand.asked("runs.cancel")
        assert cancelled.id == seen.id  # type: ignore[attr-defined]


async def test_the_cursor_stays_on_its_record_and_the_record_where_it_was_seen() -> None:
    people = Growing(300)
    async with showing(people) as (app, pilot):
        await press(pilot, *["pagedown"] * 4)
        line = app.grid.cursor - app.grid.body.scroll_offset.y
        seen = app.grid.row()
        people.arrive(3)
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.row() == seen and seen is not None
        assert app.grid.cursor - app.grid.body.scroll_offset.y == line
        assert [each for each in frame(app).splitlines() if each.startswith("▌") and f" {seen.id}" in each]
        people.go(seen.id - 1)
        people.go(0)
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        assert app.grid.row() == seen


async def test_the_cursor_stays_on_a_record_that_comes_onto_another_page() -> None:
    people = Growing(1_000)
    async with showing(people) as (app, pilot):
        app.grid.move_to(PAGE_ROWS - 1)
        await settle(pilot)  # type: ignore[arg-type]
        for change in (people.arrive, lambda: people.go(3)):
            seen = app.grid.row()
            change()
            app.grid.reload()
            await settle(pilot)  # type: ignore[arg-type]
            assert app.grid.row() == seen and seen is not None


async def test_where_the_record_is_gone_the_next_one_is_in_hand() -> None:
    people = Growing(1_000)
    async with showing(people) as (app, pilot):
        app.grid.move_to(PAGE_ROWS)
        await settle(pilot)  # type: ignore[arg-type]
        people.go(PAGE_ROWS)
        app.grid.reload()
        await settle(pilot)  # type: ignore[arg-type]
        row = app.grid.row()
        assert row is not None and row.id == PAGE_ROWS + 1


async def test_a_listing_that_is_come_to_begins_at_its_top() -> None:
    async with driving() as hand:
        await hand.press("4", "2")
        await hand.service.client.call(RUN_START, StartRun(sync_type="suppressions"))
        await hand.press("4", "r")
        assert "1 of " in hand.text or "2 of " in hand.text
        await hand.press("l", "h")
        assert "1 of " in hand.text


async def typed_before_the_answer(hand: Driver, *keys: str) -> None:
    """All of the keys are dealt with before any rows are there."""
    hand.service.held, hand.service.gate = {"lists.page"}, asyncio.Event()
    type_at_once(hand.app, *keys)
    await hand.pilot.pause()
    await hand.until(lambda _: not hand.app.keys_under_way)
    hand.service.gate.set()
    await hand.settle()


async def test_what_is_typed_behind_a_filter_is_about_what_it_finds() -> None:
    async with driving() as hand:
        await hand.press("2")
        # The first of all lists is still under the cursor when the last key is pressed.
        await typed_before_the_answer(hand, "slash", *"autumn", "enter", "a")
        assert "for email?" not in hand.text and "still on their way" in hand.notices[-1]
        await hand.press("a")
        assert "Activate Autumn fair for email?" in hand.text


async def test_enter_typed_behind_a_filter_opens_what_it_finds() -> None:
    async with driving() as hand:
        await hand.press("2")
        await typed_before_the_answer(hand, "slash", *"winter", "enter", "enter")
        assert f"› {NEVER}" in hand.text


async def test_enter_typed_behind_a_filter_takes_none_of_several_that_were_not_seen_yet() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", "Trade news")
        await hand.press("enter", "t")
        await typed_before_the_answer(hand, "slash", "e", "enter", "enter")
        assert hand.asked("campaigns.change_targets") == [] and "Add Existing Marketing List" in hand.text
        await hand.press("escape")
        await typed_before_the_answer(hand, "slash", *"winter", "enter", "enter")
        (asked,) = hand.asked("campaigns.change_targets")
        assert len(asked.add) == 1 and NEVER in hand.text  # type: ignore[attr-defined]


@pytest.mark.parametrize("keys", [("l",), ("j",), ("slash", "x")])
async def test_enter_opens_nothing_for_whoever_has_moved_on(keys: tuple[str, ...]) -> None:
    async with driving() as hand:
        await hand.press("2")
        await typed_before_the_answer(hand, "slash", *"winter", "enter", "enter", *keys)
        assert "Marketing Lists ›" not in hand.text


async def test_space_is_about_the_target_list_that_was_in_hand_before_it_was_synchronised() -> None:
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n", "j", "s")
        await hand.finish()
        await hand.press("escape")
        assert f"▌●{NEVER}" in hand.text and "2 marked" in hand.text
        await hand.press("space")
        assert f" ●{LIST}" in hand.text and "1 marked" in hand.text


async def click(hand: Driver, x: int, y: int) -> None:
    """As a terminal tells of it: which click of several it is, the app finds out."""
    for kind in (events.MouseDown, events.MouseUp):
        event = kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)
        event.set_sender(hand.app)
        hand.app._driver.send_message(event)  # type: ignore[union-attr]
        await hand.settle()


async def test_a_double_click_that_closes_a_question_does_nothing_to_what_is_behind_it() -> None:
    async with driving() as hand:
        await hand.to("2", "Autumn fair")
        await hand.press("a")
        there = hand.app.screen.query_one("#yes", Button).region
        # However slow the machine is.
        hand.app.CLICK_CHAIN_TIME_THRESHOLD = 60.0  # type: ignore[misc]
        for _ in range(2):
            await click(hand, there.x + 2, there.y)
        assert len(hand.asked("lists.activate")) == 1
        assert "▌ Autumn fair" in hand.text and "›" not in hand.text
        # On a row itself it opens that.
        for _ in range(2):
            await click(hand, 5, 7)
        assert "› Alpine Club" in hand.text
