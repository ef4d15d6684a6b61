"""What can be done with marketing lists wherever they are in hand: in their grid, on a list's page, in the wizard."""

from __future__ import annotations

from dyntui.service.contract.lists import ListRow, can_be_synchronised
from dyntui.service.contract.plans import PLAN_MAKE, MakePlan
from dyntui.service.contract.runs import StartRun

from .activation import activate, deactivate, tell_left_out
from .base import FramedScreen
from .places import RUN
from .running import start_run


class ListActions(FramedScreen):
    """A screen with marketing lists in hand: its situation names them."""

    def do_lists_activate(self) -> None:
        """Activates the marked lists, or the one in hand."""
        activate(self, self.situation().chosen(ListRow), self.refetch)

    def do_lists_deactivate(self) -> None:
        """Deactivates the marked lists, or the one in hand."""
        deactivate(self, self.situation().chosen(ListRow), self.refetch)

    def do_lists_synchronise(self) -> None:
        """Synchronises the marked lists, or the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        start_run(self, StartRun(sync_type="lists", lists=tuple(row.id for row in rows)))

    def do_plans_make(self) -> None:
        """Plans a synchronisation of the marked lists, or of the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        asked = MakePlan(sync_type="lists", lists=tuple(row.id for row in rows))
        self.ask(PLAN_MAKE, asked, lambda run: self.console.open_page(RUN, run.id))
