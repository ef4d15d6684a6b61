"""What changed of a send's people since somebody confirmed it: who, what they were and are, why and since when."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome
from dyntui.model.sync_types import COUNT
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.sends import SEND_CHANGES, SEND_GET, ChangesQuery, PersonChanged, SendRef

from .base import Page
from .grid_screen import GridScreen, Rows, page_of
from .places import PERSON
from .tally import outcome_title, reason_title
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .wording import moment

_WORDING = Wording(
    one="difference",
    many="differences",
    empty="Everybody is what was confirmed",
    next_step="Whoever is mailed or left out against what was counted would stand here.",
)


def _stood(outcome: str, reason: str) -> str:
    if reason:
        return reason_title(reason)
    return outcome_title(Outcome(outcome), COUNT) if outcome else "Not counted"


def _before(row: PersonChanged) -> str:
    outcome, _, reason = row.was.partition(" ")
    return _stood(outcome, reason)


_COLUMNS: tuple[Column[PersonChanged], ...] = (
    Column(title="Name", text=lambda row: row.name, width=16, flex=1, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=18, flex=1, priority=2, sort="address", whole=True),
    Column(title="Was", text=_before, width=10, priority=1, sort="was"),
    Column(title="Is", text=lambda row: _stood(row.outcome, row.reason), width=16, sort="reason"),
    Column(title="Cause", text=lambda row: row.cause, width=14, flex=2, priority=3),
    Column(title="Since", text=lambda row: f"{'noticed ' if row.noticed else ''}{moment(row.on)}", width=17),
)

_ROWS = Rows(id="send-changes-grid", columns=_COLUMNS, key=lambda row: row.person_id, wording=_WORDING, enter="Person")


class SendChangesPage(GridScreen[PersonChanged], Page[str]):
    """Of the send with this id."""

    def __init__(self) -> None:
        super().__init__(_ROWS)

    def aimed(self) -> None:
        """Another send."""
        self._say_whose("…")

    def begin(self) -> None:
        """The differences, and the campaign whose send it is."""
        super().begin()
        if self.about is not None:
            self.look(SEND_GET, SendRef(self.about), lambda send: self._say_whose(send.campaign_name))

    def _say_whose(self, campaign: str) -> None:
        self.trail.show_trail("Sends", campaign, "Changed since it was confirmed")

    async def rows_in(self, window: Window) -> PageOfRows[PersonChanged]:
        """The differences, as the service names them."""
        return await page_of(self.console, SEND_CHANGES, ChangesQuery(id=self.about or ""), window)

    def opened(self, row: PersonChanged) -> None:
        """Their page says everything else."""
        self.console.open_page(PERSON, row.person_id)
