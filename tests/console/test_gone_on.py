"""Answers that come once somebody has gone on: the keys they press are for what they see."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from .driving import driving
from .test_main_job import counting
from .test_questions_under_way import answered_late, press
from .worlds import LIST, Opening


async def test_a_run_that_is_started_late_does_not_come_over_another_place() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        async with answered_late(hand, "runs.start"):
            await press(hand, "s", "3")
        assert (
            "3 Campaigns" in hand.text and "Email Campaigns" in hand.text and "Synchronisation Audit" not in hand.text
        )
        assert any(LIST in each and "audit" in each for each in hand.notices)


@pytest.mark.parametrize(("key", "seen"), [("question_mark", "Help"), ("ctrl+q", "Quit dyntui?")])
async def test_a_run_that_is_started_late_does_not_come_over_a_question(key: str, seen: str) -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        async with answered_late(hand, "runs.start"):
            await press(hand, "s", key)
            before = hand.text
        assert seen in before and seen in hand.text and "Synchronisation Audit ›" not in hand.text


async def test_a_run_that_is_started_late_does_not_come_over_what_somebody_types() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        async with answered_late(hand, "runs.start"):
            await press(hand, "s", "slash", "n", "e")
        await hand.press("w")
        assert hand.app.screen.query_one("#grid-filter", Input).value == "new"


async def test_the_settings_of_a_list_do_not_come_over_another_place() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        async with answered_late(hand, "lists.views"):
            await press(hand, "E", "3")
        assert "Edit " not in hand.text
        await hand.press("2")
        assert "Edit " not in hand.text


async def test_a_y_for_something_else_links_no_address_book() -> None:
    async with driving(Opening("unbound")) as hand:
        await hand.to("2", LIST)
        await hand.press("a")
        async with answered_late(hand, "lists.activate"):
            await press(hand, "y", "3", "y")
        assert "Link the existing" not in hand.text
        await hand.press("y", "2", "y")
        assert len(hand.asked("lists.activate")) == 1
        assert any("address book" in each for each in hand.notices)


async def test_whoever_has_left_the_wizard_is_told_of_the_send_where_they_are() -> None:
    async with driving(Opening("few")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        async with answered_late(hand, "campaigns.send"):
            await hand.pilot.click("#send")
            await press(hand, "2", "slash", "n")
        await hand.press("e")
        assert len(hand.asked("campaigns.send")) == 1
        assert hand.app.screen.query_one("#grid-filter", Input).value == "ne"
        assert any("among the sends" in each for each in hand.notices)
        await hand.press("escape", "3")
        assert "Step 5 of 5" not in hand.text


async def test_what_was_read_before_does_not_take_the_place_of_what_an_event_has_told() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s")
        assert "Queued" in hand.text
        await hand.step()
        await hand.step()
        assert "In process" in hand.text
        async with answered_late(hand, "runs.get"):
            await press(hand, "r")
            assert "In process" in hand.text and "Queued" not in hand.text
        await hand.finish()
        assert "Completed" in hand.text
