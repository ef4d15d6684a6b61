"""A person: why they would be mailed or not, and everything that was seen of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.people import (
    KINDS,
    ON_PERSON,
    PEOPLE_PICTURE,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    PEOPLE_WHY,
    KnownPerson,
    PersonDetail,
    PersonRef,
    TimelineEvent,
    TimelineQuery,
    Verdict,
    WhyAnswer,
    WhyQuery,
)

from .base import Page
from .bindings import bindings
from .gathering import gather
from .grid_screen import GridScreen, Rows, page_of
from .person_export import export_person
from .places import RUN
from .timeline_picture import PictureOfTimeline
from .why import WhyDialog
from .widgets.bars import BarList
from .widgets.columns import Column
from .widgets.facts import Fact, Facts
from .widgets.grid_words import Wording
from .wording import dated, moment

_WORDING = Wording(
    one="event",
    many="events",
    empty="Nothing was seen of this person",
    next_step="Mails and what people do with them come with a synchronisation of email campaigns.",
)
_ELSEWHERE = replace(
    _WORDING,
    empty="Nothing of this kind was seen of this person",
    next_step="← → shows what else was.",
)

_TONES = {"bounced": "bad", "unsubscribed": "warn", "suppressed": "warn", "opted out": "warn", "left out": "warn"}


def _says_why(row: TimelineEvent) -> bool:
    return row.kind == "left out" and bool(row.detail)


def _what(row: TimelineEvent) -> str:
    """Why somebody did not get a mail is told first, also where there is no room for details."""
    return f"Left out: {dated(row.detail)}" if _says_why(row) else KINDS.get(row.kind, row.kind)


_COLUMNS: tuple[Column[TimelineEvent], ...] = (
    Column(title="When", text=lambda row: moment(row.happened_on), width=17),
    Column(
        title="What",
        text=_what,
        width=18,
        flex=1,
        tone=lambda row: _TONES.get(row.kind, ""),
    ),
    Column(title="Where", text=lambda row: row.where, width=12, flex=2),
    Column(
        title="Detail",
        text=lambda row: "" if _says_why(row) else dated(row.detail),
        width=12,
        flex=3,
        priority=1,
        tone=lambda row: "muted",
    ),
)

_ROWS = Rows(
    id="timeline-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.happened_on} {row.kind} {row.where} {row.detail}",
    wording=_WORDING,
    views=(
        ("", "Everything", None),
        ("sent,bounced,left out", "Mails", None),
        ("opened,clicked,visited,answered,roi", "Opens and clicks", None),
        ("unsubscribed,suppressed,opted out,lifted", "Consent", None),
        ("joined,changed,left", "Lists", None),
    ),
    views_id="timeline-kinds",
    elsewhere=_ELSEWHERE,
)

# Of a person on many lists the first ones; the dialog has all.
_LISTS_SHOWN = 4


class PersonPage(GridScreen[TimelineEvent], Page[str]):
    """The page of a record by its id, or of an address that no record on a list has."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_PERSON,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_PERSON)
    # Everything that is known of them, what is listed here included, has the key.
    EXPORTS = False
    CSS_PATH = "../styles/person_page.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._facts = Facts(id="person-facts", wraps=True)
        self._picture = PictureOfTimeline()
        # None while it is still being asked.
        self._verdicts: Sequence[Verdict] | None = None
        self._why_wanted = False
        self._who: KnownPerson | None = None

    def compose_page(self) -> Iterable[Widget]:
        """Who it is and where they stand, then what was seen of them: as a picture beside or instead of the table."""
        with Vertical(classes="card", id="person-card") as card:
            card.border_title = "Would they be mailed?"
            yield self._facts
        with Horizontal(id="person-seen"):
            yield self._picture
            with Vertical(id="person-events"):
                yield self.views
                yield self.grid

    @property
    def _address_alone(self) -> bool:
        return "@" in (self.about or "")

    @property
    def slice(self) -> str:
        """Whose events, and of which kinds."""
        return f"{self.about} {self.views.chosen} {' '.join(sorted(self._picture.off))}"

    def aimed(self) -> None:
        """Another person: nothing is known of them yet."""
        self._verdicts = None
        self._why_wanted = False
        self._who = None
        self._facts.show_facts([])
        self._picture.forget()
        self.trail.show_trail("Find a person", "…")

    def begin(self) -> None:
        """Reads who it is, and their events."""
        super().begin()
        self.read()

    def read(self) -> None:
        """Who it is, and where they stand."""
        if not self.about:
            return
        self._read_picture()
        if self._address_alone:
            self.look(PEOPLE_WHY, WhyQuery(address=self.about), self._show_address)
        else:
            self.look(PEOPLE_SHOW, PersonRef(person=self.about), self._show)

    def refetch(self) -> None:
        """Everything again."""
        self.read()
        self.grid.reload()

    async def rows_in(self, window: Window) -> PageOfRows[TimelineEvent]:
        """The events of the chosen kinds."""
        kinds = tuple(filter(None, self.views.chosen.split(",")))
        if self._picture.off:
            kinds = tuple(each for each in kinds or KINDS if each not in self._picture.off)
            if not kinds:
                return PageOfRows(rows=(), matching=0, total=0)
        query = TimelineQuery(person=self.about or "", kinds=kinds)
        return await page_of(self.console, PEOPLE_TIMELINE, query, window)

    def hint_of(self, action_id: str) -> str | None:
        """Not every event has a run that tells more; `m` leads to the picture, and from there to the table."""
        row = self.grid.row()
        if action_id == "grid.open" and row is not None:
            return "Run" if row.run else ""
        if action_id == "person.picture" and self.focused is self._picture.kinds:
            return "Table"
        return super().hint_of(action_id)

    def opened(self, row: TimelineEvent) -> None:
        """The run that tells more, where there is one."""
        if row.run:
            self.console.open_page(RUN, row.run)

    def _read_picture(self) -> None:
        self.look(PEOPLE_PICTURE, self._picture.query_for(self.about or ""), self._picture.show)

    def do_person_picture(self) -> None:
        """To the picture, or back to the table; on a narrow screen one of them is there."""
        to_picture = self.focused is not self._picture.kinds
        self.set_class(to_picture, "-picture")
        if to_picture:
            self.set_focus(self._picture.kinds)
        else:
            self.grid.focus_rows()
        self.refresh_hints()

    def do_person_zoom(self) -> None:
        """Days, weeks or months."""
        self._picture.zoom()
        self._read_picture()

    def do_person_earlier(self) -> None:
        """Half a picture back."""
        self._pan(-1)

    def do_person_later(self) -> None:
        """Half a picture on."""
        self._pan(1)

    def _pan(self, direction: int) -> None:
        if self._picture.pan(direction, datetime.fromisoformat(self.console.now()).date()):
            self._read_picture()

    @on(BarList.Opened, "#picture-kinds")
    def _toggle_kind(self, event: BarList.Opened) -> None:
        """A kind is switched off or on, in the picture and in the table."""
        self._picture.toggle(event.key)
        self.grid.reload()

    def do_members_gather(self) -> None:
        """A list of this person, or one that is there and gets them."""
        who = self._who or (KnownPerson(person="", entity="", name="", address=self.about or ""))
        gather(self, (who,), PeopleSlice())

    def do_person_export(self) -> None:
        """Everything known of them, into a file."""
        if self.about:
            export_person(self, self.about)

    def do_person_why(self) -> None:
        """Every closed gate, what it rests on, and who can mend it."""
        self._why_wanted = self._verdicts is None
        if self._verdicts is not None:
            self.app.push_screen(WhyDialog(self._verdicts, self.about or ""))

    def _know(self, verdicts: Sequence[Verdict]) -> None:
        """What was asked for before it was known is answered now."""
        self._verdicts = verdicts
        if self._why_wanted and self.is_current:
            self.do_person_why()

    def _show(self, detail: PersonDetail) -> None:
        who = self._who = detail.person
        self.trail.show_trail("Find a person", who.name or who.address)
        self._know(detail.verdicts)
        preferences = ("Preferences", detail.preferences, "warn" if detail.not_allowed else "")
        self._facts.show_facts([*_identity(who), preferences, *_standing(detail.verdicts), *_others(detail.others)])

    def _show_address(self, answer: WhyAnswer) -> None:
        self.trail.show_trail("Find a person", answer.address)
        self._know(answer.verdicts)
        self._facts.show_facts(
            [
                ("Address", answer.address, "strong"),
                *([("Note", answer.note, "warn")] if answer.note else []),
                *_standing(answer.verdicts),
            ]
        )


def _identity(who: KnownPerson) -> list[Fact]:
    return [("Address", who.address or "none", "strong"), ("Record", f"{who.entity} {who.person}", "")]


def _standing(verdicts: Sequence[Verdict]) -> list[Fact]:
    """One line for each list: yes, or the first reason and how many more there are."""
    facts: list[Fact] = []
    for each in verdicts[:_LISTS_SHOWN]:
        if each.outcome is Outcome.ADDED:
            facts.append(("Yes", f"by a send to {each.where}", "good"))
            continue
        title = each.gates[0].title if each.gates else each.outcome.value
        more = len({gate.code for gate in each.gates}) - 1
        also = f", and {more} more" if more > 0 else ""
        facts.append(("No", f"by a send to {each.where}: {title}{also}", "warn"))
    if not verdicts:
        facts.append(("Lists", "on no activated marketing list: no send reaches them", "warn"))
    elif len(verdicts) > _LISTS_SHOWN:
        facts.append(("Further lists", f"{len(verdicts) - _LISTS_SHOWN} more; w shows all", "muted"))
    return facts


def _others(others: Sequence[KnownPerson]) -> list[Fact]:
    return [("Same address", f"{each.name or each.person} ({each.entity})", "muted") for each in others[:2]]
