"""What can be done with marketing lists wherever they are in hand: in their grid, on a list's page, in the wizard."""

from __future__ import annotations

from dyntui.model.membership_actions import CREATES
from dyntui.service.contract.lists import (
    LIST_EDIT,
    LIST_GET,
    LIST_SIMULATE,
    LIST_VIEWS,
    EditList,
    ListDetail,
    ListRef,
    ListRow,
    SavedViews,
    Simulation,
    can_be_synchronised,
)
from dyntui.service.contract.plans import PLAN_DIFF, PLAN_MAKE, DiffList, MakePlan
from dyntui.service.contract.runs import StartRun

from .activation import activate, deactivate, tell_left_out
from .base import FramedScreen
from .dialogs import Confirm
from .list_settings import SettingsQuestion
from .places import RUN
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
        """Asks for other settings of the list in hand, and keeps them."""
        chosen = self.situation().chosen(ListRow)
        if len(chosen) != 1:
            return
        about = ListRef(chosen[0].id)

        def found(views: SavedViews, detail: ListDetail) -> None:
            self.app.push_screen(SettingsQuestion(detail, views.rows), answered)

        def answered(request: EditList | None) -> None:
            made = CREATES.get(request.membership_action) if request and request.membership_action else None
            if request is not None and made is not None:
                question = Confirm(
                    f"Make {made}s of strangers?",
                    [f"Every contact in the address book that no {made} in Dynamics matches becomes a new one."],
                    yes="Keep the settings",
                )
                self.app.push_screen(question, lambda yes: keep(request) if yes else None)
            elif request is not None:
                keep(request)

        def keep(request: EditList) -> None:
            self.ask(LIST_EDIT, request, lambda _: self.refetch())

        self.ask(
            LIST_GET,
            about,
            lambda detail: self.ask(LIST_VIEWS, about, lambda views: found(views, detail)),
            kind="settings",
        )

    def do_lists_simulate(self) -> None:
        """Shows what each setting of the list in hand would do."""
        chosen = self.situation().chosen(ListRow)
        if len(chosen) != 1:
            return
        row = chosen[0]

        def show(found: Simulation) -> None:
            self.app.push_screen(SimulationShown(row.name, found))

        self.ask(LIST_SIMULATE, ListRef(row.id), show)

    def do_lists_synchronise(self) -> None:
        """Synchronises the marked lists, or the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        start_run(self, StartRun(sync_type="lists", lists=tuple(row.id for row in rows)))

    def do_plans_diff(self) -> None:
        """Compares the list in hand with its address book; its page says what was found."""
        if (row := self.situation().one(ListRow)) is not None:
            self.ask(PLAN_DIFF, DiffList(row.id), lambda run: self.console.open_page(RUN, run.id))

    def do_plans_make(self) -> None:
        """Plans a synchronisation of the marked lists, or of the one in hand."""
        chosen = self.situation().chosen(ListRow)
        rows = [row for row in chosen if can_be_synchronised(row)]
        tell_left_out(self, [row for row in chosen if row not in rows], "not activated, or inactive in Dynamics")
        asked = MakePlan(sync_type="lists", lists=tuple(row.id for row in rows))
        self.ask(PLAN_MAKE, asked, lambda run: self.console.open_page(RUN, run.id))
