"""What is asked before a send is kept from going out."""

from __future__ import annotations

from .driving import driving
from .worlds import CAMPAIGN, Opening


async def test_who_cancels_a_wave_is_told_that_the_whole_send_stops() -> None:
    async with driving(Opening("targeted", prepare=lambda service: service.stays())) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "E", "j", "enter", "G", "enter", "n", "n", "enter")
        await hand.service.look_at_sends()
        await hand.press("r")
        while "Preparing, 1 person" not in hand.text:
            await hand.step()
            await hand.press("r")
        await hand.press("tab", "enter")
        assert "Wave 1 of 3: Preparing" in hand.text
        await hand.press("x")
        said = " ".join(hand.text.replace("│", " ").split())
        assert "wave 1: 1 person" in said and "no other wave begins" in said
        await hand.press("y")
        await hand.finish()
        await hand.service.look_at_sends()
        await hand.press("W", "l")
        assert "Stopped, 1 of 3 waves" in hand.text and hand.mailed() == 0
