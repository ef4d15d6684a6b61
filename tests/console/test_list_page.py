"""The page of a marketing list: its people, its runs, every email campaign sent to it, and what can be done there."""

from __future__ import annotations

from .driving import driving
from .worlds import CAMPAIGN, FAILED, LIST, NEVER, Opening


async def test_the_page_of_a_list_shows_its_people_its_runs_and_every_campaign_sent_to_it() -> None:
    async with driving(Opening("few")) as hand:
        await hand.to("2", NEVER)
        await hand.press("enter")
        assert "Sends and last runs" in hand.text and CAMPAIGN not in hand.text
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "n", "n", "enter")
        await hand.finish()
        assert hand.mailed() > 0
        await hand.press("2")
        assert f"Marketing Lists › {NEVER}" in hand.text
        (line,) = [each for each in hand.text.splitlines() if CAMPAIGN in each]
        assert f"{CAMPAIGN}: Sent, {hand.mailed()} people" in line and "22 Nov 2026" in line
        # Its runs stand beside it, and Enter leads to the send and back.
        assert hand.text.count("• Completed") >= 1
        await hand.press("tab", "g", "enter")
        assert f"{hand.mailed()} of " in hand.text and "Sends" in hand.text
        await hand.press("escape", "m")
        assert f"Marketing Lists › {NEVER}" in hand.text and "members" in hand.text
        # No other list has it.
        await hand.press("escape", "escape")
        await hand.to("2", LIST)
        await hand.press("enter")
        assert f"Marketing Lists › {LIST}" in hand.text and f"{CAMPAIGN}:" not in hand.text
        of_runs, of_lists = hand.asked("runs.page"), hand.asked("lists.get")
        assert {getattr(each, "item", "") for each in of_runs} - {""} == {getattr(each, "id", "") for each in of_lists}


async def test_a_list_is_activated_and_deactivated_by_what_its_page_then_offers() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("2", "R")
        await hand.to("", LIST)
        await hand.press("enter")
        assert "not activated for email" in hand.text and "a Activate" in hand.text.splitlines()[-1]
        await hand.press("d")
        assert any("is not activated for email" in each for each in hand.notices)
        await hand.press("a", "y")
        assert "✓ activated for email" in hand.text and "a Activate" not in hand.text.splitlines()[-1]
        await hand.press("d")
        assert f"Deactivate {LIST} for email?" in hand.text
        await hand.press("y")
        assert "not activated for email" in hand.text and "a Activate" in hand.text.splitlines()[-1]


async def test_the_lists_shown_are_the_active_ones_until_a_view_or_a_search_is_chosen() -> None:
    async with driving() as hand:
        await hand.press("2")
        assert LIST in hand.text and "Newsletter 2019" not in hand.text
        await hand.press("l")
        assert "Newsletter 2019" in hand.text and FAILED not in hand.text
        await hand.press("h", "slash")
        await hand.paste("alpine")
        assert FAILED in hand.text and NEVER not in hand.text


async def test_an_outcome_that_nobody_has_any_more_is_not_told_of_all_members() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "m", "l")
        assert "1 of 163 members" in hand.text
        await hand.press("s")
        await hand.finish()
        await hand.press("escape")
        # Who was added is unchanged by now. All are still there under All.
        assert "No member here" in hand.text and "Added 0" in hand.text
        await hand.press("h")
        assert "1 of 207 members" in hand.text
