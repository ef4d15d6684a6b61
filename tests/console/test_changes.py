"""What a run wrote, in the console: whom it changed, with the fields before and after."""

from __future__ import annotations

from dyntui.model.roles import Role

from .driving import WIDE, Driver, driving
from .worlds import LIST, Opening


async def synchronised(hand: Driver) -> None:
    """Newsletter, of which one is called otherwise, one has become active and one has left: down to the run's page."""
    await hand.to("2", LIST)
    await hand.press("s")
    await hand.finish()


async def test_what_a_run_wrote_is_shown_from_its_page_down_to_the_fields() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await synchronised(hand)
        run = hand.asked("runs.get")[-1].id  # type: ignore[attr-defined]
        assert f" {run[:8]} " in hand.text.splitlines()[1] and "Id " in hand.text and run in hand.text
        await hand.press("w")
        assert run not in hand.text and f" {run[:8]} " in hand.text.splitlines()[1]
        assert "Christian → [b]Bob[/" in hand.text and "taken out" in hand.text and "1 of 3 changes" in hand.text
        await hand.press("l", "l")
        assert "[b]Bob[/b]" in hand.text and "taken out" not in hand.text
        await hand.press("enter")
        assert "FIRSTNAME Christian → [b]Bob[/b]" in hand.text and "Close" in hand.text
        await hand.press("escape", "escape")
        assert "People by outcome" in hand.text


async def test_a_run_is_undone_with_its_plan_first() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("s", "u")
        assert "The run goes on" in hand.notices[-1]
        await hand.finish()
        await hand.press("u")
        assert f"Undo: {LIST}" in hand.text and "Completed" not in hand.text
        await hand.finish()
        assert "Nothing is undone yet: a carries it out, Esc leaves it" in hand.text
        assert "1 added, 1 updated, 1 removed" in hand.text and "[b]Bob[/b] → Christian" in hand.text
        await hand.press("a", "y")
        assert len(hand.asked("plans.apply")) == 1
        await hand.finish()
        assert "Completed" in hand.text and "3 read = 3 with a named outcome" in hand.text


async def test_who_may_not_undo_is_told_so() -> None:
    async with driving(Opening(role=Role.PROFESSIONAL)) as hand:
        await hand.press("4", "u")
        assert "needs the role" in hand.notices[-1] and hand.asked("changes.undo") == []


async def test_a_plan_has_written_nothing() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        await hand.press("4", "enter", "w")
        assert "A plan writes nothing" in hand.notices[-1]
        await hand.press("u")
        assert "A plan changes nothing" in hand.notices[-1]


async def test_the_id_of_a_run_in_which_nobody_is_can_be_copied() -> None:
    async with driving() as hand:
        await hand.press("4", "enter")
        assert "Failed" in hand.text and "Y copies it" in hand.text
        await hand.press("Y")
        assert hand.app.clipboard in hand.text and len(hand.app.clipboard) == 36


async def test_a_wide_screen_tells_a_change_field_by_field_beside_the_rows() -> None:
    async with driving(Opening("changed"), size=(160, 40)) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        await hand.press("G")
        card = hand.text.partition("─ Change ─")[2]
        assert "FIRSTNAME" in card and "Christian → [b]Bob[/b]" in card and "~ update" in card
        await hand.press("a", "y")
        await hand.finish()
        await hand.press("w")
        card = hand.text.partition("─ Change ─")[2]
        assert "Christian → [b]Bob[/b]" in card and "updated" in card
