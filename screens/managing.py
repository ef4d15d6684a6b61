"""Manage Members: what is to be done, whom it is about, and then the plan that names everybody."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.model.counted import counted
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.service.contract.members import MEMBERS_PLAN, ChangeMembers, FoundRecord, MemberChange
from dyntui.service.contract.runs import RunRow

from .facts_question import FactsQuestion
from .lookup import Lookup
from .query_question import FINDS, QUERY, VIEW, QueryQuestion
from .wording import number

_LOOKUP, _MARKED, _SHOW = "lookup", "marked", "show"
_BY_QUERY = {
    MemberChange.ADD: ("Add using advanced find", "Whom a saved view or FetchXML finds comes onto the list."),
    MemberChange.REMOVE: ("Remove using advanced find", "Whom a saved view or FetchXML finds leaves the list."),
    MemberChange.KEEP: (
        "Evaluate using advanced find",
        "Only whom a saved view or FetchXML finds stays; everybody else leaves the list.",
    ),
}


class ManageQuestion(FactsQuestion[RunRow]):
    """Answers with the run that plans what was asked for."""

    WORD = "Way"
    ENTER = "Go on"

    def __init__(self, row: ListRow, marked: Sequence[MemberRow] = ()) -> None:
        people = "" if row.members is None else f", {counted(row.members, 'member')}"
        super().__init__(f"Manage members of {row.name}", told=f"A static list of {row.member_type}s{people}.")
        self._row = row
        self._marked = tuple(marked)

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The ways."""
        ways = [(_LOOKUP, "Add using lookup", ""), *((each.value, _BY_QUERY[each][0], "") for each in MemberChange)]
        marked = len(self._marked)
        if marked:
            ways.insert(0, (_MARKED, f"Remove the {number(marked)} marked member{'' if marked == 1 else 's'}", ""))
        return ways

    def meaning(self, key: str) -> str:
        """What a way does."""
        if key == _LOOKUP:
            return "Find people by name or address, and add those you mark."
        if key == _MARKED:
            return "They leave the list; their records stay as they are."
        return _BY_QUERY[MemberChange(key)][1]

    def change(self, key: str) -> None:
        """On to whom it is about."""
        if key == _MARKED:
            self._plan(MemberChange.REMOVE, [each.person for each in self._marked])
        elif key == _LOOKUP:
            self.app.push_screen(Lookup(self._row.member_type), self._looked_up)
        else:
            self.app.push_screen(FindQuestion(self._row, MemberChange(key)), self._found)

    def _looked_up(self, records: tuple[FoundRecord, ...] | None) -> None:
        if records:
            self._plan(MemberChange.ADD, [each.id for each in records])

    def _plan(self, change: MemberChange, people: Sequence[str]) -> None:
        self.ask(MEMBERS_PLAN, ChangeMembers(list=self._row.id, change=change, people=tuple(people)), self._found)

    def _found(self, run: RunRow | None) -> None:
        if run is not None:
            self.dismiss(run)


class FindQuestion(QueryQuestion[RunRow]):
    """Whom a change is about, by a view or FetchXML. Answers with the run that plans it."""

    WORD = "Choice"

    def __init__(self, row: ListRow, change: MemberChange) -> None:
        title, means = _BY_QUERY[change]
        super().__init__(f"{title}: {row.name}", told=means)
        self._row = row
        self._what = change

    @property
    def records(self) -> str:
        """What the list holds."""
        return self._row.member_type

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The query, and on to the plan."""
        return [*self.query_facts(), (_SHOW, "Show who that would be", "")]

    def meaning(self, key: str) -> str:
        """What it means."""
        return "Everybody by name, before anything is changed." if key == _SHOW else self.query_meaning(key)

    def change(self, key: str) -> None:
        """Another query, or on."""
        if key in (VIEW, QUERY, FINDS):
            self.change_query(key)
        elif self.counted is None:
            self.console.notify("Choose a view or write FetchXML first.", title="Nobody yet", severity="warning")
        else:
            request = ChangeMembers(list=self._row.id, change=self._what, view=self.view, query=self.fetch_xml)
            self.ask(MEMBERS_PLAN, request, self._planned)

    def typed(self, key: str, text: str) -> str:
        """FetchXML."""
        return self.query_typed(text)

    def _planned(self, run: RunRow) -> None:
        self.dismiss(run)
