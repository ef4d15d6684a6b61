"""Sends that wait for their hour and sends in waves: made by the wizard, followed, cancelled, stopped."""

from __future__ import annotations

import asyncio
import re

import pytest
from dyntui.screens.wizard_steps import counted

from dyntui.service.contract.sends import SendCampaign
from dyntui.service.contract.target_counts import TargetCount

from .driving import driving
from .test_main_job import counting
from .worlds import CAMPAIGN, Opening


@pytest.mark.parametrize(("sendable", "potential", "said"), [(0, 0, "0 sendable"), (3, 4, "3 sendable, 75.0%")])
def test_of_a_count_of_nobody_no_share_is_said(sendable: int, potential: int, said: str) -> None:
    count = TargetCount(
        id="1",
        campaign=1,
        campaign_name="Spring",
        potential=potential,
        sendable=sendable,
        excluded=(),
        lists=(),
        counted_on="",
        suppressions_as_of="",
        confirm_above=1000,
    )
    assert counted(count) == said


async def test_a_service_that_does_not_stay_says_so_where_an_hour_or_waves_are_chosen() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "E", "j", "enter", "G", "enter")
        assert "In waves" not in hand.text and "Take it over" in hand.text
        assert any("ends with its last client" in notice for notice in hand.notices)
        await hand.press("g", "j", "enter", "G", "enter", "n")
        assert "all at once" in hand.text and "n To the button" in hand.text
        # What Enter does is said of the button that has the focus.
        assert " Enter Back " in hand.text.splitlines()[-1]
        await hand.press("n")
        assert " Enter Send Campaign " in hand.text.splitlines()[-1] and "To the button" not in hand.text


async def test_the_page_of_a_send_says_in_full_why_no_results_of_it_are_read() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("E", "j", "enter")
        await hand.press("w", "n", "n", "n", "n", "n", "enter")
        await hand.finish()
        assert "Sent" in hand.text and "What came back" in hand.text
        lines = hand.text.splitlines()
        top, left = next(
            (y, line.index("╭─ What came back")) for y, line in enumerate(lines) if "─ What came back" in line
        )
        said = " ".join(" ".join(line[left:].strip("│ ") for line in lines[top + 1 : top + 4]).split())
        assert "Nothing of the campaign's results is read (NONE, of its own)." in said


async def test_whoever_sends_a_campaign_that_is_scheduled_already_is_told_so_before() -> None:
    async with driving(Opening("few", prepare=lambda service: service.stays())) as hand:
        await counting(hand)
        await hand.press("n", "E", "enter")
        await hand.type("2026-12-01 18:00Z")
        await hand.press("enter", "G", "enter", "n")
        assert "Step 5 of 5" in hand.text and "Also held" not in hand.text
        await hand.press("n", "enter")
        assert "Scheduled" in hand.text
        await hand.press("3", "escape", "escape")
        await counting(hand)
        await hand.press("n", "n")
        summary = " ".join(hand.text.replace("│", " ").split())
        assert "Also held" in summary and "whoever has it by one of the two is left out of the other" in summary


async def test_a_send_is_scheduled_and_cancelled_and_another_goes_out_in_waves_until_it_is_stopped() -> None:
    async with driving(Opening("targeted", prepare=lambda service: service.stays())) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "p")
        assert "-- TEXT --" in hand.text
        await hand.press("G")
        assert "-- LINKS --" in hand.text and "$UNSUB$" in hand.text
        # Whatever ends or changes meanwhile, they stay to be read.
        hand.app.screen.refetch()  # type: ignore[attr-defined]
        await hand.settle()
        assert "-- LINKS --" in hand.text
        await hand.press("w", "T")
        await hand.type("nobody.here@example.org")
        await hand.press("enter", "enter")
        assert "a test makes nobody a contact" in " ".join(hand.text.replace("│", " ").split())
        await hand.press("escape", "n", "n", "n", "E")
        assert "When and how it is sent" in hand.text
        await hand.press("enter")
        await hand.type("2026-02-31 10:00")
        await hand.press("enter")
        assert any("is no time" in notice for notice in hand.notices)
        await hand.press("escape", "enter")
        await hand.type("2026-12-01 18:00Z")
        await hand.press("enter", "G", "enter")
        assert "● 1 Dec 2026" in hand.text and "counted anew" in hand.text
        await hand.press("n", "n", "enter")
        (asked,) = hand.asked("campaigns.send")
        assert isinstance(asked, SendCampaign) and (asked.at, asked.waves) == ("2026-12-01T18:00:00Z", None)
        assert "Sends" in hand.text and "Scheduled" in hand.text and "1 Dec" in hand.text
        # Of whom are to be mailed: whom nobody means to mail, stands below.
        assert "– of 163 people" in hand.text and "207 = 163 + 44 excluded" in hand.text
        await hand.press("1")
        assert re.search(rf"1 Dec [\d:]+ \(W\) {CAMPAIGN[:8]}", hand.text)
        assert "Campaigns sent, the last one first" in hand.text and "opened by" in hand.text
        await hand.press("W")
        assert not hand.pilot.app.screen.query_one("#preview").display, "there is no room for it beside the grid"
        await hand.press("x")
        assert "It does not go out" in hand.text
        await hand.press("y")
        assert "No send waits" in hand.text
        await hand.press("l")
        assert "Cancelled" in hand.text
        await hand.press("enter")
        assert "nobody of 163 people" in hand.text and "Nothing went out." in hand.text

        await hand.press("3", "escape", "escape")
        await hand.to("", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "E", "j", "enter", "G", "enter")
        assert "Also held" not in hand.text
        assert "In waves: 1 %, 10 %, the rest" in hand.text
        await hand.press("n", "n", "enter")
        assert "In waves" in hand.text and "x Cancel" in hand.text.splitlines()[-1]
        await hand.service.look_at_sends()
        await hand.finish()
        await hand.service.look_at_sends()
        await hand.settle()
        # The page hears of the hour by itself.
        assert "In waves, 1 of 3 waves" in hand.text and "Next wave 22 Nov 2026 13:00" in hand.text
        card = hand.text.partition("─ Send ─")[2].partition("╰")[0]
        begun = {line.index(word) for line in card.splitlines() for word in (" In waves,", " above") if word in line}
        assert len(begun) == 1
        # As short as on Home, so that the hour is whole beside "the rest" as well.
        assert "10 %, 22 Nov 13:00" in hand.text and "x Stop" in hand.text.splitlines()[-1]
        await hand.press("1", "1")
        assert "22 Nov 13:00 wave 2/3 (W)" in hand.text
        await hand.press("3")
        await hand.press("x")
        assert "No other wave begins" in hand.text
        await hand.press("y")
        assert "Stopped, 1 of 3 waves" in hand.text and "Stopped by Mira Sandahl" in hand.text
        await hand.pilot.resize_terminal(60, 18)
        await hand.press("r")
        assert "207 = 1 + 206 ✓" in hand.text
        await hand.pilot.resize_terminal(80, 24)
        await hand.press("r")
        assert "1 of 163 people" in hand.text
        assert "Wave stopped" in hand.text and "was 0" in hand.text and hand.mailed() == 1
        # Its people, its waves, its report and its run are below it.
        await hand.press("g", "j", "enter")
        assert "Wave stopped" in hand.text and "can mend it" in hand.text
        # Their page says why they did not get it, on a narrow screen too.
        await hand.pilot.resize_terminal(60, 18)
        await hand.press("i")
        assert "Left out: Wave stopped" in hand.text
        await hand.pilot.resize_terminal(80, 24)
        await hand.press("escape")
        await hand.press("escape", "tab", "enter")
        assert "Wave 1 of 3: Sent" in hand.text and "All waves" in hand.text
        await hand.press("tab", "g", "enter", "a")
        assert "all waves" in hand.text and "WAVES_STOPPED" in hand.text
        await hand.press("escape", "W", "slash")
        await hand.type("Stopped")
        await hand.press("down", "enter")
        assert "Stopped, 1 of 3 waves" in hand.text

        # Handed to dotdigital with its date: said before, and afterwards it can only lose its recipients.
        await hand.press("3", "escape", "escape")
        await hand.to("", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "E", "enter")
        await hand.type("2026-12-01 18:00Z")
        await hand.press("enter", "j", "enter", "G", "enter")
        words = " ".join(hand.text.replace("│", " ").split())
        assert "handed to dotdigital now" in words and "no call takes it back" in words and "In waves" not in words
        await hand.press("n", "n", "enter")
        await hand.finish()
        await hand.press("r")
        assert "Handed to dotdigital" in hand.text and "dotdigital mails it" in hand.text
        await hand.press("x")
        assert "Empty its book" in hand.text
        await hand.press("y")
        assert "Taken back" in hand.text
        await hand.press("o", "right", "enter")
        assert "not mailed as Mira Sandahl found" in " ".join(hand.text.replace("│", " ").split())


async def test_what_came_back_is_no_zero_before_it_was_read() -> None:
    async with driving(Opening("few")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w")
        assert "T Test send" in hand.text.splitlines()[-1]
        await hand.press("n", "n", "n", "n", "n", "enter")
        await hand.finish()
        assert "Not read yet: press s." in hand.text and "Opened by" not in hand.text
        await hand.press("v")
        assert "Enter Copy" not in hand.text.splitlines()[-1]
        await hand.press("escape", "s")
        await hand.finish()
        await hand.press("escape")
        assert "Opened by" in hand.text and "as of 22 Nov 2026" in hand.text
        await hand.press("d")
        assert f"Sends › {CAMPAIGN} › Changed since" in hand.text and "Everybody is what was confirmed" in hand.text
        await hand.press("escape", "v")
        assert "as of 22 Nov 2026" in hand.text


async def test_whoever_tests_to_two_addresses_is_told_of_both() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter")
        gate = hand.service.gate = asyncio.Event()
        hand.service.held = {"campaigns.test"}
        for address in ("nobody.here@example.org", "nobody.there@example.org"):
            await hand.pilot.press("T")
            await hand.until(lambda text: "A copy goes to one" in text)
            await hand.pilot.press(*address, "enter")
            await hand.until(lambda text: "removed again once" in text)
            await hand.pilot.press("enter")
            await hand.until(lambda text: "removed again once" not in text)
        gate.set()
        await hand.settle()
        said = hand.text
        await hand.press("escape")
        said = " ".join(f"{said} {hand.text}".replace("│", " ").split())
        assert "no contact nobody.here@" in said and "no contact nobody.there@" in said
