"""What is done to several that were marked: to each of them, and once."""

from __future__ import annotations

from textual.widgets import Input

from dyntui.model.errors import DyntuiError, Exit

from .driving import driving
from .worlds import CAMPAIGN, FAILED, LIST, NEVER, Opening

BUSY = DyntuiError(
    code="DYNAMICS_AWAY",
    message="Dynamics does not answer.",
    not_done="Nothing was changed.",
    remedy="Try again in a while.",
    exit=Exit.UNREACHABLE,
)


async def test_a_target_list_that_was_removed_is_not_asked_about_once_more() -> None:
    async with driving(Opening("both")) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "space", "d")
        assert f"Remove {LIST}?" in hand.text
        await hand.press("y")
        assert "1 of 1 target list" in hand.text and "marked" not in hand.text
        await hand.press("d")
        assert f"Remove {NEVER}?" in hand.text


async def test_a_list_that_cannot_be_deactivated_keeps_no_other_from_being() -> None:
    async with driving() as hand:
        await hand.to("2", FAILED)
        await hand.press("space")
        await hand.to("", LIST)
        await hand.press("space")
        hand.service.failing["lists.deactivate"] = BUSY
        await hand.press("d", "y")
        assert "Dynamics does not answer." in hand.text
        assert len(hand.asked("lists.deactivate")) == 2


async def test_a_mapping_that_is_marked_is_the_one_that_is_deleted() -> None:
    async with driving() as hand:
        # A mark goes on to the next row.
        await hand.press("M", "j", "space")
        assert "▌ contact  lastname" in hand.text
        await hand.press("D")
        assert "Delete the mapping of FIRSTNAME?" in hand.text
        await hand.press("n", "E")
        assert "FIRSTNAME <- contact.firstname" in hand.text
        await hand.press("escape", "space", "D")
        assert "Delete the mapping" not in hand.text
        assert hand.notices[-1] == "One mapping at a time: take the other marks away."


async def test_an_address_that_is_marked_is_the_one_that_is_asked_about() -> None:
    async with driving() as hand:
        await hand.press("5", "space", "j")
        first = hand.text.splitlines()[3].removeprefix(" ●").split()[0]
        await hand.press("L")
        address, _ = (each.value for each in hand.app.screen.query(Input))
        assert address == first
