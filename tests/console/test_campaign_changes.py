"""Who changed what about email campaigns: of all from the grid, of one from its page."""

from __future__ import annotations

import pytest

from dyntui.model.roles import Role
from tests.console.driving import driving
from tests.console.worlds import CAMPAIGN, NEVER, Opening

WIDER = ((80, 24), (160, 40))


@pytest.mark.parametrize("size", [(60, 18), *(pytest.param(each, marks=pytest.mark.thorough) for each in WIDER)])
async def test_what_was_changed_about_campaigns_is_listed_of_all_and_of_one(size: tuple[int, int]) -> None:
    async with driving(Opening("targeted"), size=size) as hand:
        await hand.to("3", "Trade news")
        await hand.press("a")
        await hand.to("", CAMPAIGN)
        await hand.press("enter", "t", "G", "enter", "D")
        # Its target lists, as they were before and are now; nothing of another campaign.
        assert "Email Campaigns › Who changed what" in hand.text
        assert "2 changes" in hand.text and "Trade news" not in hand.text
        await hand.press("enter")
        assert f"Newsletter, {NEVER}" in hand.text and "Mira Sandahl" in hand.text
        await hand.press("escape", "escape", "escape", "D")
        assert "of 3 changes" in hand.text and "Trade news" in hand.text and "archived" in hand.text
        (all_, one) = (hand.asked("campaigns.changes")[-1], hand.asked("campaigns.changes")[0])
        main = hand.asked("campaigns.get")[-1].account  # type: ignore[attr-defined]
        assert all_.campaign == 0 and one.campaign and one.account == main != ""  # type: ignore[attr-defined]


async def test_what_administrators_changed_is_listed_in_the_audit() -> None:
    async with driving(Opening("targeted"), size=(120, 40)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("a", "4", "D")
        assert "What administrators changed" in hand.text and "archived" in hand.text and "campaigns" in hand.text
        await hand.press("enter")
        assert "Subject" in hand.text and "Mira Sandahl" in hand.text
    async with driving(Opening("targeted", role=Role.PROFESSIONAL)) as hand:
        await hand.press("4", "D")
        assert hand.asked("administration.changes") == []


async def test_before_anything_was_changed_it_says_what_will_stand_there() -> None:
    async with driving() as hand:
        await hand.press("3", "D")
        assert "Nothing was changed yet" in hand.text
