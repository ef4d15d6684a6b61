"""A new marketing list: its name, its type, its query; how it would be made is said before it is."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.model.list_definitions import LONGEST_NAME, description_fault, name_fault
from dyntui.service.contract.lists import LIST_NEW, MEMBER_TYPES, ListDetail, NewList

from .dialogs import Confirm
from .facts_question import following
from .query_question import FINDS, QUERY, VIEW, QueryQuestion
from .wording import number

_MAKE = "make"
_MEANINGS = {
    "name": f"At most {LONGEST_NAME} characters, and of no other active list.",
    "member_type": "What the list holds. It cannot be changed later.",
    "dynamic": "Static: people are put on it. Dynamic: its query says who is on it, at any moment.",
    "description": "What the list is for.",
}


class NewListQuestion(QueryQuestion[ListDetail]):
    """Answers with the list that was made."""

    WORD = "Choice"

    def __init__(self) -> None:
        super().__init__("New marketing list", told=_MEANINGS["name"])
        self._named = self._description = ""
        self._member_type = "contact"
        self._dynamic = False

    @property
    def records(self) -> str:
        """What the list holds."""
        return self._member_type

    def begin(self) -> None:
        """The name first."""
        self.begin_with("name")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """What is to be said of a list."""
        return [
            ("name", "Name", self._named or "none yet"),
            ("member_type", "Member type", self._member_type),
            ("dynamic", "Type", "dynamic" if self._dynamic else "static"),
            *(self.query_facts() if self._dynamic else ()),
            ("description", "Description", self._description or "none"),
            (_MAKE, "Make the list", ""),
        ]

    def meaning(self, key: str) -> str:
        """What it means."""
        return _MEANINGS.get(key, "") or self.query_meaning(key)

    def change(self, key: str) -> None:
        """The next choice, or something is typed."""
        if key == _MAKE:
            self._ask_to_make()
        elif key == "member_type":
            self._member_type = following(self._member_type, MEMBER_TYPES)
            self.forget_query()
        elif key == "dynamic":
            self._dynamic = not self._dynamic
        elif key in (VIEW, QUERY, FINDS):
            self.change_query(key)
        else:
            self.type_in(key, self._named if key == "name" else self._description)

    def typed(self, key: str, text: str) -> str:
        """Name, description or FetchXML."""
        if key == QUERY:
            return self.query_typed(text)
        if fault := (name_fault if key == "name" else description_fault)(text):
            return fault
        if key == "name":
            self._named = text
        else:
            self._description = text
        return ""

    def _ask_to_make(self) -> None:
        fault = name_fault(self._named)
        if self._dynamic and self.counted is None:
            fault = fault or "A dynamic list needs a saved view or FetchXML that Dynamics can count."
        if fault:
            self.console.notify(fault, title="Not made yet", severity="warning")
            return
        kind = f"{'dynamic' if self._dynamic else 'static'} list of {self._member_type}s"
        holds = (
            f"Its query finds {number(self.counted.people)} now."
            if self._dynamic and self.counted
            else "It begins without members; A puts people on it."
        )
        lines = [f"A {kind} is made in Dynamics, in your name.", holds, "Nobody is mailed by this."]
        question = Confirm(f"Make {self._named}?", lines, yes="Make it")
        self.app.push_screen(question, lambda yes: self._make() if yes else None)

    def _make(self) -> None:
        request = NewList(
            name=self._named,
            member_type=self._member_type,
            dynamic=self._dynamic,
            description=self._description,
            view=self.view if self._dynamic else "",
            query=self.fetch_xml if self._dynamic else "",
        )
        self.ask(LIST_NEW, request, self._kept)

    def _kept(self, detail: ListDetail) -> None:
        self.dismiss(detail)
