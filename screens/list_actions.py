"""What can be done with marketing lists wherever they are in hand: in their grid, on a list's page, in the wizard."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.service.contract.lists import (
    LIST_GET,
    LIST_SIMULATE,
    LIST_VIEWS,
    ListDetail,
    ListRef,
    ListRow,
    MemberRow,
    SavedViews,
    Simulation,
    ViewsQuery,
    can_be_synchronised,
)
from dyntui.service.contract.plans import PLAN_DIFF, PLAN_MAKE, DiffList, MakePlan
from dyntui.service.contract.runs import RunRow, StartRun

from .activation import activate, deactivate, tell_left_out
from .base import FramedScreen
from .gone_on import ask_next, lead_to_plan
from .list_settings import SettingsQuestion
from .managing import ManageQuestion
from .places import LIST_GROWTH, PLAN
from .running import start_run
from .simulation import SimulationShown


class ListActions(FramedScreen):
    """A screen with marketing lists in hand: its situation names them."""

    def do_lists_activate(self) -> None:
        """Activates the marked lists, or the one in hand."""
        activate(self, self.situation().chosen(ListRow), self.refetch)

    def do_lists_deactivate(self) -> None:
        """Deactivates the marked lists, or the one in hand."""
        deactivate(self, self.situation().chosen(ListRow), self.refetch)

    def do_lists_edit(self) -> None:
        """Asks what of the list in hand is to be otherwise, and keeps it."""
        chosen = self.situation().chosen(ListRow)
        if len(chosen) != 1:
            return
        about = chosen[0].id

        def found(views: SavedViews, detail: ListDetail) -> None:
            ask_next(self, SettingsQuestion(detail, views.rows), lambda kept: self.refetch() if kept else None)

        def known(detail: ListDetail) -> None:
            self.ask(LIST_VIEWS, ViewsQuery(id=about), lambda views: found(views, detail))

        self.ask(LIST_GET, ListRef(about), known, kind="settings")

    def do_members_manage(self) -> None:
        """Asks how the members of the list in hand are to change; the plan says whom that would be."""
        row = self.situation().one(ListRow)
        if row is None:
            return

        def planned(run: RunRow | None) -> None:
            if run is not None:
                self.marks_taken()
                self.console.open_page(PLAN, run.id)

        self.app.push_screen(ManageQuestion(row, self.marked_members()), planned)

    def marked_members(self) -> Sequence[MemberRow]:
        """The marked members of the list in hand, where its page shows them."""
        return ()

    def marks_taken(self) -> None:
        """What was marked has been taken up."""

    def do_lists_growth(self) -> None:
        """Opens how the list in hand has grown."""
        chosen = self.situation().chosen(ListRow)
        if len(chosen) == 1:
            self.console.open_page(LIST_GROWTH, chosen[0].id)

    def do_lists_simulate(self) -> None:
        """Shows what each setting of the list in hand would do."""
        chosen = self.situation().chosen(ListRow)
        if len(chosen) != 1:
            return
        row = chosen[0]

        def show(found: Simulation) -> None:
            ask_next(self, SimulationShown(row.name, found))

        self.ask(LIST_SIMULATE, ListRef(row.id), show)

    def do_lists_synchronise(self) -> None:
        """Synchronises the marked lists, or the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        # A run is of one email account.
        of_account: dict[str, list[str]] = {}
        for row in rows:
            of_account.setdefault(row.account, []).append(row.id)
        for account, ids in of_account.items():
            start_run(self, StartRun(sync_type="lists", lists=tuple(ids), account=account))

    def do_plans_diff(self) -> None:
        """Compares the list in hand with its address book; its page says what was found."""
        if (row := self.situation().one(ListRow)) is not None:
            self.ask(PLAN_DIFF, DiffList(row.id), lambda run: lead_to_plan(self, run))

    def do_plans_make(self) -> None:
        """Plans a synchronisation of the marked lists, or of the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        asked = MakePlan(sync_type="lists", lists=tuple(row.id for row in rows))
        self.ask(PLAN_MAKE, asked, lambda run: lead_to_plan(self, run))
