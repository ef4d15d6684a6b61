"""The page that shows how a marketing list has grown."""

from __future__ import annotations

from .driving import driving
from .worlds import LIST, Opening


async def test_how_a_list_has_grown_is_one_key_from_it_and_leads_to_its_runs() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.press("2", "slash")
        await hand.paste(LIST)
        await hand.press("enter", "T")
        assert f"Marketing Lists › {LIST} › Growth" in hand.text
        assert "In the book" in hand.text and "█" in hand.text and "22 Nov 2026" in hand.text
        assert "Enter Run" in hand.text.splitlines()[-1]
        await hand.press("enter")
        assert "Synchronisation Audit" in hand.text and LIST in hand.text
        await hand.press("escape")
        assert "Growth" in hand.text


async def test_a_list_that_was_not_synchronised_says_what_to_do() -> None:
    async with driving() as hand:
        await hand.press("2", "T")
        assert "Not synchronised yet" in hand.text
