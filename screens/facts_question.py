"""A dialog that asks for several facts: one below the other, each changed with Enter, the last line takes them over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG

from .bindings import bindings
from .dialogs import Dialog
from .widgets.bars import BarList, BarRow
from .widgets.cells import width_of
from .widgets.field import Field

# A line's own words are the hint, where they are no longer.
_SHORT = 24

R = TypeVar("R")
V = TypeVar("V")


class FactsQuestion(Dialog[R], Generic[R]):
    """A subject says which facts there are (`facts`), what the one in hand means (`meaning`), and what Enter does to it
    (`change`): another value, `type_in`, or the answer. `WORD` is what a fact is called in the key hints, `ENTER` what
    Enter does to it."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)
    WORD: ClassVar[str] = "Fact"
    ENTER: ClassVar[str] = "Change"

    def __init__(self, title: str, *, told: str = "") -> None:
        """`told`: what is said before anything is in hand."""
        super().__init__(title)
        self._lines = BarList(id="question-facts", shares=False, enter=self.ENTER)
        self._means = Static(told, id="question", markup=False)
        self._typed = Field(id="question-typed", compact=True, select_on_focus=False)
        self._typed.cursor_blink = False
        self._typed.display = False
        self._typing = ""
        self._begun_with = ""

    # What a subject says

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """Key, title and value of each, in order; the last one takes them over."""
        return ()

    def meaning(self, key: str) -> str:
        """What a fact means."""
        return ""

    def change(self, key: str) -> None:
        """Enter was pressed on a fact."""

    def typed(self, key: str, text: str) -> str:
        """Takes what was typed for a fact; why not, `""` when it is taken."""
        return ""

    # What is the same

    def compose_body(self) -> Iterable[Widget]:
        """The facts, a field while one is typed, and what the one in hand means."""
        yield self._lines
        yield self._typed
        yield self._means

    def on_mount(self) -> None:
        """To the first fact."""
        self.show_facts()
        self.set_focus(self._lines)
        self.refresh_hints()
        self.begin()

    def begin(self) -> None:
        """What a subject does first."""

    def refresh_hints(self) -> None:
        """Draws the keys: those of the field while something is typed."""
        if self._typed.display:
            self.show_keys(("Enter", "Take"), ("Esc", "Back"))
            return
        self.show_keys(("↑ ↓", self.WORD), ("Enter", self._enter()), ("Esc", "Cancel"))

    def _enter(self) -> str:
        """What Enter does: the last line of those that are changed takes them over, and says how."""
        last = self._lines.rows[-1] if self._lines.rows else None
        if last is None or self.ENTER != FactsQuestion.ENTER or last.key != self._lines.current:
            return self.ENTER
        return last.label if width_of(last.label) <= _SHORT else "Go on"

    def show_facts(self) -> None:
        """Draws the facts as they are now."""
        self._lines.show_rows([BarRow(key, title, None, "", "", value) for key, title, value in self.facts()])

    def type_in(self, key: str, value: str, *, whole_number: bool = False, hidden: bool = False) -> None:
        """Opens the field on a fact; of a `hidden` one nothing is seen of what is typed."""
        self._typing = key
        self._typed.password = hidden
        self._typed.type = "integer" if whole_number else "text"
        self._typed.placeholder = next((title for fact, title, _ in self.facts() if fact == key), "")
        self._typed.value = value
        self._typed.cursor_position = len(value)
        self._typed.display = True
        self.set_focus(self._typed)
        self.refresh_hints()

    def begin_with(self, key: str) -> None:
        """Asks at once for what cannot be missing; once that is typed, the line below it is in hand."""
        self._begun_with = key
        self._lines.choose(key)
        self.type_in(key, "")

    def do_dialog_close(self) -> None:
        """Out of the field first."""
        if self._typed.display:
            self._back()
        else:
            self.dismiss(None)

    @on(BarList.Moved)
    def _explain(self, event: BarList.Moved) -> None:
        self._means.update(self.meaning(event.key))
        self.refresh_hints()

    @on(BarList.Opened)
    def _change(self, event: BarList.Opened) -> None:
        self.change(event.key)
        if self.is_attached:
            self.show_facts()
            self._means.update(self.meaning(event.key))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if refused := self.typed(self._typing, event.value.strip()):
            self.console.notify(refused, title="Not taken over", severity="warning")
        else:
            self._back()
            if self._typing == self._begun_with:
                self._begun_with = ""
                self._lines.do_choices_down()

    def _back(self) -> None:
        self._typed.value = ""
        self._typed.display = False
        self.show_facts()
        self.set_focus(self._lines)
        self.refresh_hints()


def following(value: V, values: Iterable[V]) -> V:
    """The one after a value, and round; the first one where it is none of them."""
    known = list(values)
    return known[(known.index(value) + 1) % len(known)] if value in known else known[0]
