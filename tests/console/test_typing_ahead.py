"""Keys that arrive faster than they are answered."""

from __future__ import annotations

from typing import ClassVar

import pytest
from dyntui.screens.typing_ahead import TypingAhead
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from dyntui.service.contract.suppressions import AddSuppression

from .driving import driving


def type_at_once(app: App[None], *keys: str) -> None:
    """As over a slow link: one packet brings many keys."""
    assert app._driver is not None
    for key in keys:
        event = events.Key(key, {"slash": "/", "enter": "\r"}.get(key, key))
        event.set_sender(app)
        app._driver.send_message(event)


async def test_a_filter_typed_at_once_reads_as_it_was_typed():
    async with driving() as hand:
        await hand.press("2")
        type_at_once(hand.app, "slash", *"newsletter")
        await hand.settle()
        assert hand.app.screen.query_one("#grid-filter", Input).value == "newsletter"
        assert "match “newsletter”" in hand.text


@pytest.mark.parametrize("word", ["ads", "wqc"])
async def test_no_letter_of_a_filter_is_taken_for_a_command(word: str):
    async with driving() as hand:
        await hand.press("2")
        type_at_once(hand.app, "slash", *word)
        await hand.settle()
        assert hand.app.screen.query_one("#grid-filter", Input).value == word
        assert hand.notices == []
        assert hand.asked("lists.activate") == hand.asked("runs.start") == []


async def test_keys_that_move_about_are_taken_one_after_the_other():
    async with driving() as hand:
        type_at_once(hand.app, "3", "j", "k", "j", "2", "j", "j")
        await hand.settle()
        assert "3 of " in hand.text
        await hand.press("3")
        assert "2 of " in hand.text


@pytest.mark.parametrize("word", ["said so", "s"])
async def test_what_follows_an_answer_is_written_into_the_next_line_of_the_question(word: str):
    async with driving() as hand:
        await hand.press("5")
        type_at_once(hand.app, "a", *"x.y@post.example", "enter", *word)
        await hand.settle()
        lines = [each.value for each in hand.app.screen.query(Input)]
        assert lines == ["x.y@post.example", word]


async def test_an_answer_and_all_that_follows_it_can_be_typed_at_once():
    async with driving() as hand:
        await hand.press("5")
        type_at_once(hand.app, "a", *"x.y@post.example", "enter", *"said so", "enter", "3", "j")
        await hand.settle()
        (asked,) = hand.asked("suppressions.add")
        assert asked == AddSuppression(address="x.y@post.example", reason="said so")
        assert "2 of " in hand.text


class Vanishing(Static, can_focus=True):
    def on_key(self) -> None:
        self.remove()


class Counting(TypingAhead):
    BINDINGS: ClassVar[list[BindingType]] = [("a", "count")]
    counted = 0

    def compose(self) -> ComposeResult:
        yield Vanishing()

    def action_count(self) -> None:
        self.counted += 1


async def test_a_key_whose_widget_is_gone_holds_up_no_other():
    app = Counting()
    async with app.run_test() as pilot:
        type_at_once(app, "x", "a", "a")
        while app.counted < 2:
            await pilot.pause()


async def test_keys_behind_the_one_that_quits_make_no_fault_of_it():
    async with driving() as hand:
        type_at_once(hand.app, "q", "y", "j", "j")
        while hand.app.is_running:
            await hand.pilot.pause()
    assert not hand.app.return_code


async def test_keys_that_are_dealt_with_when_the_console_ends_make_no_fault_of_it():
    async with driving() as hand:
        type_at_once(hand.app, "2", *"jkjk")
        await hand.until(lambda text: "Marketing Lists" in text)
    assert not hand.app.return_code
