"""Looks of texts by name, as the style sheets say them (`.tone--good`, `.tone--muted`, ...).

Textual has a way for parts of a widget to have styles of their own, but works all of them out whenever a widget is
styled: with some twenty tones that was most of the work of opening a screen. Here a tone is worked out when something
is drawn with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style
from textual.dom import DOMNode
from textual.widget import Widget

SLICES = 8
TONES = (
    "good",
    "bad",
    "warn",
    "muted",
    "strong",
    "key",
    "accent",
    "chosen",
    "off",
    *(f"slice-{place}" for place in range(SLICES)),
)


class Toned(Widget):
    """A widget that draws with tones. Where it has another base, that one stands first: style sheets know a widget by
    its first base."""

    # What something was drawn with since the widget was last styled, and the theme that this is of.
    _drawn: Mapping[str, Style] = MappingProxyType({})
    _theme = ""

    def toned(self, tone: str) -> Style:
        """The style of a tone (one of `TONES`, `""` for the plain one) on what is behind the widget's text. KeyError
        for another name, which no style sheet would know."""
        if not tone:
            return self.rich_style
        if tone not in self._drawn:
            if tone not in TONES:
                raise KeyError(tone)
            part = DOMNode(classes=f"tone--{tone}")
            part._attach(self)
            self.app.stylesheet.apply(part)
            self._drawn = {**self._drawn, tone: part.rich_style}
            self._theme = self.app.theme
        return self._drawn[tone]

    def notify_style_update(self) -> None:
        """The widget was styled: tones are worked out again, and drawn again where the theme is another one."""
        super().notify_style_update()
        if self._drawn and self._theme != self.app.theme:
            self.refresh()
        self._drawn = {}
