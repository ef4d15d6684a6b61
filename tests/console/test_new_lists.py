"""Making a marketing list, and changing what it is, by the keyboard."""

from __future__ import annotations

from .driving import driving
from .worlds import Opening

GUIDES = """<fetch><entity name="contact"><filter>
  <condition attribute="jobtitle" operator="eq" value="Mountain guide"/>
</filter></entity></fetch>"""


async def test_a_list_is_made_and_changed_and_each_time_said_before() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("2", "n")
        await hand.type("newsletter")
        await hand.press("enter", "G", "enter", "y")

        assert "LIST_NAME_TAKEN" in hand.text
        # What was typed is still there.
        await hand.press("escape", "g", "enter")
        await hand.type(" for guides")
        await hand.press("enter", "j")
        for member_type in ("lead", "account", "contact"):
            await hand.press("enter")
            assert hand.text.split("Member type")[1].split()[0] == member_type
        await hand.press("j", "enter", "G", "enter")
        assert "needs a saved view or FetchXML" in " ".join(hand.notices)
        await hand.press("g", "j", "j", "j", "enter")
        assert "Active Contacts" in hand.text
        await hand.press("j", "enter")
        assert " contacts" in hand.text.split("Finds")[1].splitlines()[0]
        await hand.press("j", "enter")
        await hand.paste(GUIDES)
        await hand.press("enter", "G", "enter")
        assert "A dynamic list of contacts is made in Dynamics" in hand.text and "Its query finds" in hand.text
        await hand.press("y")
        assert "Marketing Lists › newsletter for guides" in hand.text
        await hand.press("E", "enter", "x")
        assert "Enter Take  Esc Back" in hand.text
        await hand.press("escape", "enter", *["backspace"] * len(" for guides"))
        await hand.type(" 2027")
        await hand.press("enter", "G", "enter")
        assert "Name: newsletter for guides → newsletter 2027" in hand.text
        await hand.press("y")
        assert "Marketing Lists › newsletter 2027" in hand.text
        await hand.press("escape")
        assert "▌ newsletter 2027" in hand.text
