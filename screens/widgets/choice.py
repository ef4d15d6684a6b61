"""A line of choices of which one is taken: the views of a grid, the panes of a page."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from ..wording import number
from .cells import single_line, width_of
from .line import Line, Part

# A choice: its key, its title, and a count where one is known.
Choice = tuple[str, str, int | None]


def in_view(widths: Sequence[int], chosen: int, room: int) -> tuple[int, int]:
    """Which choices, of these widths, are shown in `room` cells: from the first as many as fit, but always the chosen
    one. Where some are left out, a cell is kept for the sign that says so."""
    if sum(widths) <= room:
        return 0, len(widths)
    first, last = 0, 0
    while last <= chosen or (last < len(widths) and sum(widths[first : last + 1]) < room):
        last += 1
        while first < chosen and sum(widths[first:last]) >= room:
            first += 1
    return first, last


class ChoiceBar(Line):
    """Choices side by side; the taken one stands out. Changed by a click, or by the keys of what it belongs to."""

    class Changed(Message):
        """Another choice was taken."""

        def __init__(self, bar: ChoiceBar, key: str) -> None:
            super().__init__()
            self.bar = bar
            self.key = key

        @property
        def control(self) -> ChoiceBar:
            """The bar, for selectors in `on`."""
            return self.bar

    def __init__(self, choices: Sequence[Choice], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices = tuple(choices)
        self.chosen = self._choices[0][0] if self._choices else ""
        self._draw()

    @property
    def keys(self) -> tuple[str, ...]:
        """The choices, by key."""
        return tuple(key for key, _, _ in self._choices)

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Other choices; the taken one stays when it is among them."""
        self._choices = tuple(choices)
        if self.chosen not in [key for key, _, _ in self._choices] and self._choices:
            self.chosen = self._choices[0][0]
        self._draw()

    def choose(self, key: str) -> None:
        """Takes a choice and tells."""
        if key != self.chosen:
            self.chosen = key
            self._draw()
            self.post_message(self.Changed(self, key))

    def set(self, key: str) -> None:
        """Takes a choice without telling."""
        self.chosen = key
        self._draw()

    def step(self, by: int) -> None:
        """Takes the choice to the left or to the right; at the ends it goes round."""
        keys = [key for key, _, _ in self._choices]
        if keys:
            self.choose(keys[(keys.index(self.chosen) + by) % len(keys)])

    def action_choice(self, key: str) -> None:
        """A click on a choice."""
        self.choose(key)

    def _draw(self) -> None:
        with_counts = [
            f" {title} " if count is None else f" {title} {number(count)} " for _, title, count in self._choices
        ]
        width = self.size.width
        counts = not width or sum(width_of(single_line(text)) for text in with_counts) < width
        texts = with_counts if counts else [f" {title} " for _, title, _ in self._choices]
        keys = [key for key, _, _ in self._choices]
        chosen = keys.index(self.chosen) if self.chosen in keys else 0
        first, last = in_view([width_of(single_line(text)) for text in texts], chosen, (width or 10_000) - 1)
        parts: list[Part] = [Part("‹" if first else " ", "muted")]
        for key, text in list(zip(keys, texts, strict=True))[first:last]:
            parts.append(Part(text, "chosen" if key == self.chosen else "muted", f"choice('{key}')"))
        if last < len(keys):
            parts.append(Part("›", "muted"))
        self.show(*parts)

    def on_resize(self) -> None:
        """Counts are left out where they do not fit."""
        self._draw()
