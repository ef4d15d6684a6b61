"""A run: what it did, to whom, at what cost; and where it failed, what was not done and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.counted import people_of
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.runs import (
    ON_RUN,
    RUN_GET,
    RunChanged,
    RunDetail,
    RunItem,
    RunRef,
    RunRow,
    permalink,
    plan_waits,
    run_status,
)
from dyntui.service.contract.situations import Situation

from .base import Page
from .bindings import bindings
from .clipboard import copy
from .places import CHANGES, PEOPLE, PLAN
from .run_facts import run_facts, run_facts_in_short
from .running import RunActions, show_progress
from .tally import outcome_title, reason_title, split_key, tally_rows
from .whose import Whose
from .widgets.bars import BarList, BarRow
from .widgets.cells import single_line
from .widgets.cut_lines import CutLines
from .widgets.facts import Facts
from .widgets.line import Line, Part
from .widgets.tones import status_tone
from .wording import dated, number


class RunPage(RunActions, Page[str]):
    """The page of one run, by its id."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_RUN,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_RUN)
    CSS_PATH = "../styles/run_page.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._detail: RunDetail | None = None
        self._facts = Facts(id="run-facts", columns=2, cuts=False)
        self._whole_id = Line(id="run-page-id")
        self._bar = Line(id="run-page-bar")
        self._waits = Line(
            Part(" Nothing is done yet: ", "warn"),
            Part("v", "key", "screen.perform('plans.show')"),
            Part(" shows it, then "),
            Part("a", "key"),
            Part(" carries it out"),
            id="run-page-waits",
        )
        self._why = Static("", markup=False)
        self._error = CutLines(self._why, id="run-page-error", classes="card")
        self._error.border_title = "What went wrong"
        self._tally = BarList(id="run-tally", empty="Nobody has an outcome yet.")
        self._sum = Line(id="run-sum")
        self._items = BarList(id="run-items", empty="No item yet.")
        self._item_chosen = True
        # What was given the keyboard where nobody chose anything.
        self._led: Widget | None = None
        self._note = Static("", id="run-item-note", markup=False)

    def compose_page(self) -> Iterable[Widget]:
        """Facts, the error where there is one, people by outcome, items."""
        with Vertical(id="run-facts-card", classes="card") as facts:
            facts.border_title = "Run"
            yield self._facts
            yield self._whole_id
            yield self._bar
            yield self._waits
        yield self._error
        with Horizontal(id="run-lower"):
            with Vertical(id="run-tally-card", classes="card") as tally:
                tally.border_title = "People by outcome"
                yield self._tally
                yield self._sum
            with Vertical(id="run-items-room"), Vertical(id="run-items-card", classes="card") as items:
                items.border_title = "Items"
                yield self._items
                yield self._note

    def aimed(self) -> None:
        """Another run: nothing is known of it yet."""
        self._detail = None
        self.trail.show_trail("Synchronisation Audit", "…")
        self._facts.show_facts([])
        self._tally.show_rows([])
        self._items.show_rows([])
        self._error.display = False
        self._bar.display = False
        self._whole_id.show()
        self._waits.display = False

    def begin(self) -> None:
        """Starts on the outcomes."""
        self.set_focus(self._tally)
        self.read()

    def read(self) -> None:
        """The run."""
        if self.about is not None:
            self.look(RUN_GET, RunRef(self.about), self._show)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """This run ended."""
        return isinstance(value, RunChanged) and value.run.id == self.about and value.run.status.ended

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """How far this run is comes with the event; what became of its items is asked for at its end."""
        super().hear(name, value)
        if self._detail is not None and isinstance(value, RunChanged) and value.run.id == self.about:
            self._show(msgspec.structs.replace(self._detail, run=value.run))

    def shows_run(self, id: str) -> bool:
        """Its own: the end of it needs no notice."""
        return id == self.about

    def situation(self) -> Situation:
        """The run of the page."""
        return super().situation().holding(self._detail.run if self._detail else None)

    def _show(self, detail: RunDetail) -> None:
        self._detail = detail
        run = detail.run
        self.trail.show_trail("Synchronisation Audit", run.title, note=run.id[:8])
        self._show_id()
        self._show_progress(run)
        self._waits.display = plan_waits(run)
        error = "\n".join(
            dated(single_line(part)) for part in (run.error_code, run.error, run.not_done, run.remedy) if part
        )
        self._error.display = bool(error)
        self._why.update(error)
        self.query_one("#run-tally-card").display = bool(run.tally.read) or not error
        yet = "" if run.status.ended else " yet"
        self._tally.say_when_empty(f"Nobody has an outcome{yet}.")
        self._items.say_when_empty(f"No item{yet}.")
        self._tally.show_rows(tally_rows(run.tally.counts, run.kind), run.tally.read)
        self._show_sum(run)
        self._items.show_rows([_item_row(item, planned=run.plan) for item in detail.items])
        self._lay_out()
        self.refresh_hints()

    def refresh_frame(self) -> None:
        """The terminal may have another size."""
        super().refresh_frame()
        self._lay_out()

    def _lay_out(self) -> None:
        """As many facts as leave room for the people, and below the items what has no room in the line in hand."""
        if self._detail is None:
            return
        run = self._detail.run
        self._facts.show_facts(run_facts_in_short(run) if self.has_class("-low") else run_facts(run))
        self._explain()
        self.call_after_refresh(self._show_whether_cut)

    @on(CutLines.LaidOut)
    def _show_whether_cut(self) -> None:
        """What went wrong and the remedy are read whole, also where they need more lines than there are."""
        cut = self._error.cut
        self._error.can_focus = cut
        self._error.border_subtitle = "↑ ↓ more" if cut else ""
        nobody_chose = self.focused in (None, self._tally) or (self.focused is self._led and not self._item_chosen)
        if nobody_chose and not self.query_one("#run-tally-card").display:
            # Nobody chose an item by that.
            self._item_chosen = False
            self._led = self._error if cut else self._items
            self.set_focus(self._led)

    @on(BarList.Moved, "#run-items")
    def _choose_item(self) -> None:
        self._item_chosen = True
        self._show_id()
        self._explain()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Y is about what is in hand."""
        if self.focused is not self._items:
            self._item_chosen = True
        self._show_id()

    def _show_id(self) -> None:
        if self._detail is not None:
            what = "copies the item's " if self._item_in_hand else "copies it "
            self._whole_id.show(
                Part(f" {'Id':<10} {self._detail.run.id}", "muted"), right=[Part("Y ", "key"), Part(what, "muted")]
            )

    @property
    def _item_in_hand(self) -> str:
        return self._items.current if self.focused is self._items and self._item_chosen else ""

    def _explain(self) -> None:
        cut = self._items.cut_note
        item = (
            next((each for each in self._detail.items if each.id == self._items.current), None)
            if self._detail
            else None
        )
        note = dated(single_line(item.note)) if item is not None else ""
        said = self._detail is not None and note in dated(single_line(self._detail.run.error))
        self._note.display = bool(cut) and not said
        self._note.update(note or cut)

    def _show_progress(self, run: RunRow) -> None:
        show_progress(self._bar, run, 30 if self.has_class("-wide") else 14)

    def _show_sum(self, run: RunRow) -> None:
        tally = run.tally
        self._sum.display = bool(tally.read)
        if tally.adds_up:
            self._sum.show(
                Part(f" {number(tally.read)} read", "strong"),
                Part(f" = {number(tally.named)} with a named outcome ✓", "muted"),
            )
        else:
            self._sum.show(Part(f" {number(tally.read)} read, but {number(tally.named)} with a named outcome ✗", "bad"))

    @on(BarList.Opened, "#run-tally")
    def _open_outcome(self, event: BarList.Opened) -> None:
        outcome, reason = split_key(event.key)
        kind = self._detail.run.kind if self._detail else ""
        title = reason_title(reason) or outcome_title(outcome, kind)
        self._open_people(Whose(title=title, outcome=outcome, reason=reason))

    @on(BarList.Opened, "#run-items")
    def _open_item(self, event: BarList.Opened) -> None:
        if self._detail is not None:
            name = next((item.name for item in self._detail.items if item.id == event.key), event.key)
            self._open_people(Whose(title=name, item=event.key))

    def do_plans_show(self) -> None:
        """What the run would have done."""
        if self._detail is not None:
            self.console.open_page(PLAN, self._detail.run.id)

    def do_changes_show(self) -> None:
        """What the run wrote."""
        if self._detail is not None:
            self.console.open_page(CHANGES, self._detail.run.id)

    def do_run_people(self) -> None:
        """Everybody in the run."""
        self._open_people(Whose(title="Everybody"))

    def do_run_link(self) -> None:
        """The permalink of the item in hand, or of the run."""
        if self._detail is not None:
            item = self._item_in_hand
            link = permalink(self._detail.run.id, item)
            copy(self.app, [link], link)

    def _open_people(self, whose: Whose) -> None:
        if self._detail is not None:
            run = self._detail.run
            about = msgspec.structs.replace(
                whose, run=run.id, kind=run.kind, trail=("Synchronisation Audit", run.title)
            )
            self.console.open_page(PEOPLE, about)


def _item_row(item: RunItem, *, planned: bool) -> BarRow:
    status = run_status(item.status, item.tally)
    if planned and item.status.ended:
        status = status.replace(RunStatus.COMPLETED, "Planned", 1)
    people = f"{people_of(item.tally.read)}" if item.tally.read else ""
    note = "  ".join(each for each in (people, dated(item.note)) if each)
    return BarRow(
        item.id,
        item.name,
        None,
        status_tone(item.status),
        "•",
        f"{status}  {note}".strip(),
    )
