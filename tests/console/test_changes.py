"""What a run wrote, in the console: whom it changed, with the fields before and after."""

from __future__ import annotations

from typing import Any

from dyntui.model.changes import AppliedChange
from dyntui.model.plans import PlannedChange
from dyntui.model.roles import Role

from .driving import WIDE, driving
from .fake_service import FakeService


def written(name: str, effect: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> AppliedChange:
    return AppliedChange(
        item_id="list-1",
        target="book:7",
        person=name,
        entity="contact",
        name=name,
        address=f"{name.lower()}@x.org",
        effect=effect,
        reason="" if after else "LEFT_LIST",
        before=before,
        after=after,
    )


def with_changes() -> FakeService:
    service = FakeService()
    service.written = [
        written("Ann", "add", None, {"FIRSTNAME": "Ann"}),
        written("Bob", "update", {"FIRSTNAME": "Rob", "LASTNAME": None}, {"FIRSTNAME": "[b]Bob[/b]", "LASTNAME": "B"}),
        written("Cleo", "remove", {"FIRSTNAME": "Cleo"}, None),
    ]
    return service


async def test_what_a_run_wrote_is_shown_from_its_page_down_to_the_fields() -> None:
    async with driving(with_changes(), size=WIDE) as hand:
        await hand.press("2", "j", "s")
        await hand.finish()
        await hand.press("w")
        assert "Ann" in hand.text and "FIRSTNAME Rob → [b]Bob[/b], LASTNAME empty → B" in hand.text
        assert "Left the list" in hand.text and "taken out" in hand.text
        await hand.press("l", "l")
        assert "Bob" in hand.text and "Cleo" not in hand.text
        await hand.press("enter")
        assert "Rob → [b]Bob[/b]" in hand.text and "empty → B" in hand.text
        await hand.press("escape", "escape")
        assert "People by outcome" in hand.text


async def test_a_run_is_undone_with_its_plan_first() -> None:
    service = with_changes()
    service.changes = [
        PlannedChange(
            item_id="list-1",
            person="Ann",
            entity="contact",
            name="Ann",
            address="ann@x.org",
            effect="remove",
            reason="",
            before={"FIRSTNAME": "Ann"},
            after=None,
            detail="the contact is deleted, as the run had made it",
        )
    ]
    async with driving(service, size=WIDE) as hand:
        await hand.press("2", "j", "s")
        await hand.press("u")
        assert "The run goes on" in hand.notices[-1]
        await hand.finish()
        await hand.press("u")
        assert "Plan: Undo: Newsletter readers" in hand.text
        await hand.finish()
        await hand.press("u")
        assert "A plan changes nothing" in hand.notices[-1]
        await hand.press("v")
        assert "the contact is deleted, as the run had made it" in hand.text
        await hand.press("a", "y")
        assert len(hand.asked("plans.apply")) == 1


async def test_who_may_not_undo_is_told_so() -> None:
    async with driving(FakeService(Role.PROFESSIONAL)) as hand:
        await hand.press("4", "u")
        assert "needs the role" in hand.notices[-1] and hand.asked("changes.undo") == []


async def test_a_plan_has_written_nothing() -> None:
    async with driving(with_changes(), size=WIDE) as hand:
        await hand.press("2", "j", "P")
        await hand.finish()
        await hand.press("w")
        assert "A plan writes nothing" in hand.notices[-1]
