"""Jump mode: a letter on whatever can have the focus."""

from __future__ import annotations

from dyntui.screens.jump import Jump

from .driving import driving
from .worlds import LIST, Opening


async def test_a_letter_moves_the_focus_and_every_other_key_leaves_it() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("2", LIST)
        await hand.press("enter")
        page, before = hand.app.screen, hand.app.screen.focused
        chain = [each for each in page.focus_chain if each.region.area]
        assert len(chain) > 1
        await hand.press("semicolon")
        assert isinstance(hand.app.screen, Jump) and " s " in hand.text and LIST in hand.text
        assert hand.text.splitlines()[-1].rstrip() == " a-z To that letter  Esc Stay here"
        await hand.press("escape")
        assert hand.app.screen is page and page.focused is before
        await hand.press("semicolon", "s")
        assert page.focused is chain[1]
        await hand.press("semicolon", "a")
        assert page.focused is chain[0]


async def test_where_there_is_nothing_to_jump_to_it_is_said_so() -> None:
    async with driving() as hand:
        await hand.press("H", "semicolon")
        assert isinstance(hand.app.screen, Jump) or any("Nothing else here" in each for each in hand.notices)
