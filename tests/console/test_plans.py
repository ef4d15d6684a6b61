"""A plan in the console: made from a list, looked at by effect and field, carried out after a question."""

from __future__ import annotations

import msgspec
from dyntui.screens.plan_page import PlanPage

from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally
from dyntui.model.roles import Role
from dyntui.service.contract.plans import PlanRef

from .driving import WIDE, driving
from .worlds import LIST, Opening


async def test_a_plan_is_made_looked_at_and_carried_out() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        assert hand.text.splitlines()[1].split("  ")[0].strip() == f"Synchronisation Audit › Plan: {LIST}"
        assert "The plan is being made" in hand.text
        assert "Nothing would be changed" not in hand.text and "c Cancel run" in hand.text
        await hand.press("a")
        assert "The plan is being made." in hand.notices[-1]
        await hand.finish()
        assert "Nothing is done yet: a carries it out, Esc leaves it" in hand.text
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
        await hand.press("escape")
        assert "The plan was carried out" in hand.text and "Nothing is done yet" not in hand.text
        assert "Became: 1 added, 1 updated, 1 removed" in hand.text
        await hand.press("4")
        assert "Plan, carried out" in hand.text and "Plan, not carried out" not in hand.text
        await hand.press("j", "enter")
        assert "Plan, carried out" in hand.text
        await hand.press("v", "a")
        assert "Plan:" in hand.text.splitlines()[1]
        assert "Became: 1 added, 1 updated, 1 removed" in hand.text
        assert "carried out" in hand.text and "carried out already" in hand.notices[-1]


async def test_a_plan_that_waits_is_among_the_decisions_and_on_home() -> None:
    async with driving(Opening("changed"), size=(80, 24)) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        await hand.press("1")
        assert "1 plan (6)" in hand.text
        await hand.press("6")
        (line,) = [each for each in hand.text.splitlines() if "a plan" in each]
        assert LIST in line and "planned 22 Nov" in line
        await hand.press("a")
        assert "It is no removal" in hand.notices[-1]
        await hand.press("enter")
        assert "Nothing is done yet: a carries it out" in hand.text
        await hand.press("a", "y")
        await hand.finish()
        await hand.press("6")
        assert "Nothing waits for a decision" in hand.text


async def test_a_list_is_compared_with_its_address_book() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("equals_sign")
        assert len(hand.asked("plans.diff")) == 1
        await hand.finish()
        assert "FIRSTNAME" in hand.text and "→ [b]Bob[/b]" in hand.text


async def test_an_empty_plan_has_nothing_to_be_carried_out() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        assert "There is nothing to be done" in hand.text
        await hand.press("a")
        assert "Nothing would be changed" in hand.text and "There is nothing to be done." in hand.notices[-1]
        await hand.press("4")
        assert "Plan: nothing to do" in hand.text


async def test_a_plan_of_which_parts_failed_says_so_and_not_that_there_is_nothing() -> None:
    async with driving(size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        await hand.finish()
        page = hand.app.screen
        assert isinstance(page, PlanPage) and page._detail is not None
        why = "1 of 2 parts failed: Walkers: LIST_GONE: Dynamics has no such marketing list."
        run = msgspec.structs.replace(page._detail.run, error_code="PARTS_FAILED", error=why)
        page._show(msgspec.structs.replace(page._detail, run=run))
        await hand.press("j")
        assert why in hand.text and "There is nothing to be done" not in hand.text
        tally = Tally(3, (ReasonCount(Outcome.HELD, "REMOVAL_HELD", 3),))
        page._show(msgspec.structs.replace(page._detail, run=msgspec.structs.replace(run, error_code="", tally=tally)))
        await hand.press("j")
        assert "3 people would be held for a decision; nothing else is to be done." in hand.text


async def test_a_plan_that_waits_says_so_wherever_its_run_is_seen() -> None:
    async with driving(Opening("changed"), size=WIDE) as hand:
        await hand.to("2", LIST)
        await hand.press("P", "escape")
        await hand.finish()
        assert hand.notices[-1].startswith("Plan, not carried out: it would be 1 added")
        await hand.press("4")
        assert "Plan, not carried out" in hand.text
        await hand.press("enter")
        assert "Plan, not carried out" in hand.text
        assert "Nothing is done yet: v shows it, then a carries it out" in hand.text
        await hand.press("1")
        assert "Plan, not carried out" in hand.text


async def test_who_may_only_look_makes_no_plan_and_a_run_that_is_none_has_none() -> None:
    async with driving(Opening(role=Role.VIEWER)) as hand:
        await hand.to("2", LIST)
        await hand.press("P")
        assert "needs the role" in hand.notices[-1]
        await hand.press("4", "enter", "v")
        assert "This run is no plan" in hand.notices[-1]


async def test_a_plan_that_fails_once_one_has_left_it_takes_nobody_anywhere() -> None:
    async with driving(Opening("changed")) as hand:
        await hand.press("2")
        await hand.to("", LIST)
        await hand.press("enter", "P")
        page = hand.app.screen
        assert isinstance(page, PlanPage) and page._run is not None
        failed = msgspec.structs.replace(page._run, status=RunStatus.FAILED)
        await hand.press("f10")
        # It was asked before the question was.
        page._show_run(failed)
        await hand.settle()
        assert "Quit dyntui?" in hand.text
        await hand.press("n", "escape")
        page._show_run(failed)
        await hand.settle()
        assert f"Marketing Lists › {LIST}" in hand.text
        await hand.press("f10")
        assert "Quit dyntui?" in hand.text
