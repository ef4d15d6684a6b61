"""Email Campaign Targets Counts as a place: who would be mailed now, who not, and why, for everybody who may look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, ON_COUNT, CountTargets, TargetCount

from .base import Page
from .bindings import bindings
from .places import PEOPLE
from .tally import behind_slice
from .widgets.bars import BarList
from .wizard_steps import CountsStep
from .wording import moment

# The service keeps a count, and the people behind it, for an hour.
_KEPT = timedelta(minutes=55)


class CountPage(Page[CampaignRef]):
    """The count of one campaign's targets, by the campaign's id. It stays while the service keeps it; r counts anew."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_COUNT,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_COUNT)
    CSS_PATH = "../styles/send_wizard.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[CampaignRef, TargetCount] = {}
        self._counts = CountsStep()
        self._counts.display = True

    def compose_page(self) -> Iterable[Widget]:
        """The counts."""
        yield self._counts

    @property
    def count(self) -> TargetCount | None:
        """The count that is shown."""
        return self._made.get(self.about or CampaignRef(0))

    def begin(self) -> None:
        """Shows the count that is there, or counts."""
        self.set_focus(self._counts.slices)
        count = self.count
        if count is None or self._old(count):
            self.do_app_refresh()
        else:
            self._show(count)

    def aimed(self) -> None:
        """Another campaign."""
        self._counts.forget()
        self.trail.show_trail("Email Campaigns", "…", "Counts")

    def _old(self, count: TargetCount) -> bool:
        return datetime.fromisoformat(self.console.now()) - datetime.fromisoformat(count.counted_on) > _KEPT

    def refetch(self) -> None:
        """A count stays as it was made."""

    def do_app_refresh(self) -> None:
        """Counts anew."""
        about = self.about
        if about is not None:
            self.ask(
                CAMPAIGN_COUNT,
                CountTargets(id=about.id, account=about.account),
                lambda count: self._take(about, count),
                refused=lambda error: self._not_counted(about, error),
            )

    def do_count_again(self) -> None:
        """Counts anew."""
        self.do_app_refresh()

    def _take(self, about: CampaignRef, count: TargetCount) -> None:
        """Another campaign may be shown meanwhile; the count stays that of the one that was counted."""
        self._made[about] = count
        if about == self.about:
            self.tell_trouble("count", None)
            self._show(count)

    def _not_counted(self, about: CampaignRef, error: DyntuiError) -> None:
        if about != self.about:
            return
        count = self.count
        self._counts.slices.say_when_empty("Nobody was counted: e tells why, c counts again.")
        self.tell_trouble("count", error, count.counted_on if count is not None else "")

    def _show(self, count: TargetCount) -> None:
        note = f"counted {moment(count.counted_on)}"
        self.trail.show_trail("Email Campaigns", count.campaign_name, "Counts", note=note)
        self._counts.show(count)
        self.refresh_hints()

    def do_count_what_if(self) -> None:
        """What if the reason in hand were mended."""
        self._counts.toggle()

    @on(BarList.Moved)
    def _slice_moved(self) -> None:
        self._counts.explain()
        self.refresh_hints()

    @on(BarList.Opened)
    def _slice_opened(self, event: BarList.Opened) -> None:
        if self.count is not None:
            self.console.open_page(PEOPLE, behind_slice(self.count, event.key, (self.count.campaign_name, "Counts")))
