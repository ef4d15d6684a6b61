"""What a run wrote, in the console: whom it changed, with the fields before and after."""

from __future__ import annotations

from typing import Any

from dyntui.model.changes import AppliedChange

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


async def test_a_plan_has_written_nothing() -> None:
    async with driving(with_changes(), size=WIDE) as hand:
        await hand.press("2", "j", "P")
        await hand.finish()
        await hand.press("w")
        assert "A plan writes nothing" in hand.notices[-1]
