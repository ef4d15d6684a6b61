"""A question in which somebody says whom they mean by a saved view or by FetchXML, with how many that finds now."""

from __future__ import annotations

from typing import TypeVar

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.lists import (
    LIST_COUNT_FOUND,
    LIST_VIEWS,
    CountFound,
    FoundCount,
    SavedView,
    SavedViews,
    ViewsQuery,
)
from dyntui.service.contract.paging import Page, Window

from .dialogs import Picker
from .facts_question import FactsQuestion
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import number

R = TypeVar("R")

VIEW, QUERY, FINDS = "query_view", "query", "finds"
_NOT_COUNTED = "choose a view or write FetchXML"
_COUNTING = "counting…"
# What is asked when people are counted.
_FOUND = "found"
# So much of a query is shown on its line.
_SHOWN = 40

_WORDING = Wording(
    one="view", many="views", empty="Dynamics shows no view of these records", next_step="Save one there first."
)
_COLUMNS: tuple[Column[SavedView], ...] = (
    Column(title="View", text=lambda row: row.name, width=30, flex=1),
    Column(title="Whose", text=lambda row: "personal" if row.personal else "everybody's", width=11),
)


def _beginning(query: str) -> str:
    """FetchXML has few spaces to be cut at."""
    line = " ".join(query.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


class QueryQuestion(FactsQuestion[R]):
    """`records`: the type of the records that are meant; a subject adds `query_facts` to its facts, and hands Enter on
    them to `change_query`, what was typed to `query_typed`."""

    def __init__(self, title: str, *, told: str = "", query: str = "") -> None:
        """`query`: what is asked as long as nobody gives another."""
        super().__init__(title, told=told)
        self._as_it_is = query
        self.view = ""
        self.fetch_xml = ""
        self.counted: FoundCount | None = None
        self._view_name = ""
        self._finds = "" if query else _NOT_COUNTED

    @property
    def records(self) -> str:
        """account, contact or lead."""
        raise NotImplementedError

    @property
    def asked(self) -> bool:
        """Whether a view or a query is given."""
        return bool(self.view or self.fetch_xml)

    def query_facts(self) -> list[tuple[str, str, str]]:
        """The facts of the query."""
        shown = self.fetch_xml if self.asked else self._as_it_is
        return [
            (VIEW, "Saved view", self._view_name or "none"),
            (QUERY, "FetchXML", _beginning(shown) or "none"),
            (FINDS, "Finds", self._finds),
        ]

    def query_meaning(self, key: str) -> str:
        """What a fact of the query means."""
        relative = self.counted.relative if self.counted else ()
        whose = f" Some of its conditions mean whoever runs it: {', '.join(relative)}." if relative else ""
        return {
            VIEW: "A view of Dynamics, or one of your personal ones. Enter chooses.",
            QUERY: "As Advanced Find writes it; paste it, or type it. It takes the place of the view.",
            FINDS: f"As Dynamics counts them for you now. Enter counts again.{whose}",
        }.get(key, "")

    def change_query(self, key: str) -> None:
        """Enter on a fact of the query."""
        if key == QUERY:
            self.type_in(QUERY, self.fetch_xml or self._as_it_is)
        elif key == FINDS:
            self.count_found()
        else:
            self.ask(LIST_VIEWS, ViewsQuery(member_type=self.records, own=True), self._choose_view)

    def _choose_view(self, views: SavedViews) -> None:
        if self._typed.display or not self.is_current:
            # They write FetchXML by now, or do something else: what they type is not for a choice that comes late.
            return

        async def source(window: Window) -> Page[SavedView]:
            return windowed(views.rows, window, lambda row: row.name)

        def chosen(rows: tuple[SavedView, ...] | None) -> None:
            if rows:
                self.view, self._view_name, self.fetch_xml = rows[0].id, rows[0].name, ""
                self.count_found()

        picker = Picker(
            f"Views of {self.records}s",
            _COLUMNS,
            source,
            key=lambda row: row.id,
            wording=_WORDING,
            refuse=lambda row: "",
            alone=True,
        )
        self.app.push_screen(picker, chosen)

    def query_typed(self, text: str) -> str:
        """FetchXML was typed."""
        self.fetch_xml, self.view, self._view_name = text, "", ""
        self.count_found()
        return ""

    def forget_query(self) -> None:
        """The records are of another type: neither view nor query fits."""
        self.view = self.fetch_xml = self._view_name = ""
        self.counted, self._finds = None, _NOT_COUNTED
        for asked in (_FOUND, LIST_VIEWS.name):
            self.forget_answer(asked)

    def count_found(self) -> None:
        """Asks how many are meant now."""
        self.counted = None
        self._finds = _COUNTING if self.asked else _NOT_COUNTED
        self.show_facts()
        if self.asked:
            request = CountFound(member_type=self.records, view=self.view, query=self.fetch_xml)
            self.ask(LIST_COUNT_FOUND, request, self._counted, refused=self._not_counted, kind=_FOUND)

    def _counted(self, found: FoundCount) -> None:
        self.counted = found
        self._finds = f"{number(found.people)} {self.records}{'' if found.people == 1 else 's'}"
        self.show_facts()

    def _not_counted(self, error: DyntuiError) -> None:
        self._finds = "cannot be run"
        self.show_facts()
        self.show_error(error)
