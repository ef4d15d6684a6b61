"""Email campaigns are archived and taken out again in the console: in the grid, on a campaign's page, in its report."""

from __future__ import annotations

import pytest

from tests.console.driving import Driver, driving
from tests.console.worlds import CAMPAIGN, Opening

SMALL, USUAL = (60, 18), (80, 24)
SIZES = pytest.mark.parametrize("size", [SMALL, USUAL])
SENT = "January sale"


def footer(hand: Driver) -> str:
    return hand.text.splitlines()[-1]


@SIZES
async def test_the_marked_campaigns_are_archived_and_taken_out_with_one_key(size: tuple[int, int]) -> None:
    async with driving(Opening("targeted"), size=size) as hand:
        await hand.to("3", "Trade news")
        assert "1 of 10 email campaigns" not in hand.text and "A Take out" not in footer(hand)
        await hand.press("A")
        assert hand.notices[-1] == "Trade news is not archived." and hand.asked("campaigns.unarchive") == []
        await hand.press("space", "space", "a")
        (asked,) = hand.asked("campaigns.archive")
        assert len(asked.campaigns) == 2  # type: ignore[attr-defined]
        assert "Trade news\nSpring leads offer\nIn the view Archived" in hand.notices[-1]
        # What was marked has done its work.
        assert "of 8 email campaigns" in hand.text and "marked" not in hand.text
        await hand.press("l", "l", "l")
        assert "1 of 2 email campaigns" in hand.text and "Trade news" in hand.text and "A Take out" in footer(hand)
        await hand.press("a")
        assert hand.notices[-1] == "Trade news is archived already."
        await hand.press("A", "A")
        assert "No email campaign is archived" in hand.text and "A Take out" not in footer(hand)
        await hand.press("h", "h", "h")
        assert "of 10 email campaigns" in hand.text


@SIZES
async def test_an_archived_campaign_says_so_and_is_not_sent_before_it_is_taken_out(size: tuple[int, int]) -> None:
    async with driving(Opening("targeted"), size=size) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "a")
        assert f"› {CAMPAIGN}" in hand.text and "Unsent, archived" in hand.text
        assert "22 Nov 2026 12:00 by Mira Sandahl" in hand.text
        assert "by Mira Sandahl: press A." in hand.text and "a Archive" not in footer(hand)
        assert size == SMALL or "A Take out" in footer(hand)
        for key in ("w", "T"):
            await hand.press(key)
            assert hand.notices[-1] == f"{CAMPAIGN} is archived; A takes it out again."
        assert "Step 1" not in hand.text
        await hand.press("A")
        assert "archived" not in hand.text and "A Take out" not in footer(hand)
        await hand.press("w")
        assert "Step 1 of 5" in hand.text


async def test_a_search_among_the_current_ones_looks_at_all_and_says_so() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", SENT)
        await hand.press("a", "slash")
        await hand.type("janu")
        assert "1 of 10 email campaigns match “janu”, archived or not" in hand.text and "Archived" in hand.text
        await hand.type("x")
        assert "Nothing matches “janux”, archived or not" in hand.text
        # In another view the search is in that view.
        await hand.press("escape", "l", "l", "slash")
        await hand.type("janu")
        assert "Nothing matches “janu”" in hand.text and "archived or not" not in hand.text


async def test_home_the_palette_and_the_comparison_leave_it_out_and_its_report_stays() -> None:
    async with driving(Opening("targeted"), size=(120, 60)) as hand:
        assert SENT in hand.text
        await hand.to("3", SENT)
        await hand.press("a", "1")
        assert SENT not in hand.text and "Umeå opens" in hand.text
        await hand.press("colon")
        await hand.type("January")
        assert SENT not in hand.text
        await hand.press("escape", "3", "V")
        assert "of 2 email campaigns" in hand.text and SENT not in hand.text
        await hand.press("escape", "l", "l", "l", "v")
        assert f"{SENT} › Report" in hand.text and "archived · as of" in hand.text and "by Mira Sandahl" in hand.text


async def test_a_campaign_whose_send_is_held_stays_and_says_what_to_do() -> None:
    async with driving(Opening("doubted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("a")
        assert "CAMPAIGN_SEND_OPEN" in hand.text and "not known whom a send of it reached" in hand.text
        await hand.press("escape", "space", "space", "a")
        # The other one is archived; this one is named, and stays marked.
        assert CAMPAIGN in hand.notices[-1] and "settle SEND" in hand.notices[-1]
        assert "of 9 email campaigns" in hand.text and "1 marked" in hand.text


async def test_help_and_palette_know_both_verbs() -> None:
    async with driving(Opening("targeted"), size=(120, 60)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("question_mark")
        assert "Take out of the archive" in hand.text and f"{CAMPAIGN} is not archived." in hand.text
        await hand.press("escape", "colon")
        await hand.type("archive")
        assert "Archive" in hand.text and "Take out of the archive" in hand.text


async def test_a_campaign_that_somebody_archives_meanwhile_is_refused_in_the_wizard_before_its_number_is_typed() -> (
    None
):
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n")
        with hand.service.db.write() as c:
            c.exec_driver_sql("UPDATE campaign SET archived_on = '2026-11-22T12:00:00Z', archived_by = 'Ann'")
        await hand.press("n")
        assert "CAMPAIGN_ARCHIVED" in hand.text or "is archived by Ann" in hand.text
        await hand.press("n", "n")
        assert "Email Campaign Wizard Summary" not in hand.text and hand.asked("campaigns.send") == []
