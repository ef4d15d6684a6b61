"""The main job, done by hand: activate, synchronise, targets, wizard, results."""

from __future__ import annotations

import pytest

from dyntui.model.roles import Role
from dyntui.service.contract.campaigns import ChangeTargets
from dyntui.service.contract.lists import Activate
from dyntui.service.contract.runs import StartRun
from dyntui.service.contract.sends import SendCampaign

from .driving import NARROW, WIDE, driving
from .fake_service import FakeService

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])


@SIZES
async def test_a_newcomer_does_the_whole_job(size: tuple[int, int]) -> None:
    async with driving(size=size, first_steps=True) as hand:
        assert "First steps" in hand.text
        await hand.press("2", "a")
        assert "Activate Spring hikers for email?" in hand.text
        await hand.press("right", "enter")
        assert hand.asked("lists.activate") == [Activate(id="list-0")]

        await hand.press("enter", "s")
        assert hand.asked("runs.start")[-1] == StartRun(sync_type="lists", lists=("list-0",))
        assert "Esc leaves it running" in hand.text
        await hand.step()
        await hand.step()
        assert "Reading suppressions 160 of 160" in hand.text
        assert "100.0%" in hand.text
        await hand.finish()
        assert "412 read = 412 with a named outcome" in hand.text
        assert "Do not bulk e-mail" in hand.text
        await hand.press("escape")
        assert "Members by outcome in the last run" in hand.text

        await hand.press("3", "enter", "t")
        assert "Add Existing Marketing List" in hand.text
        await hand.press("enter")
        assert hand.asked("campaigns.change_targets") == [ChangeTargets(id=101, add=("list-0",))]

        await hand.press("w")
        assert "Step 1 of 5" in hand.text
        assert "Sigrid Larsen" in hand.text
        await hand.press("n")
        assert "Target Marketing Lists" in hand.text
        assert "✓ ready" in hand.text
        await hand.press("n")
        assert "412 potential = 349 sendable + 63 excluded" in hand.text
        await hand.press("n")
        assert "Email Campaign Options" in hand.text
        assert "Immediately" in hand.text
        await hand.press("n")
        assert "Email Campaign Wizard Summary" in hand.text
        await hand.type("349")
        await hand.press("enter", "enter")
        assert hand.asked("campaigns.send") == [SendCampaign(count="count-2", confirm=349)]
        await hand.finish()
        assert "Completed" in hand.text
        await hand.press("escape")
        assert "Email Campaigns › Spring is here" in hand.text

        await hand.press("v", "s")
        await hand.finish()
        await hand.press("escape")
        assert "Opened by" in hand.text
        assert "139" in hand.text

        await hand.press("1")
        assert hand.text.count("✓") >= 6
        assert "▸" not in hand.text


async def test_a_list_that_is_not_ready_explains_itself_and_offers_to_synchronise() -> None:
    service = FakeService()
    service.targets[101] = ["list-1", "list-2"]
    async with driving(service) as hand:
        await hand.press("3", "w", "n", "j")
        assert "Trade fair leads: It has not been synchronised yet." in hand.text
        await hand.press("space")
        assert any("not been synchronised" in notice for notice in hand.notices)
        await hand.press("k", "s")
        assert any("synchronise" in notice.lower() or "sync" in notice.lower() for notice in hand.notices)
        await hand.press("escape", "j", "s")
        await hand.finish()
        await hand.press("escape")
        assert "! Not synchronised" not in hand.text
        await hand.press("n")
        assert "20,576 potential" in hand.text


async def test_every_slice_of_the_counts_opens_its_people_with_the_remedy() -> None:
    service = FakeService()
    service.targets[101] = ["list-1"]
    async with driving(service) as hand:
        await hand.press("3", "w", "n", "n", "j", "enter")
        assert "Email Campaign Targets Counts › Do not bulk e-mail" in hand.text
        assert "changed their mind" in hand.text
        assert "1 of 366 people" in hand.text
        await hand.press("enter")
        assert "Reason" in hand.text
        assert "DO_NOT_BULK_EMAIL" in hand.text
        await hand.press("escape", "escape")
        assert "Step 3 of 5" in hand.text


async def test_enter_on_the_summary_never_sends_by_default() -> None:
    service = FakeService()
    service.targets[101] = ["list-1"]
    service.confirm_above = 1_000_000
    async with driving(service) as hand:
        await hand.press("3", "w", "n", "n", "n", "n")
        assert "Step 5 of 5" in hand.text
        await hand.press("enter")
        assert "Step 4 of 5" in hand.text
        assert hand.asked("campaigns.send") == []


async def test_a_wrong_number_is_told_and_nothing_is_sent() -> None:
    service = FakeService()
    service.targets[101] = ["list-1"]
    async with driving(service) as hand:
        await hand.press("3", "w", "n", "n", "n", "n")
        await hand.type("12")
        await hand.press("enter", "tab", "tab", "enter")
        assert any("Type 17359 into the field first" in notice for notice in hand.notices)
        assert hand.asked("campaigns.send") == []


async def test_an_existing_address_book_is_linked_only_after_a_second_question() -> None:
    async with driving() as hand:
        await hand.press("2", "j", "j", "j", "j", "a", "right", "enter")
        assert "Link the existing address book?" in hand.text
        await hand.press("escape")
        assert hand.asked("lists.activate") == [Activate(id="list-5")]
        await hand.press("a", "right", "enter", "right", "enter")
        assert hand.asked("lists.activate")[-1] == Activate(id="list-5", link=True)


async def test_a_run_can_be_cancelled_and_left() -> None:
    async with driving() as hand:
        await hand.press("2", "j", "s")
        await hand.step()
        await hand.press("c")
        assert "cancelling…" in hand.text
        await hand.finish()
        assert "Cancelled" in hand.text
        await hand.press("escape", "s", "escape")
        assert "▶ Newsletter readers" in hand.text
        await hand.finish()
        assert "▶ Newsletter readers" not in hand.text
        assert any("Completed, " in notice for notice in hand.notices)


async def test_a_run_leads_down_to_its_people() -> None:
    async with driving() as hand:
        await hand.press("4", "j", "enter")
        assert "20,480 read = 20,480 with a named outcome ✓" in hand.text
        await hand.press("j", "j", "enter")
        assert "1 of 366 people" in hand.text
        await hand.press("escape", "p")
        assert "1 of 20,480 people" in hand.text
        await hand.press("escape", "escape", "k", "enter")
        assert "ADDRESS_BOOK_GONE" in hand.text
        assert "None of the 140 members" in hand.text
        assert "Deactivate the list and activate it again" in hand.text


async def test_the_report_shows_rates_hours_links_and_recipients() -> None:
    async with driving(size=WIDE) as hand:
        await hand.press("3", "j", "v")
        for text in ("18,204", "97.0%", "By hour", "https://example.org/winter/tents", "person.00000@example.org"):
            assert text in hand.text
        await hand.press("m", "right")
        assert "1 of 200 recipients" in hand.text


async def test_a_wizard_that_has_sent_is_not_come_back_to() -> None:
    service = FakeService()
    service.targets[101] = ["list-1"]
    async with driving(service) as hand:
        await hand.press("3", "w", "n", "n", "n", "n")
        await hand.type("17359")
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
    service = FakeService()
    service.targets[101] = ["list-1", "list-0"]
    async with driving(service) as hand:
        await hand.press("3", "w", "n")
        assert "1 marked" in hand.text
        await hand.press("escape")
        assert "Step 1 of 5" in hand.text
        await hand.press("n")
        assert "1 marked" in hand.text


async def test_results_that_were_not_read_yet_are_no_zeros() -> None:
    service = FakeService()
    service.unread.add(102)
    async with driving(service) as hand:
        await hand.press("3", "j", "v")
        assert "not read yet: s reads them" in hand.text
        assert "Delivered" not in hand.text


async def test_a_count_is_a_place_that_keeps_its_slices_and_sends_nothing() -> None:
    service = FakeService(Role.VIEWER)
    service.targets[101] = ["list-1"]
    async with driving(service) as hand:
        await hand.press("3", "enter", "c")
        assert "17,359 sendable" in hand.text and "Counts" in hand.text
        await hand.press("j", "enter")
        assert "Counts › Do not bulk e-mail" in hand.text
        await hand.press("escape")
        assert "17,359 sendable" in hand.text
        # Left and come back to, it is the count that was made, until somebody counts again.
        await hand.press("escape", "c")
        assert len(hand.asked("campaigns.count")) == 1 and "17,359 sendable" in hand.text
        await hand.press("c")
        assert len(hand.asked("campaigns.count")) == 2
        assert hand.asked("campaigns.send") == []


async def test_a_run_that_was_left_is_found_again_with_all_its_outcomes() -> None:
    async with driving() as hand:
        await hand.press("2", "j", "s", "escape")
        await hand.finish()
        await hand.press("4", "enter", "j", "j", "enter")
        assert "366 people" in hand.text
        await hand.press("escape")
        assert "20,480 read" in hand.text
