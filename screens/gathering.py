"""A list made of the people that are in hand: those marked, or everybody that a page shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dyntui.model.known_people import KnownPerson
from dyntui.model.list_definitions import description_fault, name_fault
from dyntui.model.outcomes import PersonOutcome
from dyntui.service.contract.lists import (
    LISTS_PAGE,
    MEMBER_TYPES,
    ListRow,
    ListsQuery,
    MemberRow,
)
from dyntui.service.contract.members import (
    MEMBERS_COUNT,
    MEMBERS_GATHER,
    MEMBERS_PLAN,
    MOST_NAMED,
    ChangeMembers,
    CountPeople,
    Gathered,
    GatherPeople,
    MemberChange,
    PeopleCounted,
    PeopleSlice,
    why_closed,
)
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunRow

from .base import FramedScreen
from .dialogs import Confirm, Picker
from .facts_question import FactsQuestion
from .gone_on import ask_next
from .grid_screen import page_of
from .list_columns import PICK_COLUMNS
from .places import PLAN, RUN
from .widgets.grid_words import Wording
from .wording import number

Shown = PersonOutcome | KnownPerson | MemberRow
_NEW = "a new list"
_MAKE = "make"
_WORDING = Wording(
    one="marketing list", many="marketing lists", empty="No marketing list", next_step="A new one can be made."
)


def gather(screen: FramedScreen, marked: Sequence[Shown], shown: PeopleSlice) -> None:
    """Asks what list is to be made of the marked people, or of everybody shown; then goes to the run that fills it."""
    if len(marked) > MOST_NAMED:
        screen.notify(
            f"At most {MOST_NAMED:,} people can be marked for that; a filter shows any number.", severity="warning"
        )
        return

    def done(run: RunRow | None) -> None:
        if run is not None:
            screen.console.open_page(PLAN if run.plan else RUN, run.id)

    def ask(types: dict[str, int]) -> None:
        people = {
            kind: tuple(each.person or each.address for each in marked if each.entity in ("", kind))
            for kind in MEMBER_TYPES
        }
        if not types:
            screen.notify("Nobody is shown here.", title="No list of nobody", severity="warning")
            return
        ask_next(screen, GatherQuestion(types, people if marked else {}, shown), done)

    def counted(found: PeopleCounted) -> None:
        ask({each.entity: each.people for each in found.rows})

    if marked:
        ask(dict(Counter(each.entity for each in marked)))
    else:
        screen.ask(MEMBERS_COUNT, CountPeople(shown=shown), counted)


class GatherQuestion(FactsQuestion[RunRow]):
    """Answers with the run that fills a new list, or that plans what an existing one would get."""

    WORD = "Choice"

    def __init__(self, types: dict[str, int], people: dict[str, tuple[str, ...]], shown: PeopleSlice) -> None:
        super().__init__("Make a list of these people", told="Nobody is mailed by this.")
        self._types = types
        self._people = people
        self._shown = shown
        self._offered = [each for each in MEMBER_TYPES if types.get(each) or types.get("")]
        self._member_type = max(self._offered, key=lambda each: (types.get(each, 0), each == "contact"))
        self._named = self._description = ""
        self._onto: ListRow | None = None

    def begin(self) -> None:
        """The name first."""
        self.begin_with("name")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """What is to be said of the list."""
        new = [("name", "Name", self._named or "none yet"), ("description", "Description", self._description or "none")]
        return [
            ("onto", "Onto", self._onto.name if self._onto else _NEW),
            *(() if self._onto else new),
            ("member_type", "People", self._of_type()),
            (_MAKE, "Show who would join" if self._onto else "Make the list", ""),
        ]

    def meaning(self, key: str) -> str:
        """What it means."""
        return {
            "onto": "A new static list, or one that is there already.",
            "name": "Of no other active list.",
            "description": "What the list is for.",
            "member_type": f"A list holds records of one type. {self._left_out()}",
        }.get(key, self._left_out())

    def _of_type(self) -> str:
        """`3 contacts`, and those of whom only the address is known: which record has it, Dynamics says."""
        records, addresses = self._types.get(self._member_type, 0), self._types.get("", 0)
        told = [f"{number(records)} {self._member_type}{'' if records == 1 else 's'}"] * bool(records)
        told += [f"{self._member_type}s with {number(addresses)} address{'' if addresses == 1 else 'es'}"] * bool(
            addresses
        )
        return ", ".join(told)

    def _left_out(self) -> str:
        others = [
            f"{number(people)} {kind}{'' if people == 1 else 's'}"
            for kind, people in self._types.items()
            if kind not in ("", self._member_type) and people
        ]
        told = [f"Left out: {', '.join(others)}."] * bool(others)
        told += [f"An address that no {self._member_type} has is left out, by name."] * bool(self._types.get(""))
        return " ".join(told) or "Nobody is left out."

    def change(self, key: str) -> None:
        """The next choice, or something is typed."""
        if key == _MAKE:
            self._go_on()
        elif key == "onto":
            self._choose_list()
        elif key == "member_type":
            at = self._offered.index(self._member_type)
            self._member_type = self._offered[(at + 1) % len(self._offered)]
            self._onto = None
        else:
            self.type_in(key, self._named if key == "name" else self._description)

    def typed(self, key: str, text: str) -> str:
        """Name or description."""
        if fault := (name_fault if key == "name" else description_fault)(text):
            return fault
        if key == "name":
            self._named = text
        else:
            self._description = text
        return ""

    def _choose_list(self) -> None:
        """An existing list, or the new one again."""
        if self._onto is not None:
            self._onto = None
            return

        async def source(window: Window) -> Page[ListRow]:
            return await page_of(self.console, LISTS_PAGE, ListsQuery(view="active"), window)

        def refuse(row: ListRow) -> str:
            if row.member_type != self._member_type:
                return f"{row.name} holds {row.member_type}s; these are {self._member_type}s."
            return why_closed(row)

        def chosen(rows: tuple[ListRow, ...] | None) -> None:
            self._onto = rows[0] if rows else None
            self.show_facts()

        picker = Picker(
            "Onto which list?",
            PICK_COLUMNS,
            source,
            key=lambda row: row.id,
            wording=_WORDING,
            refuse=refuse,
            alone=True,
        )
        self.app.push_screen(picker, chosen)

    def _go_on(self) -> None:
        people = self._people.get(self._member_type, ())
        shown = None if self._people else self._shown
        if self._onto is not None:
            request = ChangeMembers(list=self._onto.id, change=MemberChange.ADD, people=people, shown=shown)
            self.ask(MEMBERS_PLAN, request, self._answer)
            return
        if fault := name_fault(self._named):
            self.console.notify(fault, title="Not made yet", severity="warning")
            return
        asked = GatherPeople(
            name=self._named,
            member_type=self._member_type,
            description=self._description,
            people=people,
            shown=shown,
        )
        lines = [
            f"A static list of {self._member_type}s is made in Dynamics, in your name: {self._of_type()}.",
            self._left_out(),
            "Nobody is mailed by this; u on its run takes them off again.",
        ]
        question = Confirm(f"Make {self._named}?", lines, yes="Make it")
        self.app.push_screen(question, lambda yes: self._make(asked) if yes else None)

    def _make(self, asked: GatherPeople) -> None:
        self.ask(MEMBERS_GATHER, asked, self._made)

    def _made(self, made: Gathered) -> None:
        self.dismiss(made.run)

    def _answer(self, run: RunRow) -> None:
        self.dismiss(run)
