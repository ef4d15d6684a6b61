"""Dialogs tell the keys that work in them now, and nothing of a dialog is beyond reach."""

from __future__ import annotations

import pytest

from .driving import NARROW, driving
from .worlds import LIST, Opening

SMALL = (60, 18)


def keys_of(text: str) -> str:
    """The last line in the box of a dialog."""
    lines = text.splitlines()
    end = max(place for place, line in enumerate(lines) if "╰" in line and "╯" in line)
    # What stands beside the box is of the page below.
    inside = [line.partition("│")[2].rpartition("│")[0].strip(" │▌█▇▆▅▄▃▂▁…›") for line in lines[:end]]
    return next(line for line in reversed(inside) if line)


async def test_a_choice_among_rows_tells_the_keys_of_what_has_the_focus() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.to("2", "Autumn fair")
        await hand.press("A", "enter")
        # One is in the search: a slash leads to where one is.
        assert keys_of(hand.text) == "Enter Rows  Esc Clear"
        await hand.press("slash")
        await hand.type("an")
        assert "/an" not in hand.text and "match “an”" in hand.text
        await hand.press("enter")
        assert keys_of(hand.text) == "Space Mark  Enter Take  / Filter  Esc Clear the filter"
        await hand.press("space", "space")
        assert "Enter Take the 2 marked" in keys_of(hand.text)
        await hand.press("escape")
        assert "Esc Take the marks back" in keys_of(hand.text)
        await hand.press("escape")
        assert keys_of(hand.text) == "/ Filter  Esc Cancel"
        await hand.press("escape")
        assert "Look up" not in hand.text


async def test_a_slash_in_an_open_and_empty_filter_is_no_text() -> None:
    async with driving() as hand:
        await hand.press("F", "slash")
        await hand.paste("kund24@example.net")
        assert "match “kund24@example.net”" in hand.text
        await hand.press("down", "2", "slash", "a", "slash")
        assert "“a/”" in hand.text


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_a_dialog_that_is_longer_than_the_screen_scrolls_and_says_so(size: tuple[int, int]) -> None:
    async with driving(size=size) as hand:
        await hand.to("2", LIST)
        await hand.press("w")
        assert "In the book" in hand.text
        if size == SMALL:
            assert keys_of(hand.text) == "↑ ↓ Scroll  Esc Close" and "Only who the saved" not in hand.text
            await hand.press(*["down"] * 12)
        else:
            assert keys_of(hand.text) == "Esc Close"
        assert "Only who the saved" in hand.text
        await hand.press("escape")
        assert "What each setting would do" not in hand.text


async def test_the_last_line_of_a_question_says_what_enter_does_on_it() -> None:
    async with driving() as hand:
        await hand.press("4", "X")
        assert keys_of(hand.text) == "↑ ↓ Line  Enter Change  Esc Cancel"
        await hand.press("G")
        assert keys_of(hand.text) == "↑ ↓ Line  Enter Write it  Esc Cancel"


@pytest.mark.parametrize(("section", "row", "key"), [("2", LIST, "E"), ("C", "", "E"), ("M", "", "E")])
async def test_the_keys_of_a_long_question_are_seen_on_a_small_screen(section: str, row: str, key: str) -> None:
    async with driving(size=SMALL) as hand:
        await hand.to(section, row)
        await hand.press(key)
        assert keys_of(hand.text).startswith("↑ ↓ ") and "Esc Cancel" in keys_of(hand.text)


async def test_a_choice_among_a_few_says_how_one_chooses() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.press("3", "E")
        assert keys_of(hand.text) == "↑ ↓ Line  Enter Choose  Esc Cancel"


@pytest.mark.parametrize("key", ["f10", "ctrl+q"])
async def test_quitting_is_asked_in_a_dialog_too_and_once(key: str) -> None:
    async with driving() as hand:
        await hand.press("4", "X", "j", "enter", key)
        assert "Quit dyntui?" in hand.text
        await hand.press(key, "n")
        assert "Quit dyntui?" not in hand.text and "Export 4 runs" in hand.text
        await hand.press("escape", "escape", "question_mark", key)
        assert "Quit dyntui?" in hand.text
        await hand.press("n", "escape", "colon", key)
        assert "Quit dyntui?" in hand.text
        await hand.press("y")
        assert hand.app._exit


async def test_quitting_is_asked_over_what_has_come_above_the_question() -> None:
    async with driving() as hand:
        await hand.press("f10")
        # An answer that comes late opens its page.
        hand.app.do_app_help()
        await hand.settle()
        assert "─ Help ─" in hand.text
        await hand.press("f10")
        assert "Quit dyntui?" in hand.text
        await hand.press("y")
        assert hand.app._exit


async def test_on_a_tall_screen_a_dialog_shows_all_of_its_lines() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("C", "enter")
        assert "Sends and opens" in hand.text and "Save" in hand.text
