"""The send wizard by mouse: however often somebody clicks on Next, nothing is sent."""

from __future__ import annotations

import pytest
from textual.widgets import Button

from .driving import NARROW, WIDE, driving
from .test_main_job import counting
from .worlds import Opening


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_one_click_too_many_on_next_sends_nothing(size: tuple[int, int]) -> None:
    async with driving(Opening("few"), size=size) as hand:
        await counting(hand)
        there = hand.app.screen.query_one("#next", Button).region
        # As of somebody who is impatient, or clicks twice by habit.
        for _ in range(5):
            await hand.pilot.click(offset=(there.x + 2, there.y))
            await hand.settle()
        assert "Step 5 of 5" in hand.text
        assert hand.asked("campaigns.send") == [] and hand.mailed() == 0


async def test_the_campaign_is_sent_by_a_click_on_the_button_that_says_so() -> None:
    async with driving(Opening("few")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        await hand.pilot.click("#send")
        await hand.finish()
        assert len(hand.asked("campaigns.send")) == 1 and hand.mailed() > 0
        assert "Sent" in hand.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_one_click_too_many_on_back_keeps_the_wizard_and_what_was_chosen(size: tuple[int, int]) -> None:
    async with driving(Opening("few"), size=size) as hand:
        await counting(hand)
        there = hand.app.screen.query_one("#back", Button).region
        for _ in range(5):
            await hand.pilot.click(offset=(there.x + 2, there.y))
            await hand.settle()
        assert "Step 1 of 5" in hand.text and "Cancel" in hand.text
        # The counts were made for the lists that are chosen still.
        await hand.press("n", "n")
        assert "Step 3 of 5" in hand.text and len(hand.asked("campaigns.count")) == 2
        await hand.press("escape", "escape")
        await hand.pilot.click("#cancel")
        await hand.settle()
        assert "Step " not in hand.text
