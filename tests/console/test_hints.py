"""True hints: what is said of a key is what it does now, and what matters most has the room."""

from __future__ import annotations

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import key_name
from dyntui.service.contract.sends import SettleSend
from dyntui.service.contract.subjects import ACTIONS

from .driving import Driver, driving
from .worlds import CAMPAIGN, LIST, NEVER, Opening


def hints(hand: Driver) -> str:
    return hand.text.splitlines()[-1]


def test_keys_are_named_as_they_stand_on_a_keyboard() -> None:
    assert [key for action in ACTIONS for key in action.keys if "_" in key_name(key)] == []


async def test_what_takes_a_row_is_not_hinted_where_there_is_none() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("3")
        assert "No email campaign" in hand.text
        for said in ("Enter Open", "/ Filter", "X Export"):
            assert said not in hints(hand)
        await hand.press("H", "f")
        assert "a Ask" in hints(hand) and "Enter Answer" not in hints(hand)
        # A search is what one begins with.
        await hand.press("F", "escape")
        assert "/ Filter" in hints(hand) and "Enter Person" not in hints(hand)
        await hand.press("2")
        for said in ("Enter Open", "/ Filter", "a Activate", "n New"):
            assert said in hints(hand)


async def test_that_a_list_can_be_deactivated_is_said_at_80_columns_too() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        assert "d Deactivate" in hints(hand) and "Enter Open" in hints(hand) and "/ Filter" in hints(hand)
        await hand.to("", "Autumn fair")
        assert "d Deactivate" not in hints(hand) and "n New" in hints(hand)
        # What it would take is said of a list without an address book, before anything is asked.
        await hand.press("w")
        assert hand.asked("lists.simulate") == [] and "not activated for email yet" in hand.notices[-1]
        await hand.to("", LIST)
        await hand.press("enter")
        assert "✓ activated for email (d deactivates)" in hand.text.splitlines()[1]


@pytest.mark.thorough
async def test_a_send_in_doubt_is_said_whatever_is_shown_and_its_key_comes_first() -> None:
    async with driving(Opening("doubted"), size=(60, 18)) as hand:
        await hand.press("3", "slash")
        await hand.type(CAMPAIGN)
        await hand.press("enter", "enter")
        assert "nobody knows whom a send reached: press x." in hand.text
        assert hints(hand).startswith(" x Settle  w Send")
        await hand.press("x")
        assert "It was not mailed" in hand.text and " It was mailed " in hand.text and "↑ ↓ Enter Choose" in hand.text
        await hand.press("down", "enter")
        (settled,) = hand.asked("sends.settle")
        assert isinstance(settled, SettleSend) and not settled.was_mailed


@pytest.mark.thorough
async def test_an_event_without_a_run_offers_none_and_the_picture_leads_back_to_the_table() -> None:
    async with driving(Opening("targeted"), size=(120, 40)) as hand:
        await hand.press("F")
        await hand.type("gaudin")
        await hand.press("enter")
        assert "Email sent" in hand.text and "m Picture" in hints(hand)
        await hand.press("g")
        with_a_run = "Enter Run" in hints(hand)
        await hand.press("G")
        assert with_a_run and "Enter Run" not in hints(hand)
        await hand.press("m")
        assert "m Table" in hints(hand)


async def test_a_button_and_its_key_are_hinted_once() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w")
        assert "Enter Next" in hints(hand) and "n Next" not in hints(hand)


@pytest.mark.thorough
async def test_results_that_were_not_read_are_not_told_as_nobody_opened() -> None:
    async with driving(Opening("doubted")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("v")
        assert "Nobody has opened" not in hand.text and "No link has been clicked" not in hand.text
        assert hand.text.count("Not read yet.") == 2 and "X Export" not in hints(hand)


@pytest.mark.thorough
async def test_never_synchronised_is_no_advice_to_press_a_key_that_fails() -> None:
    async with driving() as hand:
        await hand.to("2", "Alpine Club")
        await hand.press("enter")
        assert "Its address book is gone: press a." in hand.text
        await hand.press("escape")
        await hand.to("", NEVER)
        await hand.press("enter")
        assert "Not synchronised yet: press s." in hand.text


@pytest.mark.thorough
async def test_what_esc_takes_back_is_said_also_where_it_leads_nowhere() -> None:
    async with driving() as hand:
        await hand.press("2", "space")
        assert "Esc Unmark" in hints(hand)
        await hand.press("escape")
        assert "Esc" not in hints(hand)
        await hand.press("slash")
        await hand.type("News")
        await hand.press("enter")
        assert "Esc Clear" in hints(hand)
        await hand.press("escape", "enter")
        assert "Esc Back" in hints(hand)


async def test_what_is_said_of_trouble_can_be_clicked() -> None:
    async with driving() as hand:
        await hand.press("2")
        hand.service.failing["lists.page"] = DyntuiError("DOWN", "It is down.", not_done="Nothing.", remedy="Wait.")
        await hand.press("r")
        (line,) = [each for each in hand.text.splitlines() if "tells more" in each]
        await hand.pilot.click("#trouble", offset=(line.index("tells more"), 0))
        await hand.settle()
        assert "It is down." in hand.text


async def test_there_is_no_frame_beside_the_rows_where_there_is_no_row() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("2")
        assert "─ Marketing list ─" in hand.text
        await hand.press("slash", *"zzz")
        assert "─ Marketing list ─" not in hand.text
        await hand.press("escape")
        assert "─ Marketing list ─" in hand.text


@pytest.mark.thorough
async def test_a_count_that_failed_leaves_no_empty_page() -> None:
    async with driving(Opening("targeted"), size=(60, 18)) as hand:
        hand.service.failing["campaigns.count"] = DyntuiError("DOWN", "It is.", not_done="Nothing.", remedy="Wait.")
        await hand.press("3", "slash")
        await hand.type(CAMPAIGN)
        await hand.press("enter", "c")
        assert "Nobody was counted: e tells why, c counts again." in " ".join(hand.text.split())
        await hand.press("colon")
        assert "A command, list, campaign, person or run" in hand.text


async def test_no_two_keys_are_hinted_with_the_same_word_on_a_very_wide_screen() -> None:
    async with driving(size=(200, 40)) as hand:
        for keys in ("S", "M", "M v", "C i", "C u", "B", "H", "5", "6"):
            await hand.press(*keys.split())
            words = [each.split(" ", 1)[1] for each in hand.text.splitlines()[-1].strip().split("  ") if " " in each]
            assert len(words) > 4 and len(set(words)) == len(words), (keys, words)
            await hand.press("1")
