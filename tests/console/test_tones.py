"""Tones: looks of texts by name, worked out when something is drawn with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dyntui.screens.theme import ANSI_DARK, DARK
from dyntui.screens.widgets.line import Line, Part
from dyntui.screens.widgets.toned import TONES
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.widgets import Button

from .driving import settle

THEME = Path(__file__).parents[2] / "styles" / "theme.tcss"
# The variable that `.tone--good` is made of, and nothing else on the screen.
OTHER = replace(DARK, name="other", variables={**DARK.variables, "text-success": "#123456"})


class Lines(App[None]):
    """Two lines, one of them on another background."""

    CSS_PATH = ["../../styles/theme.tcss", "../../styles/widgets.tcss"]
    CSS = "#here { background: #000000; } #there { background: #ffffff; }"

    def __init__(self) -> None:
        super().__init__()
        for theme in (DARK, OTHER):
            self.register_theme(theme)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield Line(Part("good", "good"), Part("plain"), Part("off", "off"), id="here")
        yield Line(Part("off", "off"), id="there")


def colours(pilot: Pilot[None], row: int) -> dict[str, Color]:
    strip = pilot.app.screen._compositor.render_strips()[row]
    return {
        segment.text: Color.from_rich_color(segment.style.color)
        for segment in strip
        if segment.text.strip() and segment.style and segment.style.color
    }


async def test_what_was_drawn_in_one_theme_is_drawn_again_in_the_next() -> None:
    async with Lines().run_test() as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        before = colours(pilot, 0)
        pilot.app.theme = OTHER.name
        await settle(pilot)  # type: ignore[arg-type]
        after = colours(pilot, 0)
        assert after["good"] == Color.parse("#123456") != before["good"]
        assert after["plain"] == before["plain"]


async def test_a_tone_that_is_half_transparent_shows_what_is_behind_it() -> None:
    async with Lines().run_test() as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        assert colours(pilot, 0)["off"].brightness < colours(pilot, 1)["off"].brightness


async def test_styling_a_line_again_works_out_no_tone_that_nothing_is_drawn_with(monkeypatch) -> None:
    styled = []
    apply = Stylesheet.apply

    def counted(self: Stylesheet, node: object, **how: object) -> None:
        styled.append(node)
        apply(self, node, **how)  # type: ignore[arg-type]

    async with Lines().run_test() as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        monkeypatch.setattr(Stylesheet, "apply", counted)
        pilot.app.query_one("#here").add_class("-other")
        await settle(pilot)  # type: ignore[arg-type]
    assert 0 < len(styled) < 6


async def test_a_tone_that_no_style_sheet_knows_is_a_mistake_and_not_plain() -> None:
    async with Lines().run_test() as pilot:
        with pytest.raises(KeyError):
            pilot.app.query_one("#here", Line).toned("godo")
        assert all(f".tone--{tone} {{" in THEME.read_text() for tone in TONES)


class Asked(App[None]):
    """A question over an empty screen, in the sixteen colours of the terminal."""

    CSS_PATH = ["../../styles/theme.tcss", "../../styles/dialogs.tcss"]

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(ANSI_DARK)
        self.theme = ANSI_DARK.name

    def compose(self) -> ComposeResult:
        with Vertical(classes="card") as card:
            card.border_title = "Question"
            yield Button("Stay", compact=True, id="stay")
            yield Button("Quit", compact=True, variant="primary")


async def test_titles_and_buttons_can_be_read_in_a_dark_terminal_with_sixteen_colours() -> None:
    async with Asked().run_test() as pilot:
        pilot.app.query_one("#stay").focus()
        await settle(pilot)  # type: ignore[arg-type]
        segments = [each for strip in pilot.app.screen._compositor.render_strips() for each in strip]
        blue = {each.text for each in segments if each.style and each.style.color and each.style.color.number == 4}
        assert not blue, "blue on black is not read"
        # The focused button is one block: what stands around its word looks as the word does.
        (word,) = [place for place, each in enumerate(segments) if "Stay" in each.text]
        grounds = {segments[place].style.bgcolor for place in (word - 1, word, word + 1) if segments[place].style}
        assert len(grounds) == 1 and not segments[word].style.reverse  # type: ignore[union-attr]
