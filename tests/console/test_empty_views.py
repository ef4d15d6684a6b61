"""What stands in place of rows where others are in another view, or nobody is on a list."""

from __future__ import annotations

from .driving import driving
from .worlds import CAMPAIGN, LIST, Opening


async def test_a_view_without_rows_does_not_say_that_there_are_none_at_all() -> None:
    async with driving(Opening("refused")) as hand:
        await hand.press("6", "n")
        assert "1 of 3 refused rows" in hand.text
        await hand.press("l")
        assert "No row is ignored" in hand.text and "No row is refused" not in hand.text
        await hand.press("escape", "c", "l")
        assert "Nobody has looked at a conflict yet" in hand.text and "No conflict waits" not in hand.text
        await hand.press("W", "l")
        assert "Nothing was sent from here yet" in hand.text and "l shows all sends" not in hand.text


async def test_what_a_run_wrote_is_not_denied_in_a_view_of_what_it_did_not_write() -> None:
    async with driving() as hand:
        await hand.press("4", "slash")
        await hand.type(LIST)
        await hand.press("enter", "enter", "w")
        assert "changes" in hand.text.splitlines()[-2]
        await hand.press("l", "l", "l")
        assert "Nothing of this kind was written" in hand.text and "Both systems agreed" not in hand.text


async def test_what_was_seen_of_a_person_is_not_denied_in_a_view_of_what_was_not() -> None:
    async with driving() as hand:
        await hand.press("F")
        await hand.type("salminen")
        await hand.press("enter")
        assert "Joined a list" in hand.text
        await hand.press("l", "l")
        assert "Nothing of this kind was seen of this person" in hand.text


async def test_what_a_plan_would_change_is_not_denied_in_a_view_of_what_it_would_not() -> None:
    async with driving(Opening("changed")) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        assert "changes" in hand.text.splitlines()[-2]
        await hand.press("l", "l", "l", "l")
        assert "Nothing of this kind would be changed" in hand.text


async def test_lists_without_anybody_are_named_as_the_reason_and_no_slice_is() -> None:
    async with driving() as hand:
        await hand.to("2", "Autumn fair")
        await hand.press("a", "y", "s")
        await hand.finish()
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "t")
        await hand.to("", "Autumn fair")
        await hand.press("enter", "w", "n", "n", "n")
        assert "0 potential" in hand.text
        assert hand.notices[-1] == "Nobody would get the campaign: nobody is on the lists that were counted."
