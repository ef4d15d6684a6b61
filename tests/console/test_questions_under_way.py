"""Questions whose answer is being carried out: pressed twice, closed meanwhile, covered by another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dyntui.model.errors import DyntuiError

from .driving import Driver, driving
from .test_new_lists import GUIDES
from .worlds import LIST, Opening

REFUSED = DyntuiError(
    "DATAVERSE_REFUSED", "Dynamics refused it.", not_done="Nothing was saved.", remedy="Ask an administrator."
)


@asynccontextmanager
async def answered_late(hand: Driver, call: str) -> AsyncIterator[None]:
    """A call is answered only once the keys that are pressed within are dealt with."""
    hand.service.held, hand.service.gate = {call}, asyncio.Event()
    yield
    hand.service.gate.set()
    await hand.settle()


async def press(hand: Driver, *keys: str) -> None:
    """Without waiting for answers."""
    for key in keys:
        await hand.pilot.press(key)
        await hand.pilot.pause()


async def to_save(hand: Driver) -> None:
    """A list is to be synchronised by hand only; the line that saves it is in hand."""
    await hand.to("2", LIST)
    await hand.press("E", "G", "k", "enter", "j")
    assert "Enter Save" in hand.text


async def test_who_presses_enter_twice_saves_once_and_is_back_at_the_list() -> None:
    async with driving() as hand:
        await to_save(hand)
        async with answered_late(hand, "lists.edit"):
            await press(hand, "enter", "enter")
        assert len(hand.asked("lists.edit")) == 1
        assert "Edit " not in hand.text and f"▌ {LIST}" in hand.text


async def test_who_closes_a_question_that_is_being_saved_is_told_what_became_of_it() -> None:
    async with driving() as hand:
        await to_save(hand)
        async with answered_late(hand, "lists.edit"):
            await press(hand, "enter", "escape")
            assert f"▌ {LIST}" in hand.text and "goes on" in hand.notices[-1]
        assert f"Edit {LIST}" in hand.notices[-1] and "done" in hand.notices[-1]
        await to_save(hand)
        hand.service.failing["lists.edit"] = REFUSED
        async with answered_late(hand, "lists.edit"):
            await press(hand, "enter", "escape", "6")
        assert f"{REFUSED.message} {REFUSED.not_done}" in hand.notices


async def test_who_asks_once_more_makes_one_list_and_comes_to_it() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("2", "n")
        await hand.type("Mountain guides")
        await hand.press("enter", "G", "enter")
        async with answered_late(hand, "lists.new"):
            await press(hand, "y", "enter", "y")
        assert len(hand.asked("lists.new")) == 1
        assert "Marketing Lists › Mountain guides" in hand.text
        await hand.press("escape")
        assert "▌ Mountain guides" in hand.text


async def test_an_answer_closes_its_own_question_and_no_other() -> None:
    async with driving() as hand:
        await to_save(hand)
        async with answered_late(hand, "lists.edit"):
            await press(hand, "enter", "ctrl+q")
        assert "Quit dyntui?" in hand.text
        await hand.press("n")
        assert "Edit " not in hand.text and f"▌ {LIST}" in hand.text


async def test_a_count_of_records_of_another_type_is_not_told_of_those_that_are_chosen_now() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("2", "n")
        await hand.type("Mountain guides")
        await hand.press("enter", "j", "enter", "j", "j", "enter")
        await hand.paste(GUIDES)
        async with answered_late(hand, "lists.count"):
            await press(hand, "enter", "k", "k", "k", "enter")
        assert len(hand.asked("lists.count")) == 1
        assert "Member type lead" in " ".join(hand.text.split())
        assert "choose a view or write FetchXML" in hand.text


async def test_views_that_are_read_late_do_not_come_over_what_somebody_writes() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("2", "n")
        await hand.type("Mountain guides")
        await hand.press("enter", "j", "enter", "j")
        async with answered_late(hand, "lists.views"):
            await press(hand, "enter", "j", "enter", *"jack")
        await hand.press("j")
        assert "Views of contacts" not in hand.text and "jackj" in hand.text


async def test_a_schedule_that_is_edited_while_others_are_saved_is_still_there_to_be_saved() -> None:
    async with driving() as hand:
        await hand.press("S", "enter", "enter", "G", "enter")
        assert "1 edit not saved" in hand.text
        async with answered_late(hand, "schedules.save"):
            await press(hand, "w", "j", "enter", "enter", "G", "enter")
            await hand.until(lambda text: "2 edits not saved" in text)
        assert "1 edit not saved" in hand.text
        await hand.press("w")
        assert "not saved" not in hand.text and len(hand.asked("schedules.save")) == 2
        assert [len(each.edits) for each in hand.asked("schedules.save")] == [1, 1]  # type: ignore[attr-defined]
