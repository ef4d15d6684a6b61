"""The palette finds people, lists, campaigns and runs as well as verbs, and shows keys."""

from __future__ import annotations

import asyncio

import pytest

from dyntui.store.schema import list_member

from .driving import Driver, driving
from .test_typing_ahead import type_at_once
from .worlds import CAMPAIGN, LIST, NEVER, Opening


async def test_verbs_stand_with_their_keys() -> None:
    async with driving() as hand:
        await hand.to("2", "Autumn fair")
        await hand.press("colon")
        await hand.type("activ")
        assert "Activate for Email  a" in hand.text


@pytest.mark.parametrize(
    ("typed", "shows"),
    [
        ("Email Accounts", "Email Accounts"),
        ("email settings", "Synchronisation Settings"),
        ("Email Data Mappings", "Data Mappings"),
        ("Email Data Labels", "Data Labels"),
        ("Synchronisation Audit", "Synchronisation Audit"),
        ("Email Suppressions", "Suppressions"),
        ("Engagement Timeline", "Find a person"),
        ("User Mapping", "Email Accounts"),
    ],
)
async def test_the_names_of_the_original_menus_lead_to_the_place(typed: str, shows: str) -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("colon")
        await hand.type(typed)
        await hand.press("enter")
        assert shows in hand.text.splitlines()[0] + hand.text.splitlines()[1] + hand.text.splitlines()[2], hand.text


@pytest.mark.parametrize("typed", ["preferences", "web behav", "scoring", "MarketingListsDataOut", "address books"])
async def test_a_sync_type_is_found_by_its_name_where_it_is_started(typed: str) -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("colon")
        await hand.type(typed)
        await hand.press("enter")
        assert "Synchronisation Settings" in hand.text.splitlines()[1], hand.text


async def test_a_sync_type_with_a_place_of_its_own_leads_there() -> None:
    async with driving(size=(120, 40)) as hand:
        for typed, shows in (("Suppressions", "Suppressions"), ("labels", "Data Labels"), ("campaigns", "Campaigns")):
            await hand.press("colon")
            await hand.type(typed)
            await hand.press("enter")
            assert shows in hand.text.splitlines()[1], typed


async def test_what_is_named_is_found_and_opened() -> None:
    async with driving(Opening("targeted")) as hand:
        with hand.service.db.read() as c:
            name = c.execute(list_member.select().where(list_member.c.name.contains(" "))).first()
        assert name is not None
        for typed, kind, opens in (
            (LIST[:4].lower(), "marketing list of contacts", f"› {LIST}"),
            (CAMPAIGN.split()[-1], "email campaign, ", f"› {CAMPAIGN}"),
            (name.name.split()[-1], name.address or "contact", "›"),
        ):
            await hand.press("colon")
            await hand.type(typed)
            assert kind in hand.text, typed
            await hand.press("enter")
            assert opens in hand.text, typed
        await hand.press("colon")
        await hand.type(LIST[:4])
        assert "run, Completed" in hand.text
        # Nothing is asked before something is typed, and nobody is looked for by two letters.
        asked = len(hand.asked("people.search"))
        await hand.press("escape", "colon")
        await hand.type("ab")
        assert len(hand.asked("people.search")) == asked


async def test_what_does_not_work_now_stands_behind_what_does() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("3", "colon")
        # The campaign in hand has no target list: it can be synchronised, and not be sent.
        assert "Sync level" in hand.text and "not now:" not in hand.text
        await hand.type("sen")
        found = [line for line in hand.text.splitlines() if "Send" in line]
        assert "Sends" in found[0] and any("Send Email Campaign" in line for line in found[1:])


async def run_in_hand(hand: Driver) -> None:
    """On the audit, at a run that can be cancelled: the first of all commands would do that."""
    await hand.to("2", LIST)
    await hand.press("s", "escape", "4")
    assert "c Cancel run" in hand.text


async def test_enter_takes_what_was_typed_and_not_what_stood_there_before() -> None:
    async with driving(Opening("targeted")) as hand:
        await run_in_hand(hand)
        type_at_once(hand.app, "colon", *"budgets", "enter")
        await hand.until(lambda text: "Next 24 h" in text)
        assert hand.asked("runs.cancel") == []


async def test_enter_waits_for_what_is_looked_for_in_the_service() -> None:
    async with driving(Opening("targeted")) as hand:
        await run_in_hand(hand)
        hand.service.held, hand.service.gate = {"people.search"}, asyncio.Event()
        for key in ("colon", *"winter", "enter"):
            await hand.pilot.press(key)
            await hand.pilot.pause()
        hand.service.gate.set()
        await hand.settle()
        assert f"› {NEVER}" in hand.text and hand.asked("runs.cancel") == []


async def test_what_has_only_the_letters_is_seen_before_it_is_taken() -> None:
    async with driving() as hand:
        await run_in_hand(hand)
        type_at_once(hand.app, "colon", *"cncl", "enter")
        await hand.until(lambda text: "Cancel run" in text and "cncl" in text)
        await hand.settle()
        assert hand.asked("runs.cancel") == []
        await hand.press("enter")
        assert len(hand.asked("runs.cancel")) == 1
