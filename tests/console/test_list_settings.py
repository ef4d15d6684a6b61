"""Changing the settings of a marketing list in the console."""

from __future__ import annotations

from dyntui.model.membership_actions import MembershipAction
from dyntui.model.roles import Role
from dyntui.service.contract.lists import EditList

from .driving import driving
from .worlds import LIST, Opening


async def test_settings_are_changed_one_by_one_and_saved_together() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "E", "j", "j", "j")
        assert "Strangers in the book" in hand.text and "Ignore" in hand.text
        await hand.press("enter")
        assert "Remove" in hand.text and "they are not deleted" in hand.text
        await hand.press("j", "j", "enter", "j", "j", "enter", "enter", "j", "enter")
        assert "Single" not in hand.text.split("Opt-in type at least")[0]
        assert "none" not in hand.text.split("Only who a saved view finds")[1].splitlines()[0]
        await hand.press("j", "enter", "j", "enter", *["backspace"] * 4, "7", "enter")
        assert "Manual synchronisation only" in hand.text
        await hand.press("j", "enter", "j", "enter")
        (asked,) = hand.asked("lists.edit")
        assert isinstance(asked, EditList)
        assert asked.membership_action is MembershipAction.REMOVE
        assert asked.subscription_filter is not None
        assert asked.subscription_filter[:3] == ("bulk", "email", "opt-in:Double")
        assert asked.subscription_filter[3].startswith("view:")
        assert (asked.clear_on_send, asked.sync_order, asked.manual_only) == (True, 7, True)
        assert "Strangers in the book" not in hand.text and "_" not in hand.text


async def test_making_records_of_strangers_is_asked_about_and_esc_changes_nothing() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "E", "j", "j", "j", "enter", "enter", "enter")
        assert "Known contacts or create" in hand.text
        await hand.press("G", "enter")
        assert "Make contacts of strangers?" in hand.text
        await hand.press("n", "escape")
        assert hand.asked("lists.edit") == []
        await hand.press("E", "j", "j", "j", "enter", "escape")
        assert hand.asked("lists.edit") == []


async def test_who_may_only_look_is_told_which_role_it_takes() -> None:
    async with driving(Opening(role=Role.VIEWER)) as hand:
        await hand.to("2", LIST)
        await hand.press("E")
        assert any("needs the role" in notice for notice in hand.notices) and hand.asked("lists.edit") == []


async def test_what_each_setting_would_do_is_shown_before_one_is_chosen() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "w")
        assert "What each setting would do" in hand.text and "Known contacts or create" in hand.text
        assert "nobody" in hand.text and "Skip do not allow bulk emails" in hand.text and "keeps out 18" in hand.text
        assert hand.asked("lists.edit") == []
