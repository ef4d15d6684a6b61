"""A marketing list: facts, what became of its members, its runs, and every member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.outcomes import Outcome
from dyntui.model.sync_types import SENDING
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.lists import (
    LIST_GET,
    LIST_MEMBERS,
    NO_BOOK,
    ON_LIST,
    BeingSynchronised,
    ListDetail,
    ListRef,
    MemberRow,
    MembersQuery,
)
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.people import person_of
from dyntui.service.contract.runs import RUNS_PAGE, RunChanged, RunRow, RunsQuery
from dyntui.service.contract.sends import SENDS_PAGE, SendRow, SendsQuery
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.subjects import BY_ID

from .base import FramedScreen, Page
from .bindings import bindings
from .gathering import gather
from .grid_screen import GridScreen, Rows, page_of
from .list_actions import ListActions
from .list_columns import kind, status_text
from .list_history import Happened
from .perform import reason_against, with_its_key
from .places import PERSON, RUN, SEND
from .reason_help import ReasonHelp
from .tally import reason_title, split_key, tally_rows
from .widgets.bars import BarList
from .widgets.choice import Choice
from .widgets.columns import Column
from .widgets.facts import Fact, Facts
from .widgets.grid_words import Wording
from .widgets.tones import outcome_text, outcome_tone
from .wording import dated, moment, number

_WORDING = Wording(
    one="member",
    many="members",
    empty="No member here",
    next_step="← → shows another outcome where there is one; A puts people on a static list.",
)

_ALL: tuple[Choice, ...] = (("", "All", None),)

MEMBER_COLUMNS: tuple[Column[MemberRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=16, flex=2, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=20, flex=2, priority=1, sort="address", whole=True),
    Column(
        title="Outcome",
        text=lambda row: outcome_text(row.outcome),
        width=11,
        sort="outcome",
        tone=lambda row: outcome_tone(row.outcome),
    ),
    Column(title="Reason", text=lambda row: reason_title(row.reason), width=18, flex=1, priority=1, sort="reason"),
    Column(title="Detail", text=lambda row: dated(row.detail), width=18, flex=1, priority=3, tone=lambda row: "muted"),
    Column(title="Contact id", text=lambda row: str(row.contact_id or ""), width=10, right=True, priority=4),
)


_ROWS = Rows(
    id="members-grid",
    columns=MEMBER_COLUMNS,
    key=lambda row: row.person,
    wording=_WORDING,
    views=_ALL,
    views_id="member-choice",
)


# Narrower than this there is room for the name of the list and no more.
_NARROW = 80
# So many of the last runs, among them those of sends; and so many sends: all that most lists ever have.
_RUNS, _SENDS = 20, 100

_NOT_ACTIVATED = ("Not activated for email yet", "lists.activate")
_NO_BOOK = ("Its address book is gone", "lists.activate")


class ListPage(GridScreen[MemberRow], ListActions, Page[str]):
    """The page of one marketing list, by its id."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_LIST,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_LIST)
    CSS_PATH = "../styles/list_page.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._detail: ListDetail | None = None
        self._facts = Facts(id="list-facts", columns=2, cuts=False)
        self._bars = BarList(id="list-outcomes", empty="Not synchronised yet.")
        self._runs = BarList(id="list-runs", empty="Not sent to, and no run of this list yet.")
        self._happened = Happened()

    def compose_page(self) -> Iterable[Widget]:
        """Overview and members: side by side where there is room, else one at a time."""
        with Horizontal():
            with Vertical(id="overview"):
                with Vertical(classes="card", id="list-facts-card") as facts:
                    facts.border_title = "Marketing list"
                    yield self._facts
                with Vertical(classes="card", id="list-outcomes-card") as outcomes:
                    outcomes.border_title = "Members by outcome in the last run"
                    yield self._bars
                with Vertical(id="list-runs-room"), Vertical(classes="card", id="list-runs-card") as runs:
                    runs.border_title = "Sends and last runs"
                    yield self._runs
            with Vertical(id="members"):
                yield self.views
                yield self.grid

    def aimed(self) -> None:
        """Another list: nothing is known of it yet."""
        self._detail = None
        self.views.set("")
        self.views.show_choices(_ALL)
        self._facts.show_facts([])
        self._bars.show_rows([])
        self._happened = Happened()
        self._runs.show_rows([])
        self.trail.show_trail("Marketing Lists", "…")
        self.remove_class("-members")

    def begin(self) -> None:
        """Starts on the outcomes."""
        self.load()
        self.set_focus(self._bars)
        self.read()

    @property
    def slice(self) -> str:
        """Whose members, and which."""
        return f"{self.about} {self.views.chosen}"

    async def rows_in(self, window: Window) -> PageOfRows[MemberRow]:
        """The members with the chosen outcome."""
        outcome, reason = split_key(self.views.chosen)
        query = MembersQuery(list=self.about or "", outcome=outcome, reason=reason)
        return await page_of(self.console, LIST_MEMBERS, query, window)

    def read(self) -> None:
        """Facts, outcomes and runs."""
        if self.about is not None:
            self.look(LIST_GET, ListRef(self.about), self._show)

    def refetch(self) -> None:
        """Everything about the list again."""
        self.read()
        self.grid.reload()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Lists or sends changed, or a run of lists began or ended."""
        if isinstance(value, RunChanged):
            if value.run.kind in SENDING:
                return value.run.status.ended
            known = self._detail is not None and self._detail.active_run == value.run.id
            return value.run.kind == "lists" and (value.run.status.ended or not known)
        return name in ("lists.changed", "sends.changed")

    def situation(self) -> Situation:
        """The list of the page."""
        # Nobody is in hand of members that are not shown.
        shown = self._side_by_side or self.has_class("-members")
        situation = super().situation() if shown else FramedScreen.situation(self)
        detail = self._detail
        if detail is None:
            return situation
        run = BeingSynchronised(detail.active_run) if detail.active_run else None
        return situation.holding(detail.row, run)

    def _show(self, detail: ListDetail) -> None:
        self._detail = detail
        row = detail.row
        self._show_trail()
        self._show_facts()
        missing = _NOT_ACTIVATED
        if row.activated:
            missing = _NO_BOOK if row.sync_status == NO_BOOK else ("Not synchronised yet", "lists.synchronise")
        self._bars.say_when_empty(with_its_key(self, *missing))
        self._bars.show_rows(tally_rows(detail.counts))
        self._show_choices(detail)
        self.look(RUNS_PAGE, RunsQuery(item=row.id, limit=_RUNS), self._show_runs, kind="list-runs")
        self.look(SENDS_PAGE, SendsQuery(list=row.id, limit=_SENDS), self._show_sends, kind="list-sends")
        self.refresh_hints()

    def _show_trail(self) -> None:
        """Where one is, and what ends it, for which the hints have no room."""
        if self._detail is None:
            return
        row = self._detail.row
        note = "✓ activated for email" if row.activated else "not activated for email"
        if row.activated and self.size.width >= _NARROW and not reason_against(self, BY_ID["lists.deactivate"]):
            note += " (d deactivates)"
        self.trail.show_trail("Marketing Lists", row.name, note=note)

    def refresh_frame(self) -> None:
        """The terminal may have another size."""
        super().refresh_frame()
        self._show_trail()
        self._show_facts()

    def _show_facts(self) -> None:
        """As many as leave room for what became of the members, and the runs."""
        detail = self._detail
        if detail is None:
            return
        row = detail.row
        book = f"{detail.address_book} ({detail.address_book_id})" if detail.address_book else "none"
        members: Fact = ("Members", "not counted" if row.members is None else number(row.members), "strong")
        status, synchronised = status_text(row, detail.counts), moment(row.last_synced)
        tone = "" if detail.address_book else "muted"
        if self.has_class("-low"):
            shown = [
                members,
                ("Status", ", ".join(filter(None, (status, synchronised))), ""),
                ("Address book", ", ".join(filter(None, (book, row.account))), tone),
            ]
        else:
            shown = [
                ("Type", kind(row), ""),
                members,
                ("Owner", row.owner, ""),
                ("Status", status, ""),
                ("Synchronised", synchronised or "never", ""),
                ("Account", row.account or "—", ""),
                ("Address book", book, tone),
                ("Order", f"{row.sync_order}{', by hand only' if row.manual_only else ''}", ""),
            ]
        self._facts.show_facts(shown)

    def _show_choices(self, detail: ListDetail) -> None:
        sums: dict[Outcome, int] = {}
        for count in detail.counts:
            sums[count.outcome] = sums.get(count.outcome, 0) + count.people
        chosen = self.views.chosen
        _, reason = split_key(chosen)
        keys = {f"{each.value}:": each for each in Outcome}
        # Where nobody has the chosen one any more it stays: what is shown is not that of all.
        choices: list[Choice] = [("", "All", None)]
        choices += [
            (key, each.value.capitalize(), sums.get(each, 0))
            for key, each in keys.items()
            if each in sums or key == chosen
        ]
        if reason:
            choices.append((chosen, reason_title(reason), None))
        self.views.show_choices(choices)

    def _show_runs(self, page: PageOfRows[RunRow]) -> None:
        self._happened.runs = page.rows
        self._runs.show_rows(self._happened.bars())

    def _show_sends(self, page: PageOfRows[SendRow]) -> None:
        self._happened.sends = page.rows
        self._runs.show_rows(self._happened.bars())

    # Moving between the panes

    @property
    def _side_by_side(self) -> bool:
        return self.has_class("-wide")

    def _show_members(self) -> None:
        self.add_class("-members")
        self.grid.focus_rows()
        self.refresh_hints()

    def do_list_panes(self) -> None:
        """To the members, or back to the overview."""
        if self.grid.body.has_focus or self.has_class("-members"):
            self.remove_class("-members")
            self.set_focus(self._bars)
        else:
            self._show_members()

    def leave(self) -> None:
        """From the members to the overview first, where they are not side by side."""
        if self.has_class("-members") and not self._side_by_side:
            self.remove_class("-members")
            self.set_focus(self._bars)
        else:
            super().leave()

    @on(BarList.Opened, "#list-outcomes")
    def _open_outcome(self, event: BarList.Opened) -> None:
        _, reason = split_key(event.key)
        self.views.set(event.key)
        if self._detail is not None:
            self._show_choices(self._detail)
        if not reason:
            self.views.set(event.key)
        self.grid.load(self.rows_in)
        self._show_members()

    @on(BarList.Opened, "#list-runs")
    def _open_run(self, event: BarList.Opened) -> None:
        self.console.open_page(SEND if self._happened.is_send(event.key) else RUN, event.key)

    def marked_members(self) -> Sequence[MemberRow]:
        """Those marked on the page."""
        return tuple(self.grid.marks.values())

    def marks_taken(self) -> None:
        """The marks have done their work."""
        self.grid.marks.clear()
        self.grid.reload()

    def do_members_gather(self) -> None:
        """A list of the marked members, or of all that are shown."""
        outcome, reason = split_key(self.views.chosen)
        shown = PeopleSlice(list=self.about or "", outcome=outcome, reason=reason, search=self.grid.listing.search)
        gather(self, self.marked_members(), shown)

    def do_person_open(self) -> None:
        """The page of the member in hand."""
        self.console.open_page(PERSON, person_of(self.situation()))

    def opened(self, row: MemberRow) -> None:
        """What the outcome means, and who can mend it."""
        self.app.push_screen(
            ReasonHelp(
                code=row.reason,
                outcome=outcome_text(row.outcome) or "not synchronised yet",
                name=row.name,
                address=row.address,
                detail=row.detail,
            )
        )
