"""What a remote system calls something is text: never markup, never a control code."""

from __future__ import annotations

from dyntui.screens.dialogs import Confirm
from dyntui.screens.widgets.cells import literal, single_line
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from .driving import driving

HOSTILE = "[red]Last chance![/red] \x1b[5m=1+1\u202e [@click=app.quit] \\[bold]"


@given(st.text(alphabet=st.sampled_from("[]\\/=@a5 #\x1b$'\""), max_size=12) | st.text(max_size=30))
def test_no_text_is_markup_once_it_is_literal(text: str) -> None:
    shown = Content.from_markup(literal(text)).plain
    assert shown.replace("\\", "") == single_line(text).replace("\\", "")


async def test_the_palette_opens_over_any_name() -> None:
    async with driving() as hand:
        # What does not work now, and why, stands last: it is looked for.
        for section, words, name in (("2", "synch", "[blink]Höst/vår[/]"), ("3", "send", "[red]Sista chansen![/red]")):
            await hand.press(section, "colon")
            await hand.type(words)
            assert name in hand.text
            await hand.press("escape")


async def test_a_toast_shows_any_name_as_text() -> None:
    async with driving() as hand:
        await hand.press("3", "w", "2", "s")
        toasts = [f"{each.title} {each.message}" for each in hand.app._notifications]
        assert any("[red]Sista chansen![/red] ␛[5m" in toast for toast in toasts)
        assert any("[blink]Höst/vår[/]" in toast for toast in toasts)
        assert not any(each.markup for each in hand.app._notifications)
        assert not {"\x1b", "\u202e"} & set("".join(toasts))


async def test_a_dialog_takes_any_name_as_its_title() -> None:
    async with driving() as hand:
        hand.app.push_screen(Confirm(HOSTILE, [HOSTILE], yes="Yes"))
        await hand.settle()
        assert hand.text.count("[red]Last chance![/red]") == 2
