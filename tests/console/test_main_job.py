"""The main job, done by hand: activate, synchronise, targets, wizard, results."""

from __future__ import annotations

import asyncio

import pytest
from dyntui.screens.places import REPORT
from sqlalchemy import select

from dyntui.model.roles import Role
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service import sending
from dyntui.service.contract.campaigns import CampaignRef, ChangeTargets
from dyntui.service.contract.lists import Activate
from dyntui.service.contract.runs import StartRun
from dyntui.service.contract.sends import SendCampaign
from dyntui.store.schema import campaign, marketing_list

from .driving import NARROW, WIDE, Driver, driving
from .worlds import CAMPAIGN, FAILED, LIST, NEVER, PERSON, Opening

# What becomes of the people of the list that is synchronised.
MEMBERS, SENDABLE, NO_BULK = 207, 163, 11


def list_id(hand: Driver, name: str) -> str:
    """A list by its name."""
    with hand.service.db.read() as c:
        return str(c.execute(select(marketing_list.c.id).where(marketing_list.c.name == name)).scalar_one())


async def counting(hand: Driver) -> None:
    """To the counts of the wizard."""
    await hand.to("3", CAMPAIGN)
    await hand.press("w", "n", "n")


async def sending_held(hand: Driver) -> asyncio.Event:
    """The send is confirmed, and the service answers once the event is set."""
    await counting(hand)
    await hand.press("n", "n")
    await hand.type(str(SENDABLE))
    await hand.press("enter")
    gate = hand.service.gate = asyncio.Event()
    hand.service.held = {"campaigns.send"}
    await hand.pilot.press("enter")
    await hand.until(lambda _: bool(hand.asked("campaigns.send")))
    return gate


@pytest.fixture
def a_hundred_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """More people than that are sent to only by whoever types how many they are."""
    monkeypatch.setattr(sending, "CONFIRM_ABOVE", 100)


SIZES = pytest.mark.parametrize(
    "size",
    [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="120x40", marks=pytest.mark.thorough)],
)


# On a real terminal it is done by `tests/terminal/test_journey.py`.
@pytest.mark.thorough
@SIZES
@pytest.mark.usefixtures("a_hundred_are_many")
async def test_a_newcomer_does_the_whole_job(size: tuple[int, int]) -> None:
    async with driving(Opening("connected"), size=size, first_steps=True) as hand:
        assert "First steps" in hand.text
        await hand.press("2", "R")
        await hand.to("", LIST)
        await hand.press("a")
        assert f"Activate {LIST} for email?" in hand.text
        await hand.press("right", "enter")
        newsletter = list_id(hand, LIST)
        assert hand.asked("lists.activate") == [Activate(id=newsletter)]

        await hand.press("enter", "s")
        assert hand.asked("runs.start")[-1] == StartRun(sync_type="lists", account="Main", lists=(newsletter,))
        assert "Esc leaves it running" in hand.text
        while f"Importing {LIST}" not in hand.text:
            await hand.step()
        assert "In process" in hand.text
        await hand.step()
        assert f"of {SENDABLE}" in hand.text
        await hand.finish()
        assert f"{MEMBERS} read = {MEMBERS} with a named outcome" in hand.text
        assert "Do not bulk e-mail" in hand.text
        await hand.press("escape")
        assert "Members by outcome in the last run" in hand.text

        await hand.press("3", "s")
        await hand.finish()
        await hand.press("escape")
        await hand.to("", CAMPAIGN)
        await hand.press("enter", "t")
        assert "Add Existing Marketing List" in hand.text
        await hand.press("enter")
        (targets,) = hand.asked("campaigns.change_targets")
        assert isinstance(targets, ChangeTargets) and targets.add == (newsletter,)
        assert f"Email Campaigns › {CAMPAIGN}" in hand.text and "1 of 1 target list" in hand.text

        await hand.press("w")
        assert "Step 1 of 5" in hand.text
        assert PERSON in hand.text
        await hand.press("n")
        assert "Target Marketing Lists" in hand.text
        assert "✓ ready" in hand.text
        await hand.press("n")
        assert "Email Campaign Targets Counts" in hand.text
        assert f"{MEMBERS} potential = {SENDABLE} sendable + {MEMBERS - SENDABLE} excluded" in hand.text
        await hand.press("n")
        assert "Email Campaign Options" in hand.text
        assert "Immediately" in hand.text
        await hand.press("n")
        assert "Email Campaign Wizard Summary" in hand.text
        await hand.type(str(SENDABLE))
        await hand.press("enter", "enter")
        (send,) = hand.asked("campaigns.send")
        assert isinstance(send, SendCampaign) and send.confirm == SENDABLE
        await hand.finish()
        assert "Sent" in hand.text and f"{SENDABLE} of {SENDABLE} people" in hand.text
        assert hand.mailed() == SENDABLE
        await hand.press("escape")
        assert f"Email Campaigns › {CAMPAIGN}" in hand.text

        hand.service.sandbox.advance(7 * 86_400)
        await hand.press("v", "s")
        await hand.finish()
        await hand.press("escape")
        assert "Opened by" in hand.text and "Delivered" in hand.text

        await hand.press("1")
        assert hand.text.count("✓") >= 6
        assert "▸" not in hand.text


async def test_a_list_that_is_not_ready_explains_itself_and_offers_to_synchronise() -> None:
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n")
        await hand.to("", NEVER)
        assert f"{NEVER}: The list has not been synchronised yet." in hand.text
        await hand.press("space")
        assert any("not been synchronised" in notice for notice in hand.notices)
        await hand.to("", LIST)
        await hand.press("s")
        assert any("synchronise" in notice.lower() or "sync" in notice.lower() for notice in hand.notices)
        await hand.finish()
        await hand.press("escape")
        await hand.to("", NEVER)
        await hand.press("s")
        await hand.finish()
        await hand.press("escape")
        assert "! Not synchronised" not in hand.text
        await hand.press("n")
        assert "227 potential" in hand.text


async def test_every_slice_of_the_counts_opens_its_people_with_the_remedy() -> None:
    async with driving(Opening("targeted")) as hand:
        await counting(hand)
        # The pie, and beside it what each of its slices stands for.
        assert hand.text.count("█") > 20 and "Do not bulk e-mail" in hand.text
        await hand.press("j", "enter")
        assert "Email Campaign Targets Counts › Do not bulk e-mail" in hand.text
        assert "changed their mind" in hand.text
        assert f"1 of {NO_BULK} people" in hand.text
        await hand.press("enter")
        assert "Reason" in hand.text
        assert "DO_NOT_BULK_EMAIL" in hand.text
        await hand.press("escape", "escape")
        assert "Step 3 of 5" in hand.text


async def test_enter_on_the_summary_never_sends_by_default() -> None:
    async with driving(Opening("few")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        assert "Step 5 of 5" in hand.text
        for said in (
            *("Email campaign", CAMPAIGN, "Subject", "From", "Email account", "Main", "Target lists", NEVER),
            *("Will be mailed", "Excluded", "Potential", "When", "immediately", "Sent by", PERSON),
        ):
            assert said in hand.text, said
        await hand.press("enter")
        assert "Step 4 of 5" in hand.text
        assert hand.asked("campaigns.send") == [] and hand.mailed() == 0


@pytest.mark.usefixtures("a_hundred_are_many")
async def test_a_wrong_number_is_told_and_nothing_is_sent() -> None:
    async with driving(Opening("targeted")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        await hand.type("12")
        await hand.press("enter", "tab", "tab", "enter")
        assert any(f"Type {SENDABLE} into the field first" in notice for notice in hand.notices)
        assert hand.asked("campaigns.send") == [] and hand.mailed() == 0


async def test_an_existing_address_book_is_linked_only_after_a_second_question() -> None:
    async with driving(Opening("unbound")) as hand:
        await hand.to("2", LIST)
        await hand.press("a", "right", "enter")
        assert "Link the existing address book?" in hand.text
        await hand.press("escape")
        newsletter = list_id(hand, LIST)
        assert hand.asked("lists.activate") == [Activate(id=newsletter)]
        await hand.press("a", "right", "enter", "right", "enter")
        assert hand.asked("lists.activate")[-1] == Activate(id=newsletter, link=True)
        assert "✓ active" in next(line for line in hand.text.splitlines() if LIST in line)


async def test_a_run_can_be_cancelled_and_left() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s")
        await hand.step()
        await hand.press("c")
        assert "cancelling…" in hand.text
        await hand.finish()
        assert "Cancelled" in hand.text
        await hand.press("escape", "s", "escape")
        await hand.step()
        assert f"▶ {LIST}" in hand.text
        await hand.finish()
        assert f"▶ {LIST}" not in hand.text
        assert any(notice.startswith("Completed") for notice in hand.notices)


async def test_a_run_leads_down_to_its_people() -> None:
    async with driving() as hand:
        await hand.press("4", "j", "j", "enter")
        assert f"{MEMBERS} read = {MEMBERS} with a named outcome ✓" in hand.text
        await hand.press("j", "enter")
        assert f"1 of {NO_BULK} people" in hand.text
        await hand.press("escape", "p")
        assert f"1 of {MEMBERS} people" in hand.text
        await hand.press("escape", "escape", "k", "k", "enter")
        assert FAILED in hand.text and "BOOK_GONE" in hand.text
        assert "Activate the list for email again" in hand.text


async def test_a_run_says_what_it_is_of_in_words() -> None:
    async with driving(size=WIDE) as hand:
        await hand.press("4", "j", "j", "enter")
        (line,) = [each for each in hand.text.splitlines() if " Type " in each]
        assert SYNC_TYPES["lists"].title in line


async def test_the_report_shows_rates_hours_links_and_recipients() -> None:
    async with driving(size=WIDE) as hand:
        await hand.press("3", "G", "v")
        for text in ("January sale", "37", "By hour", "https://butik.skarnfjall.example/", ".example"):
            assert text in hand.text
        assert "Read with" in hand.text and "Outlook" in hand.text and "Phone" in hand.text
        await hand.press("m", "right")
        assert "1 of 10 recipients" in hand.text
        # Beside others, and back to its report from there.
        await hand.press("escape", "escape", "space", "V")
        assert "Email Campaigns › Comparison" in hand.text and "1 of 1 email campaign" in hand.text
        assert "28.6%" in hand.text
        await hand.press("escape", "escape", "V")
        assert "3 email campaigns" in hand.text
        # Of one whose results nobody has read no number stands there.
        await hand.press("escape", "g", "space", "V")
        name = hand.app.screen.query_one("#comparison-grid").row().row.name  # type: ignore[attr-defined]
        (line,) = [each for each in hand.text.splitlines() if name[:8] in each]
        assert "1 of 1 email campaign" in hand.text and " 0" not in line


@pytest.mark.usefixtures("a_hundred_are_many")
async def test_a_wizard_that_has_sent_is_not_come_back_to() -> None:
    async with driving(Opening("targeted")) as hand:
        await counting(hand)
        await hand.press("n", "n")
        await hand.type(str(SENDABLE))
        await hand.press("enter", "enter")
        await hand.finish()
        assert "Mailed" in hand.text
        await hand.press("enter")
        assert "› Mailed" in hand.text
        # The other slices are still there.
        await hand.press("escape")
        assert "Do not bulk e-mail" in hand.text
        await hand.press("escape")
        assert "Wizard" not in hand.text
        assert "w Send  v Report" in hand.text


async def test_a_step_back_from_the_target_lists_keeps_the_choice() -> None:
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n")
        assert "1 marked" in hand.text
        await hand.press("escape")
        assert "Step 1 of 5" in hand.text
        await hand.press("n")
        assert "1 marked" in hand.text


async def test_results_that_were_not_read_yet_are_no_zeros() -> None:
    async with driving(Opening("doubted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("v")
        assert "not read yet" in hand.text
        assert "Delivered" not in hand.text


async def test_results_of_what_was_not_sent_are_not_said_to_be_a_key_away() -> None:
    async with driving(Opening("targeted")) as hand:
        with hand.service.db.read() as c:
            id = c.execute(select(campaign.c.id).where(campaign.c.name == CAMPAIGN)).scalar_one()
        # So the page of a send that waits for its hour, or was cancelled before it, opens it.
        hand.app.open_page(REPORT, CampaignRef(id))
        await hand.settle()
        assert "none: it has not been sent yet" in hand.text and "press s" not in hand.text


async def test_a_count_is_a_place_that_keeps_its_slices_and_sends_nothing() -> None:
    async with driving(Opening("targeted", Role.VIEWER)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "c")
        assert f"{SENDABLE} sendable" in hand.text and "Counts" in hand.text
        await hand.press("j", "enter")
        assert "Counts › Do not bulk e-mail" in hand.text
        await hand.press("escape")
        assert f"{SENDABLE} sendable" in hand.text
        # Left and come back to, it is the count that was made, until somebody counts again.
        await hand.press("escape", "c")
        assert len(hand.asked("campaigns.count")) == 1 and f"{SENDABLE} sendable" in hand.text
        await hand.press("c")
        assert len(hand.asked("campaigns.count")) == 2
        assert hand.asked("campaigns.send") == []


async def test_a_run_that_was_left_is_found_again_with_all_its_outcomes() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s", "escape")
        await hand.finish()
        await hand.press("4", "enter", "j", "enter")
        assert f"{NO_BULK} people" in hand.text
        await hand.press("escape")
        assert f"{MEMBERS} read" in hand.text


async def test_the_audit_names_the_type_of_a_run_as_people_know_it() -> None:
    async with driving(size=(160, 40)) as hand:
        await hand.to("2", LIST)
        await hand.press("s", "escape")
        await hand.finish()
        await hand.press("4")
        shown = " ".join(hand.text.split())
        assert f"{LIST} Marketing lists Completed" in shown and "Email campaigns Email campaigns Completed" in shown


@pytest.mark.usefixtures("a_hundred_are_many")
async def test_a_wizard_that_has_sent_goes_wherever_one_is_by_then() -> None:
    async with driving(Opening("targeted")) as hand:
        gate = await sending_held(hand)
        await hand.pilot.press("5")
        await hand.until(lambda text: "suppression" in text)
        gate.set()
        await hand.finish()
        await hand.press("1", "5", "3")
        assert "Wizard" not in hand.text and "Send Email Campaign" not in hand.text
        assert len(hand.asked("campaigns.send")) == 1


@pytest.mark.usefixtures("a_hundred_are_many")
async def test_a_wizard_that_has_sent_leaves_the_question_above_it_and_goes_once_that_is_answered() -> None:
    async with driving(Opening("targeted")) as hand:
        gate = await sending_held(hand)
        await hand.pilot.press("f10")
        await hand.until(lambda text: "Quit dyntui?" in text)
        gate.set()
        await hand.finish()
        # The next key is the answer to it.
        assert "Quit dyntui?" in hand.text and any("among the sends" in each for each in hand.notices)
        await hand.press("n")
        assert "Step 5 of 5" not in hand.text and "Quit dyntui?" not in hand.text
        await hand.press("f10")
        assert "Quit dyntui?" in hand.text
