"""The five steps of the send wizard, each a pane that shows what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.bounce_forecast import in_short as bounces_in_short
from dyntui.model.bounce_forecast import in_words
from dyntui.model.campaigns import through_another as in_a_sentence
from dyntui.model.counted import people_of
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import ReasonCount
from dyntui.model.reasons import BY_CODE
from dyntui.model.sends import also_held
from dyntui.model.what_if import MENDABLE, opened
from dyntui.service.contract.campaigns import CampaignDetail
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.target_counts import ListReadiness, TargetCount

from .send_options import SendOptions
from .tally import SENDABLE, reason_title
from .widgets.bars import BarList, BarRow
from .widgets.cells import single_line
from .widgets.columns import Column
from .widgets.cut_lines import CutLines
from .widgets.facts import Fact, Facts
from .widgets.field import Field
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.line import Line, Part
from .widgets.paging import windowed
from .widgets.pie import Pie, filling, slice_tone
from .wording import moment, number, share

STEPS = (
    "Email Campaign",
    "Target Marketing Lists",
    "Email Campaign Targets Counts",
    "Email Campaign Options",
    "Email Campaign Wizard Summary",
)

_NAMED = 5

_LISTS = Wording(
    one="target list",
    many="target lists",
    empty="This campaign has no target marketing list",
    next_step="Esc leaves the wizard; t on the campaign's page adds lists.",
)

# Why a list as a whole is refused.
_REFUSED = {
    "LIST_INACTIVE": "Inactive in Dynamics",
    "LIST_GONE": "Deleted in Dynamics",
    "LIST_NOT_ACTIVATED": "Not activated for email",
    "LIST_OF_ANOTHER_ACCOUNT": "Of another email account",
    "LIST_TYPE_CHANGED": "Another type than before",
    "LIST_WITHOUT_QUERY": "Its query is missing",
    "LIST_OWNER_NOT_A_PERSON": "Its owner is no user",
    "LIST_OWNER_MAY_NOT_READ": "Its owner may not read it",
}

_READINESS_COLUMNS: tuple[Column[ListReadiness], ...] = (
    Column(title="Target Marketing List", text=lambda row: row.name, width=20, flex=2),
    Column(title="Members", text=lambda row: number(row.members), width=9, right=True),
    Column(
        title="Ready",
        text=lambda row: "✓ ready" if row.ready else f"! {_REFUSED.get(row.reason) or reason_title(row.reason)}",
        width=22,
        flex=3,
        tone=lambda row: "good" if row.ready else "warn",
    ),
)


def by_reason(counts: Iterable[ReasonCount]) -> list[tuple[str, int]]:
    """Who is left out, by reason, whether dyntui excluded or the platform rejected them; the greatest count first."""
    sums: dict[str, int] = {}
    for count in counts:
        sums[count.reason] = sums.get(count.reason, 0) + count.people
    return sorted(sums.items(), key=lambda one: (-one[1], one[0]))


def through_another(count: TargetCount) -> str:
    """Who unsubscribed from one target list and is reached all the same; `""` where nobody is."""
    if not count.through_another_list:
        return ""
    return in_a_sentence(count.through_another_list)


def _bounces(count: TargetCount) -> list[Fact]:
    """How many will bounce by the account's history, where there is one."""
    said = bounces_in_short(count.bounces, count.sendable)
    return [("Bounces", said, "warn" if count.bounces.warning else "")] if said else []


def _mailed(count: TargetCount) -> str:
    through = through_another(count)
    return f"{people_of(count.sendable)}" + (f". {through}" if through else "")


def in_short(excluded: Sequence[tuple[str, int]]) -> str:
    """The greatest reasons by name, the rest as a number."""
    if not excluded:
        return "nobody"
    named = ", ".join(f"{reason_title(reason)} {number(people)}" for reason, people in excluded[:_NAMED])
    rest = excluded[_NAMED:]
    if not rest:
        return named
    people = sum(people for _, people in rest)
    return f"{named}, and {number(people)} for {number(len(rest))} more reason{'s' if len(rest) > 1 else ''}"


def equation(count: TargetCount) -> str:
    """`412 potential = 353 sendable + 59 excluded`."""
    excluded = sum(one.people for one in count.excluded)
    return f"{number(count.potential)} potential = {number(count.sendable)} sendable + {number(excluded)} excluded"


def nobody(count: TargetCount | None) -> str:
    """Why a count comes to nobody."""
    if count is not None and not count.potential:
        return "Nobody would get the campaign: nobody is on the lists that were counted."
    return "Nobody would get the campaign."


class LongStep(Vertical):
    """A step whose lines can be more than there is room for: they are scrolled by the arrow keys, wherever those go."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="step")
        self._lines = CutLines()
        self._facts = Facts(wraps=True)

    def compose(self) -> Iterable[Widget]:
        """The facts."""
        with self._lines:
            yield self._facts

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Draws the step."""
        self._facts.show_facts(facts)
        self.call_after_refresh(self._show_whether_cut)

    @on(CutLines.LaidOut)
    def _show_whether_cut(self) -> None:
        """Lines that are out of sight can be scrolled to, also while the number is typed."""
        cut = self.display and self._lines.cut
        self._lines.can_focus = cut
        if isinstance(self.parent, Widget):
            self.parent.border_subtitle = "↑ ↓ more" if cut else ""

    def on_resize(self) -> None:
        """More or less of it is to be seen."""
        self.call_after_refresh(self._show_whether_cut)

    def on_hide(self) -> None:
        """Another step has the frame."""
        self._show_whether_cut()

    def scroll_by_key(self, key: str) -> None:
        """A line or a page up or down."""
        page = max(1, self._lines.size.height - 1)
        by = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}.get(key, 0)
        self._lines.scroll_relative(y=by, animate=False, immediate=True)


class CampaignStep(LongStep):
    """1: the campaign and who will send it."""

    def __init__(self) -> None:
        super().__init__(id="step-1")

    def show(self, detail: CampaignDetail, sender: str) -> None:
        """Draws the step."""
        row = detail.row
        self.show_facts(
            [
                ("Email campaign", row.name, "strong"),
                ("Subject", row.subject, ""),
                ("From", f"{detail.from_name} <{detail.from_address}>", ""),
                ("Reply to", detail.reply_to, ""),
                ("Status", row.status, ""),
                ("Email account", row.account, ""),
                ("Target lists", ", ".join(one.name for one in detail.targets), ""),
                ("You send as", sender, "strong"),
            ]
        )


class ListsStep(Vertical):
    """2: which of the target lists take part. The marks of the grid are the choice."""

    def __init__(self) -> None:
        super().__init__(id="step-2", classes="step")
        self.grid: Grid[ListReadiness] = Grid(
            _READINESS_COLUMNS, key=lambda row: row.id, wording=_LISTS, id="step-lists", marks_stay=True
        )
        self._lists: tuple[ListReadiness, ...] = ()
        self._known = asyncio.Event()
        self._error: DyntuiError | None = None
        self._help = Static(
            "Space chooses a list or leaves it out.",
            classes="label",
            id="list-readiness",
            markup=False,
        )

    def compose(self) -> Iterable[Widget]:
        """The lists."""
        yield self.grid
        yield self._help

    def show(self, lists: Sequence[ListReadiness]) -> None:
        """Draws the step; ready lists are chosen to begin with, and those left out before stay so."""
        before = {one.id for one in self._lists if one.ready}
        left_out = {id for id in before if id not in self.grid.marks}
        again = bool(self._lists)
        self._lists = tuple(lists)
        self._error = None
        self._known.set()
        if again:
            # Whoever is at one of them stays there.
            self.grid.marks.clear()
            self.grid.reload()
        else:
            self.grid.load(self._source)
        self.grid.marks.update({one.id: one for one in lists if one.ready and one.id not in left_out})

    def wait(self) -> None:
        """Says that the lists are on their way, until they are shown or it is told why not."""
        self._error = None
        if self._known.is_set():
            self._known = asyncio.Event()
        self.grid.load(self._source)

    def fail(self, error: DyntuiError) -> None:
        """Says why there are no lists; those that were read before stay."""
        if not self._lists:
            self._error = error
        self._known.set()

    def explain(self) -> None:
        """Says about the list in hand whether it can take part, and what would change that."""
        row = self.grid.row()
        if row is None or row.ready:
            self._help.update("Space chooses a list or leaves it out.")
            return
        entry = BY_CODE.get(row.reason)
        remedy = entry.remedy if entry is not None and entry.remedy not in row.explanation else ""
        self._help.update(single_line(f"{row.name}: {row.explanation} {remedy} s synchronises it now."))

    def forget(self) -> None:
        """Another campaign."""
        self._lists = ()
        self.grid.marks.clear()

    async def _source(self, window: Window) -> Page[ListReadiness]:
        await self._known.wait()
        if self._error is not None:
            raise self._error
        return windowed(self._lists, window, lambda one: one.name)

    def unready_marks(self) -> list[ListReadiness]:
        """Takes the marks off lists that are not ready, and tells which those were."""
        wrong = [one for one in self.grid.marks.values() if not one.ready]
        for one in wrong:
            del self.grid.marks[one.id]
        return wrong

    def chosen(self) -> tuple[str, ...]:
        """The ids of the lists that take part, in their order."""
        return tuple(one.id for one in self._lists if one.id in self.grid.marks)


class CountsStep(Vertical):
    """3: Email Campaign Targets Counts."""

    def __init__(self) -> None:
        super().__init__(id="step-3", classes="step")
        self._equation = Line(id="equation")
        self._pie = Pie(id="pie")
        self.slices = BarList(id="slices")
        self._remedy = Static("", id="slice-remedy", markup=False)
        self._count: TargetCount | None = None
        # The reasons that are looked at as if they were mended.
        self._mended: set[str] = set()

    def compose(self) -> Iterable[Widget]:
        """Equation, pie, table, and what can be done about the slice in hand."""
        yield self._equation
        with Horizontal(id="counts"):
            yield self._pie
            with Vertical():
                yield self.slices
                yield self._remedy

    def show(self, count: TargetCount) -> None:
        """Draws the step."""
        if self._count is None or count.id != self._count.id:
            self._mended.clear()
        self._count = count
        excluded = by_reason(count.excluded)
        self._equation.show(
            Part(f" {number(count.potential)}", "strong"),
            Part(" potential = "),
            Part(number(count.sendable), "good"),
            Part(" sendable + "),
            Part(number(sum(people for _, people in excluded)), "warn" if excluded else "muted"),
            Part(" excluded"),
            right=[Part(f"suppressions of {moment(count.suppressions_as_of)} ", "muted")],
        )
        self._pie.show_shares([count.sendable, *(people for _, people in excluded)])
        rows = [BarRow(SENDABLE, "Sendable", count.sendable, slice_tone(0), self._sign(SENDABLE, 0))]
        rows += [
            BarRow(reason, reason_title(reason), people, slice_tone(place), self._sign(reason, place))
            for place, (reason, people) in enumerate(excluded, start=1)
        ]
        self.slices.show_rows(rows, count.potential)
        self.explain()

    def _sign(self, reason: str, place: int) -> str:
        if reason in self._mended:
            return "✓"
        return filling(place) if self.app.no_color else "■"

    def forget(self, instead: str = "") -> None:
        """Nobody of the campaign, or of the lists that are chosen now, was counted yet; `instead` says so."""
        self._count = None
        self.slices.say_when_empty(instead)
        self._equation.show()
        self._pie.show_shares([])
        self.slices.show_rows([])
        self._remedy.update("")

    def hint_of(self, action_id: str) -> str | None:
        """Nothing of what nobody can mend."""
        return "" if action_id == "count.what_if" and self.slices.current not in MENDABLE else None

    def toggle(self) -> None:
        """Looks at the reason in hand as if it were mended, or no more."""
        key = self.slices.current
        if self._count is None:
            return
        if key not in MENDABLE:
            what = reason_title(key) if key in BY_CODE else "These people"
            self.app.notify(f"{what}: nothing to be mended by anybody here.", title="What if", severity="warning")
            return
        self._mended ^= {key}
        self.show(self._count)

    def explain(self) -> None:
        """Says what the slice in hand means and who can mend it."""
        key = self.slices.current
        entry = BY_CODE.get(key)
        if key == SENDABLE or self._count is None:
            some = self._count is None or self._count.sendable
            text = "These people will get the campaign. Enter shows them." if some else nobody(self._count)
            if self._count is not None and self._count.through_another_list:
                text += f" {through_another(self._count)}"
            if self._count is not None:
                text += f" {in_words(self._count.bounces, self._count.sendable)}"
        elif entry is None:
            text = "Enter shows these people."
        else:
            who = f"{entry.who[0].upper()}{entry.who[1:]}"
            text = f"{who} can mend it: {entry.remedy} Enter shows the people."
        if self._count is not None and self._mended:
            more = opened(self._count.closed_by, self._mended)
            those = ", ".join(reason_title(each) for each in sorted(self._mended))
            text = f"If mended ({those}): {number(self._count.sendable + more)} sendable, {number(more)} more.\n{text}"
        self._remedy.update(text)


class OptionsStep(LongStep):
    """4: Email Campaign Options."""

    def __init__(self) -> None:
        super().__init__(id="step-4")

    def show(self, detail: CampaignDetail, options: SendOptions) -> None:
        """Draws the step."""
        later = options.at and not options.handed
        lists = "synchronised again" + (", and counted anew: who has joined them is mailed too" if later else "")
        facts: list[Fact] = [
            ("When", f"● {options.when[0].upper()}{options.when[1:]}", "strong"),
            ("How", f"● {options.how[0].upper()}{options.how[1:]}", "strong"),
            *([("Stops", options.stops, "strong")] if options.stops else []),
            *([("Note", options.warning, "warn")] if options.warning else []),
            ("", "E changes when and how", "muted"),
            ("", "", ""),
            ("First", "the suppressions are read from dotdigital again; if that fails, nothing is sent", ""),
            ("Then", f"the target lists are {lists}", ""),
            ("Last", "exactly the people who were counted are addressed, less those who have opted out since", ""),
            ("", "", ""),
            ("After it", "opens, clicks and bounces come with the next synchronisation of email campaigns", "muted"),
        ]
        if detail.row.split_test and options.split is None:
            facts.append(("Split test", "none: everybody gets its first version", "warn"))
        self.show_facts(facts)


class SummaryStep(LongStep):
    """5: Email Campaign Wizard Summary."""

    def __init__(self) -> None:
        super().__init__(id="step-5")
        self._ask = Static("", id="confirm-ask", markup=False)
        self.typed = Field(id="confirm-count", compact=True, type="text", select_on_focus=False)
        self.typed.cursor_blink = False
        self._count: TargetCount | None = None

    def compose(self) -> Iterable[Widget]:
        """Everything again, and the number to type where one is asked."""
        yield from super().compose()
        yield self._ask
        yield self.typed

    def show(self, detail: CampaignDetail, count: TargetCount, options: SendOptions, sender: str, roles: str) -> None:
        """Draws the step."""
        self._count = count
        names = ", ".join(one.name for one in count.lists if one.ready)
        self.show_facts(
            [
                # On a low screen the first lines are all that is seen without scrolling.
                ("Email campaign", detail.row.name, "strong"),
                ("Target lists", names, ""),
                ("Will be mailed", _mailed(count), "good"),
                ("When", options.when, ""),
                ("How", options.how, ""),
                *([("Stops", options.stops, "")] if options.stops else []),
                ("Subject", detail.row.subject, ""),
                ("From", f"{detail.from_name} <{detail.from_address}>", ""),
                ("Email account", detail.row.account, ""),
                ("Excluded", in_short(by_reason(count.excluded)), ""),
                *([("Note", options.warning, "warn")] if options.warning else []),
                *_also_held(detail),
                *_bounces(count),
                ("Potential", equation(count).replace(" potential", ""), ""),
                ("Counted", f"{moment(count.counted_on)}, suppressions of {moment(count.suppressions_as_of)}", ""),
                ("Sent by", f"{sender} ({roles})", ""),
            ]
        )
        self._ask.display = self.typed.display = self.asks
        self._ask.update(f"Type {count.sendable} to confirm that this many people will be mailed:")
        self.typed.value = ""

    @property
    def asks(self) -> bool:
        """Whether the count has to be typed."""
        return self._count is not None and self._count.sendable > self._count.confirm_above

    @property
    def confirmed(self) -> int | None:
        """The number typed, None while it is not the right one."""
        text = self.typed.value.strip().replace(",", "").replace(" ", "")
        right = self._count is not None and text == str(self._count.sendable)
        return int(text) if right else None

    def blocked(self) -> str:
        """Why the campaign cannot be sent yet."""
        if self.asks and self.confirmed is None and self._count is not None:
            return f"Type {self._count.sendable} into the field first: this many people will be mailed."
        return ""


def _also_held(detail: CampaignDetail) -> list[Fact]:
    said = also_held(detail.sends, moment)
    return [("Also held", f"a send {said}", "warn")] if said else []


def counted(count: TargetCount) -> str:
    """The share of the potential that will be mailed, for the trail."""
    of_all = share(count.sendable, count.potential)
    return f"{number(count.sendable)} sendable" + (f", {of_all}" if of_all else "")
