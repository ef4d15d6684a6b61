"""Bars of block characters: one bar, and a list of labelled bars that can be walked through and opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_CHOICES

from ..bindings import bindings
from ..perform import perform
from ..wording import number, share
from .cells import fit, single_line, width_of, wrap
from .toned import Toned

_EIGHTHS = " ▏▎▍▌▋▊▉"
# So many cells a label has at least, and so many are left to a bar where the label has to be cut anyway.
_LEAST_LABEL, _BAR = 12, 4
# A note of a line without a bar ends here at the latest, where there is room for both.
_FURTHEST = 100
# Narrower than this, besides the counts, shares would be cut.
_FOR_SHARES = 25


def block_bar(fraction: float, width: int, *, track: str = "░") -> str:
    """A determinate bar of `width` cells, `track` where it is not filled."""
    cells = max(0.0, min(1.0, fraction)) * width
    full = int(cells)
    return "█" * full + track * (width - full)


def fine_bar(fraction: float, width: int) -> str:
    """A bar in eighths of a cell; anything above nothing shows at least an eighth."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    if fraction > 0:
        eighths = max(1, eighths)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width)


@dataclass(frozen=True)
class BarRow:
    """A labelled bar: `key` tells the screen what was chosen; `swatch` is drawn before the label; a row without `count`
    (None) is a line of text. `whole`: its share is of this, and not of the whole that those of all others are of."""

    key: str
    label: str
    count: int | None
    tone: str = ""
    swatch: str = ""
    note: str = ""
    whole: int | None = None


class BarList(ScrollView, Toned, can_focus=True):
    """Labelled bars with counts and shares. The cursor walks through them, enter opens one; `enter`: another word for
    what it does."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CHOICES,)
    BINDINGS = bindings(ON_CHOICES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--cursor", "grid--cursor-blurred"}

    class Event(Message):
        """Something a person did in the bars."""

        def __init__(self, bars: BarList, key: str) -> None:
            super().__init__()
            self.bars = bars
            self.key = key

        @property
        def control(self) -> BarList:
            """The bars, for selectors in `on`."""
            return self.bars

    class Opened(Event):
        """Enter was pressed on a bar."""

    class Moved(Event):
        """Another bar is in hand."""

    class Filled(Event):
        """There are bars now, or none any more."""

    def __init__(
        self,
        *,
        id: str | None = None,
        classes: str | None = None,
        empty: str = "",
        shares: bool = True,
        enter: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[BarRow, ...] = ()
        self._whole = 0
        self._empty = empty
        self._shares = shares
        self._enter = enter
        self.cursor = 0

    def hint_of(self, action_id: str) -> str | None:
        """What Enter does."""
        if action_id != "choices.open":
            return None
        return self._enter if self._rows else ""

    def say_when_empty(self, text: str) -> None:
        """What stands where there is no bar."""
        if text != self._empty:
            self._empty = text
            # It may take more lines than what stood there before.
            self.refresh(layout=not self._rows)

    def show_rows(self, rows: Sequence[BarRow], whole: int | None = None) -> None:
        """Draws the bars; shares are of `whole`, by default the sum of the counts."""
        if (tuple(rows), whole) == (self._rows, self._whole):
            return
        before = bool(self._rows)
        # Where the one in hand is gone it is the next one that is still there, as in grids, else the one before it.
        near = [row.key for row in (*self._rows[self.cursor :], *reversed(self._rows[: self.cursor]))]
        self._rows = tuple(rows)
        self._whole = sum(row.count or 0 for row in rows) if whole is None else whole
        there = {row.key: place for place, row in reversed(list(enumerate(self._rows)))}
        self.cursor = next((there[key] for key in near if key in there), 0)
        self.virtual_size = Size(self.size.width, len(self._rows))
        self.refresh(layout=True)
        if bool(self._rows) is not before and self.is_mounted:
            self.post_message(self.Filled(self, self.current))

    @property
    def current(self) -> str:
        """The key of the bar in hand."""
        return self._rows[self.cursor].key if self.cursor < len(self._rows) else ""

    @property
    def cut_note(self) -> str:
        """What the line of the one in hand says beside its name, where there is no room for all of it."""
        if self.cursor >= len(self._rows) or self._rows[self.cursor].count is not None:
            return ""
        row = self._rows[self.cursor]
        note = single_line(row.note)
        return note if width_of(note) > self._room_for_note(row, self._room) else ""

    @property
    def _room(self) -> int:
        """The cells of a line, beside the scroll bar where there is one."""
        return self.scrollable_content_region.width or self.size.width

    @property
    def rows(self) -> tuple[BarRow, ...]:
        """What is drawn."""
        return self._rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each bar, or what is said where there is none."""
        return max(1, len(self._rows) or len(self._said(width)))

    def _said(self, width: int) -> list[str]:
        """What stands where there is no bar, in lines."""
        return wrap(self._empty, max(_LEAST_LABEL, width - 3))

    def render_line(self, y: int) -> Strip:
        """One bar."""
        index = y + self.scroll_offset.y
        width = self._room
        if not self._rows and y < len(said := self._said(width)):
            return Strip([Segment(fit(f"  {said[y]}", width), self.toned("muted"))])
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        at_cursor = index == self.cursor and self.has_focus
        base = self.get_component_rich_style("grid--cursor") if at_cursor else self.rich_style
        mark = "▌" if at_cursor else " "
        colour = base if at_cursor or not row.tone else self.toned(row.tone)
        if row.count is None:
            return self._text_line(row, mark, base, colour, width)
        counts = max(len(number(one.count or 0)) for one in self._rows)
        tail = f" {number(row.count):>{counts}}"
        if self._shares and width >= _FOR_SHARES + len(tail):
            tail += f" {share(row.count, self._whole if row.whole is None else row.whole):>6}"
        if row.note:
            tail += f"  {row.note}"
        lead = f"{mark}{row.swatch} " if row.swatch else f"{mark} "
        room = width - width_of(lead) - 1 - width_of(single_line(tail)) - 1
        longest = max(width_of(single_line(one.label)) for one in self._rows)
        label = longest if longest <= room else max(_LEAST_LABEL, room - _BAR)
        room -= label
        most = max((one.count or 0) for one in self._rows)
        bar = fine_bar(row.count / most if most else 0, min(room, 40)) if room >= 4 else ""
        segments = [
            Segment(mark, base),
            Segment(f"{row.swatch} " if row.swatch else " ", colour),
            Segment(fit(row.label, label) + " ", base),
            Segment(bar, colour),
            Segment(single_line(tail), base),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _text_line(self, row: BarRow, mark: str, base: Style, colour: Style, width: int) -> Strip:
        swatch = f"{row.swatch} " if row.swatch else ""
        room = width - 2 - width_of(swatch)
        note = single_line(row.note)
        note = fit(note, min(width_of(note), self._room_for_note(row, width)))
        # Further from its name a note would be read as that of another line.
        room = min(room, max(_FURTHEST, width_of(single_line(row.label)) + width_of(note) + 3))
        room -= width_of(note) + 3 if note else 0
        dim = base if base.reverse or (self.has_focus and self._rows[self.cursor] is row) else self.toned("muted")
        segments = [Segment(f"{mark} ", base), Segment(swatch, colour), Segment(fit(row.label, room), base)]
        if note:
            segments.append(Segment(f"  {note} ", dim))
        return Strip(segments).adjust_cell_length(width, base)

    @staticmethod
    def _room_for_note(row: BarRow, width: int) -> int:
        """The note gives way, as far as the name needs it and a third of the line goes."""
        room = width - 2 - (width_of(row.swatch) + 1 if row.swatch else 0)
        return max(0, room - min(width_of(single_line(row.label)), room // 3) - 3)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Takes the cursor away."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        index = event.y + self.scroll_offset.y
        if index < len(self._rows):
            if event.chain == 1:
                self._move(index)
            elif index == self.cursor:
                self.do_choices_open()

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def _move(self, index: int) -> None:
        if not self._rows:
            return
        before, self.cursor = self.cursor, max(0, min(index, len(self._rows) - 1))
        if before == self.cursor:
            return
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)
        self.refresh_line(before)
        self.refresh_line(self.cursor)
        self.post_message(self.Moved(self, self.current))

    def choose(self, key: str) -> None:
        """Puts the cursor on the bar with this key."""
        self._move(next((place for place, row in enumerate(self._rows) if row.key == key), self.cursor))

    def do_choices_up(self) -> None:
        """One up."""
        self._move(self.cursor - 1)

    def do_choices_down(self) -> None:
        """One down."""
        self._move(self.cursor + 1)

    def do_choices_first(self) -> None:
        """To the first."""
        self._move(0)

    def do_choices_last(self) -> None:
        """To the last."""
        self._move(len(self._rows) - 1)

    def do_choices_open(self) -> None:
        """Opens the one in hand."""
        if self.current:
            self.post_message(self.Opened(self, self.current))
