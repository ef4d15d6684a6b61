"""Labels and values, in columns where they fit, or below one another with values that run over several lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from .cells import fit, single_line, width_of, wrap
from .toned import Toned

# Label, value, tone of the value.
Fact = tuple[str, str, str]

# How far columns may be squeezed below what their longest values want before there are fewer of them.
_SQUEEZE = 0.8
_PADDING = 3
# What stands where there is no value.
_NOTHING = "—"


def _labels(facts: Sequence[Fact]) -> int:
    return max((len(label) for label, _, _ in facts), default=0)


def _wanted(facts: Sequence[Fact], labels: int) -> int:
    value = max((width_of(single_line(fact[1])) for fact in facts), default=0)
    return max(labels, _labels(facts)) + value + _PADDING


def columns_of(
    facts: Sequence[Fact], width: int, most: int, squeeze: float = _SQUEEZE, labels: int = 0
) -> list[tuple[Sequence[Fact], int]]:
    """The facts of each column, filled downwards, and its width; `labels`: at least so much of the first one is for
    labels."""
    for count in range(most, 0, -1):
        rows = max(1, -(-len(facts) // count))
        groups = [facts[start : start + rows] for start in range(0, len(facts), rows)]
        wanted = [_wanted(group, 0 if place else labels) for place, group in enumerate(groups)]
        if count == 1 or sum(wanted) * squeeze <= width:
            break
    spare = width - sum(wanted)
    if spare >= 0:
        widths = [one + spare // len(wanted) for one in wanted]
    else:
        # The widest gives first.
        widths = list(wanted)
        while sum(widths) > width:
            widths[widths.index(max(widths))] -= 1
    return list(zip(groups, widths, strict=True))


class Facts(Toned):
    """`(label, value, tone)` triples, in up to `columns` columns; with `wraps` in one column, nothing cut. Unless it
    `cuts`, there are rather fewer columns than values cut short."""

    def __init__(
        self,
        facts: Sequence[Fact] = (),
        *,
        id: str | None = None,
        columns: int = 3,
        wraps: bool = False,
        cuts: bool = True,
    ) -> None:
        super().__init__(id=id)
        self._facts = tuple(facts)
        self._most = 1 if wraps else columns
        self._wraps = wraps
        self._squeeze = _SQUEEZE if cuts else 1.0
        # The least width of the labels in the first column.
        self._least = 0

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Draws other facts."""
        if tuple(facts) != self._facts:
            self._facts = tuple(facts)
            self.refresh(layout=True)

    @property
    def text(self) -> str:
        """All facts as text, a line each."""
        return "\n".join(f"{label}: {value}" for label, value, _ in self._facts)

    def _lines(self, width: int) -> list[list[tuple[str, str]]]:
        """Every line as pieces of text with their tone."""
        lines: list[list[tuple[str, str]]] = []
        groups = columns_of(self._facts, width, self._most, self._squeeze, self._least) if self._facts else []
        for column, (facts, each) in enumerate(groups):
            label_width = max(_labels(facts), 0 if column else self._least)
            room = max(1, each - label_width - _PADDING)
            place = 0
            for label, value, tone in facts:
                said = value or (_NOTHING if label else "")
                values = wrap(said, room) if self._wraps else [said]
                for number, one in enumerate(values):
                    if place == len(lines):
                        lines.append([])
                    lines[place].append((f" {label if not number else '':<{label_width}} ", "muted"))
                    lines[place].append((fit(one, room) + " ", tone))
                    place += 1
        return lines

    def line_up(self, other: Facts) -> None:
        """Their values begin in the same cell as those of others below or above them."""
        least = max(_labels(self._facts), _labels(other._facts))
        for each in (self, other):
            if each._least != least:
                each._least = least
                each.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes."""
        return max(1, len(self._lines(width)))

    def render_line(self, y: int) -> Strip:
        """One line of every column."""
        width = self.content_size.width
        lines = self._lines(width)
        pieces = lines[y] if y < len(lines) else []
        segments = [Segment(text, self.toned(tone)) for text, tone in pieces]
        return Strip(segments).adjust_cell_length(width, self.rich_style)
