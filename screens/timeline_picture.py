"""The picture of a person's timeline: a line for each kind of event, a column for each day, week or month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from textual.containers import Vertical
from textual.widget import Widget

from dyntui.model.timeline_picture import PERIODS, SHOWN, axis, drawn
from dyntui.service.contract.people import KINDS, PictureQuery, TimelinePicture

from .widgets.bars import BarList, BarRow
from .widgets.line import Line, Part
from .wording import number

_WORDS = {"day": "days", "week": "weeks", "month": "months"}


class PictureOfTimeline(Vertical):
    """See the module. `by` and `until` say what is shown; `off`: the kinds that somebody switched off."""

    def __init__(self) -> None:
        super().__init__(id="timeline-picture", classes="card")
        self.border_title = "Engagement Timeline"
        self.by = "week"
        self.until = ""
        self.off: frozenset[str] = frozenset()
        self.kinds = BarList(id="picture-kinds", empty="Nothing was seen of them", shares=False, enter="On or off")
        self._axis = Line(id="picture-axis")
        self._picture: TimelinePicture | None = None

    def compose(self) -> Iterable[Widget]:
        """The kinds, and the axis below them."""
        yield self.kinds
        yield self._axis

    def forget(self) -> None:
        """Another person."""
        self.until, self.off, self._picture = "", frozenset(), None
        self._draw()

    def query_for(self, person: str) -> PictureQuery:
        """What to ask the service for."""
        return PictureQuery(person=person, by=self.by, until=self.until)

    def show(self, picture: TimelinePicture) -> None:
        """Another picture."""
        self._picture = picture
        self._draw()

    def toggle(self, kind: str) -> None:
        """Switches a kind off, or on again."""
        self.off = self.off ^ {kind}
        self._draw()

    def zoom(self) -> None:
        """Days, weeks or months: the next one."""
        self.by = PERIODS[(PERIODS.index(self.by) + 1) % len(PERIODS)]
        self.until = ""

    def pan(self, direction: int, today: date) -> bool:
        """Half a picture back or on; False where there is nothing more."""
        if self._picture is None or not (self._picture.earlier if direction < 0 else self.until):
            return False
        days = {"day": 1, "week": 7, "month": 30}[self.by] * SHOWN[self.by] // 2
        shown = date.fromisoformat(self.until) if self.until else today
        moved = shown + direction * timedelta(days=days)
        self.until = "" if moved >= today else moved.isoformat()
        return True

    def _draw(self) -> None:
        picture = self._picture
        if picture is None:
            self.kinds.show_rows([])
            self._axis.show()
            self.border_subtitle = ""
            return
        shown = [row for row in picture.rows if row.kind not in self.off]
        most = max((max(row.counts, default=0) for row in shown), default=0)
        totals = max((len(number(row.total)) for row in picture.rows), default=1)
        self.kinds.show_rows(
            [
                BarRow(
                    row.kind,
                    KINDS[row.kind],
                    None,
                    "muted" if row.kind in self.off else "accent",
                    "□" if row.kind in self.off else "■",
                    f"{'off'.ljust(len(row.counts)) if row.kind in self.off else drawn(row.counts, most)}"
                    f" {number(row.total):>{totals}}",
                )
                for row in picture.rows
            ]
        )
        # The columns end where the numbers at the right of them begin.
        self._axis.show(right=[Part(f"{axis(picture)} {'':{totals}} ", "muted")])
        more = f", {number(picture.earlier)} earlier" if picture.earlier else ""
        self.border_subtitle = f"by {self.by}, {len(picture.starts)} {_WORDS[self.by]}{more}"
