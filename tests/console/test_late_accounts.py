"""Answers about the email account that was chosen before: they are of no account that is chosen now."""

from __future__ import annotations

import asyncio

import pytest

from .driving import Driver, driving
from .test_several_accounts import SECOND, two
from .worlds import Opening


async def answered_after_the_choice(hand: Driver, call: str) -> None:
    """The page asks once more, another account is chosen and shown, and only then the first answer is there."""
    gate = asyncio.Event()
    hand.service.held, hand.service.gate = {call}, gate
    await hand.pilot.press("r")
    await hand.pilot.pause()
    hand.service.gate = None
    hand.app._chosen_account.take(SECOND.id)
    await hand.until(lambda text: "@ Second" in text and hand.asked(call)[-1].account == SECOND.id)  # type: ignore[attr-defined]
    for _ in range(20):
        await hand.pilot.pause()
    gate.set()
    await hand.settle()


async def test_what_is_done_is_done_to_the_account_that_is_shown() -> None:
    async with driving(Opening("targeted", prepare=two)) as hand:
        await hand.press("M")
        await answered_after_the_choice(hand, "mappings.page")
        await hand.press("D", "y", "y")
        assert {each.account for each in hand.asked("mappings.save")} == {SECOND.id}  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", ["schedules.list", "schedules.strip"])
async def test_the_week_of_another_account_is_not_shown(call: str) -> None:
    async with driving(Opening("targeted", prepare=two)) as hand:
        await hand.press("S")
        await answered_after_the_choice(hand, call)
        assert "Main" not in hand.text
        await hand.press("p")
        assert [each.account for each in hand.asked("schedules.save")] == [SECOND.id]  # type: ignore[attr-defined]


async def test_of_two_mappings_deleted_one_right_after_the_other_none_is_forgotten() -> None:
    async with driving() as hand:
        await hand.press("M")
        gate = asyncio.Event()
        hand.service.held, hand.service.gate = {"mappings.get"}, gate
        for key in ("D", "y", "j", "D", "y"):
            await hand.pilot.press(key)
            await hand.pilot.pause()
        gate.set()
        await hand.settle()
        # Both are asked about, as both concern people: the second one is told of where the first one's question stands.
        await hand.press("y")
        (saved,) = hand.asked("mappings.save")
        (told,) = [each for each in hand.notices if each.startswith("Not saved: Deleted ")]
        assert saved.why not in told  # type: ignore[attr-defined]
