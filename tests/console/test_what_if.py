"""The counts of a campaign's targets, looked at as if something were mended."""

from __future__ import annotations

from .driving import driving
from .worlds import CAMPAIGN, Opening


async def test_a_reason_is_looked_at_as_if_it_were_mended_and_consent_never() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("c")
        assert "What if" not in hand.text
        await hand.press("G", "k")
        assert "i What if" in hand.text
        await hand.press("i")
        said = " ".join(hand.text.split())
        assert "If mended (No e-mail address): 164 sendable, 1 more." in said and "✓ No e-mail address" in said
        await hand.press("i")
        assert "If mended" not in hand.text and "✓" not in hand.text
        await hand.press("g", "i")
        assert any("nothing to be mended" in each for each in hand.notices)
