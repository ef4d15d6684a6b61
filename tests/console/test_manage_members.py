"""Manage Members and lists of people, by the keyboard."""

from __future__ import annotations

from .driving import driving
from .test_new_lists import GUIDES
from .worlds import FAILED, LIST, Opening


async def test_members_are_planned_by_name_before_they_are_put_on_the_list() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.to("2", "Board members")
        await hand.press("A")
        assert any("is locked; E unlocks it" in notice for notice in hand.notices)
        await hand.to("2", "Autumn fair")
        await hand.press("enter")
        assert "Marketing Lists › Autumn fair" in hand.text
        await hand.press("A")
        assert "Manage members of Autumn fair" in hand.text
        for way in ("Add using lookup", *(f"{what} using advanced find" for what in ("Add", "Remove", "Evaluate"))):
            assert way in hand.text
        await hand.press("enter")
        await hand.type("an")
        await hand.press("enter", "space", "space", "enter")
        await hand.finish()
        assert "2 join Autumn fair" in hand.text and "1 write" in hand.text
        await hand.press("a", "y")
        await hand.finish()
        assert "Completed" in hand.text and "Added" in hand.text
        await hand.to("2", "Autumn fair")
        await hand.press("A", "G", "enter", "j", "enter")
        await hand.paste(GUIDES)
        await hand.press("enter", "G", "enter")
        await hand.finish()
        assert "2 leave Autumn fair" in hand.text and "- remove" in hand.text


async def test_a_list_is_made_of_the_people_of_a_list_and_a_lost_book_is_made_anew() -> None:
    async with driving(Opening("worked")) as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "enter", "L")
        assert "Make a list of these people" in hand.text
        await hand.type("Added by the first run")
        await hand.press("enter", "G", "enter")
        assert "A static list of contacts is made in Dynamics" in hand.text
        await hand.press("y")
        await hand.finish()
        assert "Add to Added by the first run" in hand.text and "Completed" in hand.text
        await hand.to("2", FAILED)
        assert "a Activate" in hand.text.splitlines()[-1]
        await hand.press("a", "y")
        assert any("It can be synchronised now" in notice for notice in hand.notices)
