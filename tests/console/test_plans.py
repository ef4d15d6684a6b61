"""A plan in the console: made from a list, looked at by effect and field, carried out after a question."""

from __future__ import annotations

from dyntui.model.roles import Role
from dyntui.service.contract.plans import PlanRef

from .driving import WIDE, driving
from .worlds import LIST, Opening


async def test_a_plan_is_made_looked_at_and_carried_out() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        assert f"Plan: {LIST}" in hand.text
        await hand.press("v")
        assert "The plan is being made." in hand.notices[-1]
        await hand.finish()
        await hand.press("v")
        assert (
            "1 added, 1 updated, 1 removed" in hand.text and " reads, " in hand.text and " writes, about " in hand.text
        )
        assert "→ [b]Bob[/b]" in hand.text and "Left the list" in hand.text
        await hand.press("l", "l")
        assert "[b]Bob[/b]" in hand.text and "Left the list" not in hand.text
        await hand.press("a")
        assert "Both systems are read again." in hand.text
        await hand.press("n")
        assert hand.asked("plans.apply") == []
        await hand.press("a", "y")
        assert len(hand.asked("plans.apply")) == 1 and isinstance(hand.asked("plans.apply")[0], PlanRef)
        assert "Plan:" not in hand.text.splitlines()[1]
        await hand.finish()
        await hand.press("4", "j", "enter", "v", "a")
        assert "Plan:" in hand.text.splitlines()[1]
        assert "Became: 1 added, 1 updated, 1 removed" in hand.text
        assert "carried out" in hand.text and "carried out already" in hand.notices[-1]


async def test_a_list_is_compared_with_its_address_book() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("equals_sign")
        assert len(hand.asked("plans.diff")) == 1
        await hand.finish()
        await hand.press("v")
        assert "FIRSTNAME" in hand.text and "→ [b]Bob[/b]" in hand.text


async def test_an_empty_plan_has_nothing_to_be_carried_out() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        await hand.press("v", "a")
        assert "Nothing would be changed" in hand.text and "There is nothing to be done." in hand.notices[-1]


async def test_who_may_only_look_makes_no_plan_and_a_run_that_is_none_has_none() -> None:
    async with driving(Opening(role=Role.VIEWER)) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        assert "needs the role" in hand.notices[-1]
        await hand.press("4", "enter", "v")
        assert "This run is no plan" in hand.notices[-1]
