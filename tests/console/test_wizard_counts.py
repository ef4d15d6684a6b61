"""What the send wizard shows while people are counted, and after something that they depend on has changed."""

from __future__ import annotations

import asyncio

from dyntui.screens.places import SEND_WIZARD
from sqlalchemy import select

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.accounts import ACCOUNT_EDIT, EditAccount
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.store.schema import campaign

from .driving import Driver, driving
from .test_main_job import counting
from .worlds import CAMPAIGN, LIST, NEVER, Opening

DOWN = DyntuiError(
    code="REMOTE_AWAY",
    message="dotdigital does not answer.",
    not_done="Nobody was counted.",
    remedy="Try again in a while.",
    exit=Exit.UNREACHABLE,
)


async def held(hand: Driver, *keys: str, until: str) -> asyncio.Event:
    """Presses keys while nothing is counted, until something is said; counts are answered once the event is set."""
    gate = hand.service.gate = asyncio.Event()
    hand.service.held = {"campaigns.count"}
    await hand.pilot.press(*keys)
    await hand.until(lambda text: until in text)
    return gate


def campaign_id(hand: Driver, name: str) -> int:
    """A campaign by its name."""
    with hand.service.db.read() as c:
        return int(c.execute(select(campaign.c.id).where(campaign.c.name == name)).scalar_one())


async def to_other_lists(hand: Driver) -> None:
    """From the counts of one list back to the target lists, of which the other one is synchronised and chosen too."""
    await counting(hand)
    assert "207 potential" in hand.text
    await hand.press("escape")
    await hand.to("", NEVER)
    await hand.press("s")
    await hand.finish()
    await hand.press("escape")
    assert "● 2 marked" in hand.text


async def test_target_lists_that_are_on_their_way_are_said_to_be():
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        gate = await held(hand, "w", "n", until="Loading…")
        assert "Step 2 of 5" in hand.text
        gate.set()
        await hand.settle()
        assert "Loading" not in hand.text and "1 of 2 target lists" in hand.text


async def test_target_lists_that_could_not_be_read_are_not_still_being_read():
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        hand.service.failing["campaigns.count"] = DOWN
        await hand.press("w", "n", "n")
        assert "Step 2 of 5" in hand.text and "dotdigital does not answer" in hand.text
        assert hand.notices == ["The target lists could not be read: dotdigital does not answer. r asks again."]
        hand.service.failing.clear()
        await hand.press("r")
        assert "1 of 2 target lists" in hand.text and "does not answer" not in hand.text
        await hand.press("n")
        assert "207 potential" in hand.text


async def test_counts_of_other_lists_are_not_shown_as_those_of_the_lists_that_are_chosen_now():
    async with driving(Opening("both")) as hand:
        await to_other_lists(hand)
        gate = await held(hand, "n", until="is being counted")
        assert "Step 3 of 5" in hand.text
        assert "207" not in hand.text and "These people will get the campaign" not in hand.text
        hand.service.failing["campaigns.count"] = DOWN
        gate.set()
        await hand.settle()
        assert "Nobody was counted" in hand.text and "207" not in hand.text
        hand.service.failing.clear()
        await hand.press("r")
        assert "227 potential" in hand.text


async def test_the_wizard_goes_on_where_the_email_account_got_another_name_meanwhile():
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n")
        # Somebody else does so.
        await hand.service.client.call(ACCOUNT_EDIT, EditAccount(account="Main", name="Of the shop"))
        await hand.press("n")
        assert "Step 3 of 5" in hand.text and "207 potential" in hand.text
        await hand.press("r")
        assert "207 potential" in hand.text and "could not be counted" not in hand.text
        await hand.press("n", "n")
        assert "Of the shop" in hand.text


async def test_who_goes_on_from_a_list_that_was_just_synchronised_has_everybody_counted_anew():
    async with driving(Opening("targeted")) as hand:
        await counting(hand)
        before = len(hand.asked("campaigns.count"))
        await hand.press("escape", "n")
        assert len(hand.asked("campaigns.count")) == before
        await hand.press("escape")
        await hand.to("", LIST)
        await hand.press("s")
        await hand.finish()
        await hand.press("escape")
        before = len(hand.asked("campaigns.count"))
        await hand.press("n")
        assert "Step 3 of 5" in hand.text and len(hand.asked("campaigns.count")) == before + 1
        await hand.press("r")
        assert len(hand.asked("campaigns.count")) == before + 2 and "207 potential" in hand.text


async def test_the_campaign_before_is_not_shown_in_the_wizard_of_another_one():
    async with driving(Opening("both")) as hand:
        await counting(hand)
        await hand.press("escape", "escape", "escape")
        hand.service.failing["campaigns.get"] = hand.service.failing["campaigns.count"] = DOWN
        hand.app.open_page(SEND_WIZARD, CampaignRef(campaign_id(hand, "Trade news")))
        await hand.settle()
        assert " ✗ REMOTE_AWAY" in hand.text and CAMPAIGN not in hand.text


async def test_a_count_that_has_grown_too_old_to_be_sent_to_is_made_anew_at_once():
    async with driving(Opening("few")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        assert "Step 5 of 5" in hand.text
        before = len(hand.asked("campaigns.count"))
        # Somebody comes back from lunch.
        hand.service.sandbox.advance(2 * 3600)
        await hand.press("n", "enter")
        assert "COUNT_UNKNOWN" in hand.text and hand.mailed() == 0
        await hand.press("escape")
        assert "Step 3 of 5" in hand.text and len(hand.asked("campaigns.count")) == before + 1
        await hand.press("n", "n", "n", "enter")
        await hand.finish()
        assert hand.mailed() > 0


def edited(hand: Driver, subject: str) -> None:
    """Somebody gives the campaign another subject in dotdigital."""
    with hand.service.sandbox.state.db as db:
        db.execute("UPDATE dd_campaign SET subject = ? WHERE name = ?", (subject, CAMPAIGN))


async def test_the_summary_says_the_subject_that_the_mails_will_have():
    async with driving(Opening("few")) as hand:
        await hand.to("3", CAMPAIGN)
        edited(hand, "Mended in dotdigital")
        await hand.press("w", "n", "n", "n", "n")
        assert "Step 5 of 5" in hand.text and "Mended in dotdigital" in hand.text
        edited(hand, "Mended once more")
        await hand.press("n", "enter")
        assert "SEND_CHANGED" in hand.text and hand.mailed() == 0
        await hand.press("escape")
        assert "Step 5 of 5" in hand.text and "Mended once more" in hand.text
        await hand.press("n", "enter")
        await hand.finish()
        assert hand.mailed() > 0
