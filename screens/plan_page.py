"""A plan: whom a synchronisation would add, change and take out, field by field; and carrying it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget

from dyntui.model.counted import people_of
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.plans import (
    ADD,
    BRING,
    CREATE,
    EFFECTS,
    FLAG,
    JOIN,
    REMOVE,
    SUPPRESS,
    UNFLAG,
    UPDATE,
    Fact,
    PlannedChange,
)
from dyntui.model.suppression_flags import in_words
from dyntui.model.sync_types import MEMBERS, UNDO
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.plans import (
    LIST,
    PLAN_APPLY,
    PLAN_CHANGES,
    PLAN_GET,
    ChangesQuery,
    PlanDetail,
    PlanRef,
    change_text,
    shown_effects,
)
from dyntui.service.contract.runs import ON_PLAN, RUN_GET, RunChanged, RunRef, RunRow, calls_text
from dyntui.service.contract.situations import Situation

from .base import Page
from .bindings import bindings
from .change_help import fields_of
from .dialogs import Confirm
from .gone_on import lead_to_run
from .grid_screen import GridScreen, Rows, page_of
from .places import PEOPLE, RUN
from .running import RunActions, show_progress
from .tally import reason_title
from .whose import Whose
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.line import Line, Part
from .wording import number

_WORDING = Wording(
    one="change",
    many="changes",
    empty="Nothing would be changed",
    next_step="p shows what would become of everybody in the plan, and why.",
)
_ELSEWHERE = replace(
    _WORDING,
    empty="Nothing of this kind would be changed",
    next_step="← → shows what else the plan would change.",
)

_EFFECTS = {
    ADD: ("+ add", "good"),
    UPDATE: ("~ update", "accent"),
    REMOVE: ("- remove", "warn"),
    JOIN: ("+ join", "good"),
    CREATE: ("+ create", "good"),
    BRING: ("~ Dynamics", "accent"),
    SUPPRESS: ("- suppress", "bad"),
    FLAG: ("- opt-out", "bad"),
    UNFLAG: ("~ opt-in", "accent"),
}


def _what(row: PlannedChange) -> str:
    if row.effect == REMOVE and row.reason:
        return reason_title(row.reason)
    if row.effect in (FLAG, UNFLAG):
        return f"{in_words(row.after or {})}: {'set' if row.effect == FLAG else 'taken back'}"
    return change_text(row)


_COLUMNS: tuple[Column[PlannedChange], ...] = (
    Column(
        title="Effect",
        text=lambda row: _EFFECTS[row.effect][0],
        width=10,
        sort="effect",
        tone=lambda row: _EFFECTS[row.effect][1],
    ),
    Column(title="Name", text=lambda row: row.name, width=14, flex=2, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=18, flex=2, priority=1, sort="address", whole=True),
    Column(title="What", text=_what, width=16, flex=3),
)

_CHANGED = (Outcome.ADDED, Outcome.REMOVED)
_TITLES = {
    ADD: "Added",
    UPDATE: "Updated",
    REMOVE: "Removed",
    JOIN: "Joining",
    CREATE: "Created",
    BRING: "To Dynamics",
    SUPPRESS: "Suppressed",
    FLAG: "Opted out",
    UNFLAG: "Opted in",
}
_VIEWS = (("", "All", None), *((effect, _TITLES[effect], None) for effect in EFFECTS))
_ROWS = Rows(
    id="plan-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.item_id} {row.person}",
    wording=_WORDING,
    views=_VIEWS,
    elsewhere=_ELSEWHERE,
    preview="Change",
    roomy=True,
    enter="",
)


class PlanPage(GridScreen[PlannedChange], RunActions, Page[str]):
    """The changes by effect, with what carrying them out takes."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_PLAN,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_PLAN)
    CSS_PATH = "../styles/plan_page.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._detail: PlanDetail | None = None
        self._run: RunRow | None = None
        self._waits = Line(id="plan-waits")
        self._bar = Line(id="plan-bar")
        self._sum = Line(id="plan-sum")
        self._fact = Line(id="plan-fact")
        self._fact.display = False

    def compose_page(self) -> Iterable[Widget]:
        """What it comes to, above the changes."""
        yield self._waits
        yield self._bar
        yield self._sum
        yield self._fact
        yield from super().compose_page()

    def aimed(self) -> None:
        """Another plan: nothing is known of it yet."""
        self._detail = self._run = None
        self._waits.show()
        self._sum.display = self._bar.display = self._fact.display = False
        self.views.display = self.grid.display = False
        self.trail.show_trail("Synchronisation Audit", "…", "Plan")

    def begin(self) -> None:
        """The changes, and what they come to."""
        super().begin()
        self.read()

    def refetch(self) -> None:
        """The plan may have been carried out."""
        super().refetch()
        self.read()

    def read(self) -> None:
        """How far the plan is, and what it comes to."""
        if self.about is not None:
            self.look(RUN_GET, RunRef(self.about), lambda detail: self._show_run(detail.run))

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """The plan is made, or has been carried out."""
        by = self._detail.plan.applied_by if self._detail is not None else ""
        return isinstance(value, RunChanged) and value.run.id in (self.about, by) and value.run.status.ended

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """How far it is comes with the event."""
        super().hear(name, value)
        if isinstance(value, RunChanged) and value.run.id == self.about and not value.run.status.ended:
            self._show_run(value.run)

    def shows_run(self, id: str) -> bool:
        """Its own: the end of it needs no notice."""
        return id == self.about

    def _show_run(self, run: RunRow) -> None:
        """A plan that was not made has a page that says why."""
        self._run = run
        named = () if run.title.startswith("Plan: ") else ("Plan",)
        self.trail.show_trail("Synchronisation Audit", run.title, *named, note=run.id[:8])
        show_progress(self._bar, run, 30 if self.has_class("-wide") else 14)
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            if self.app.screen is self:
                self.depart()
                self.console.open_page(RUN, run.id)
            else:
                self._stale = True
        elif run.status.ended:
            self.look(PLAN_GET, PlanRef(run.id), self._show)
        else:
            self._waits.show(Part(" The plan is being made. Nothing is changed by it.", "strong"))
        self.refresh_hints()

    def _show(self, detail: PlanDetail) -> None:
        self._detail = detail
        self._waits.show(*_standing(detail))
        if not self.grid.display:
            self.views.display = self.grid.display = True
            self.grid.focus_rows()
        self._sum.display = True
        calls = detail.plan.calls
        reads = calls.dataverse_reads + calls.dotdigital_reads
        writes = calls.dataverse_writes + calls.dotdigital_writes
        takes = f"{calls_text(reads, writes)}, about {number(detail.plan.seconds)} s"
        self._sum.show(Part(f" {_totals(detail)}", "strong"), Part(f"{_others(detail)}  {takes}"))
        self._fact.display = detail.fact is not None
        if detail.fact is not None:
            self._fact.show(Part(f" Became: {_became(detail.fact)}", "muted"))
        self.refresh_hints()

    async def rows_in(self, window: Window) -> PageOfRows[PlannedChange]:
        """The changes of the chosen effect."""
        asked = ChangesQuery(run=self.about or "", effect=self.views.chosen)
        return await page_of(self.console, PLAN_CHANGES, asked, window)

    def previewed(self, row: PlannedChange) -> list[tuple[str, str, str]]:
        """What would become of somebody, field by field."""
        effect, tone = _EFFECTS[row.effect]
        told = [("", row.name, "strong"), ("Address", row.address, ""), ("Effect", effect, tone)]
        if row.effect in (FLAG, UNFLAG) or row.after is None:
            return [*told, ("What", _what(row), "")]
        changes = [each for each in fields_of(row.before, row.after) if each[1] != each[2]]
        told += [(label, f"{before} → {after}", "") for label, before, after in changes]
        return [*told, *([("Note", row.detail, "muted")] if row.detail else [])]

    def situation(self) -> Situation:
        """The plan."""
        return super().situation().holding(self._detail, self._run)

    def do_plans_people(self) -> None:
        """Everybody, with what would become of them."""
        if self._detail is not None:
            run = self._detail.run
            trail = ("Synchronisation Audit", run.title)
            self.console.open_page(PEOPLE, Whose(title="Everybody", run=run.id, kind=run.kind, trail=trail))

    def do_plans_apply(self) -> None:
        """Carries the plan out, after a confirmation."""
        detail = self._detail
        if detail is None:
            return
        lists = sum(each.kind == LIST for each in detail.lists)
        books = f"{number(lists)} address book{'' if lists == 1 else 's'}"
        of_members = detail.run.kind == MEMBERS.id
        lines = [
            f"{_totals(detail)}{'' if of_members or not lists else f' in {books}'}.",
            f"{'Dynamics is' if of_members else 'Both systems are'} read again. Whoever has changed since is refused "
            "by name; the others are done.",
        ]

        def begun(run: RunRow) -> None:
            # Whoever comes back from the run is told so here.
            self._stale = True
            lead_to_run(self, run)

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(PLAN_APPLY, PlanRef(detail.run.id), begun)

        self.app.push_screen(Confirm("Carry the plan out?", lines, yes="Carry it out", danger=True), answered)


def _standing(detail: PlanDetail) -> list[Part]:
    """What a person has to know before anything else: whether it waits for them, and for which key."""
    if detail.plan.applied_by:
        return [Part(" The plan was carried out", "good"), Part(f", by the run {detail.plan.applied_by[:8]}")]
    # What could not be planned is not known to be as it should.
    failed = [Part(f" {detail.run.error}", "bad")] if detail.run.error_code else []
    if not any(each.effects.changes for each in detail.lists):
        return failed or [_nothing(detail)]
    done = "undone" if detail.run.kind == UNDO.id else "done"
    return [
        Part(f" Nothing is {done} yet: ", "warn"),
        Part("a", "key", "screen.perform('plans.apply')"),
        Part(" carries it out, ", "strong"),
        Part("Esc", "key", "screen.perform('app.back')"),
        Part(" leaves it"),
        *failed,
    ]


def _nothing(detail: PlanDetail) -> Part:
    if held := detail.run.tally.of(Outcome.HELD):
        return Part(f" {people_of(held)} would be held for a decision; nothing else is to be done.", "warn")
    return Part(" There is nothing to be done.", "good")


def _others(detail: PlanDetail) -> str:
    """Of a plan of members: how many would not be changed."""
    if detail.run.kind != MEMBERS.id:
        return ""
    others = [(outcome, detail.run.tally.of(outcome)) for outcome in Outcome if outcome not in _CHANGED]
    return "".join(f", {number(people)} {outcome.value}" for outcome, people in others if people)


def _totals(detail: PlanDetail) -> str:
    """`3 added, 1 updated, 2 removed`; of a plan of members, who joins the list and who leaves it."""
    if detail.run.kind == MEMBERS.id:
        join, leave = (sum(getattr(each.effects, effect) for each in detail.lists) for effect in (JOIN, REMOVE))
        name = ", ".join(each.name for each in detail.lists)
        told = [
            f"{number(people)} {verb[people == 1]} {name}"
            for people, verb in ((join, ("join", "joins")), (leave, ("leave", "leaves")))
            if people
        ]
        return ", ".join(told) or f"Nobody joins or leaves {name}"
    return ", ".join(
        f"{number(sum(getattr(each.effects, effect) for each in detail.lists))} {_word(effect)}"
        for effect in shown_effects(detail)
    )


def _word(effect: str) -> str:
    return "brought to Dynamics" if effect == BRING else _TITLES[effect].lower()


def _became(fact: Fact) -> str:
    """What was done of a plan, beside its forecast, with what it took."""
    effects = [each for each in EFFECTS if any(getattr(of, each) for of in fact.effects)]
    done = [f"{number(sum(getattr(each, effect) for each in fact.effects))} {_word(effect)}" for effect in effects]
    if fact.refused:
        done.append(f"{number(fact.refused)} refused as changed since")
    calls = fact.calls
    reads, writes = calls.dataverse_reads + calls.dotdigital_reads, calls.dataverse_writes + calls.dotdigital_writes
    took = f", {number(fact.seconds)} s" if fact.status.ended else ", under way"
    return f"{', '.join(done) or 'nothing'}  {calls_text(reads, writes)}{took}"
