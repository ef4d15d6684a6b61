"""Dialogs: the frame they share, a question with a safe default, a choice among rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope, disabled_reason, key_name
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_DIALOG, ON_GRID, ON_OVER, ON_QUESTION
from dyntui.service.contract.subjects import of

from .base import Asking, does
from .bindings import bindings
from .perform import hint_of, keys_for
from .widgets.cells import single_line, width_of
from .widgets.columns import Column
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.line import Line, Part
from .widgets.paging import Source
from .wording import number

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
R = TypeVar("R")

# The least cells of a button, and those of a dialog's border and padding.
_BUTTON, _FRAME = 12, 6
T = TypeVar("T")


class Dialog(Asking[R], ModalScreen[R], Generic[R]):
    """A box over the screen with a title, a body, and the keys that work in it on its last line. What is longer than
    the screen scrolls by the arrow keys, where a subject puts it into a `VerticalScroll`.

    What a dialog asks for to be done it asks for once, until that is answered; whoever closes it before is told what
    became of it. An answer closes its own dialog alone: under another one it waits until that is gone.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG, ON_OVER)
    AUTO_FOCUS = ""

    def __init__(self, title: str, *, tone: str = "") -> None:
        super().__init__()
        self._about = single_line(title)
        self._under_way = self._closed_already = False
        # What it is closed with once nothing stands above it.
        self._given: tuple[R | None] | None = None
        self._box = Vertical(id="dialog", classes=tone)
        self._box.border_title = Content(self._about)
        self._keys = Line(id="dialog-keys")

    def compose(self) -> ComposeResult:
        """The box."""
        with self._box:
            yield from self.compose_body()
            yield self._keys

    def compose_body(self) -> Iterable[Widget]:
        """What stands in the box."""
        return ()

    def on_mount(self) -> None:
        """Shows the keys, which scroll what is there to be scrolled."""
        if self.focused is None and (scrolling := self._scrolling()) is not None:
            self.set_focus(scrolling)
        self.refresh_hints()

    def _scrolling(self) -> VerticalScroll | None:
        return next((each for each in self.query(VerticalScroll) if each.can_focus), None)

    def on_resize(self) -> None:
        """More or less of it is to be seen."""
        self.call_after_refresh(self.refresh_hints)

    def on_descendant_focus(self) -> None:
        """Other keys work now."""
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys that work in the dialog."""
        situation = self.situation()
        parts: list[Part] = []
        if (scrolling := self._scrolling()) is not None and scrolling.max_scroll_y:
            parts += [Part("↑ ↓", "key"), Part(" Scroll  ", "muted")]
        for action in of(*self.hinting()):
            if action.hint and action.keys and action.hinted(situation):
                off = bool(disabled_reason(action, situation))
                click = f"screen.perform('{action.id}')"
                parts.append(Part(key_name(keys_for(self, action)[0]), "off" if off else "key", click))
                parts.append(Part(f" {hint_of(self, action)}  ", "off" if off else "muted", click))
        self._keys.show(*parts)

    def hinting(self) -> tuple[Scope, ...]:
        """The scopes whose keys are shown."""
        return self.SCOPES

    def show_keys(self, *keys: tuple[str, str]) -> None:
        """Draws keys that a widget of the dialog answers itself: each with its word, as far as there is room; the last
        one, which leads out, is always there."""
        shown = list(keys)
        width = self._keys.size.width
        while width and len(shown) > 2 and sum(width_of(f"{key} {hint}  ") for key, hint in shown) - 2 > width:
            del shown[-2]
        self._keys.show(
            *(part for key, hint in shown for part in (Part(key, "key"), Part(f" {hint}  ", "muted"))),
        )

    def ask(
        self,
        method: Call[Q, A],
        request: Q,
        take: Callable[[A], None],
        *,
        refused: Callable[[DyntuiError], None] | None = None,
        kind: str = "",
    ) -> None:
        """As ever; what does something, once."""
        if not does(method):
            super().ask(method, request, take, refused=refused, kind=kind)
            return
        if self._under_way or self._given is not None:
            self.notify("It was asked for already: the answer is on its way.", title=self._about, severity="warning")
            return

        def taken(answer: A) -> None:
            self._await(False)
            self.tell_done() if self._closed_already else take(answer)

        def not_taken(error: DyntuiError) -> None:
            self._await(False)
            (refused or self.show_error)(error)

        self._await(True)
        super().ask(method, request, taken, refused=not_taken, kind=kind)

    def _await(self, under_way: bool) -> None:
        self._under_way = under_way
        self._box.border_subtitle = "waiting for the answer" if under_way else ""

    def tell_done(self) -> None:
        """After it was closed."""
        self.app.notify(f"“{self._about}”: that is done.")

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Closes the dialog, once, and nothing else."""
        if self._closed_already:
            return AwaitComplete()
        if self.app.screen is not self:
            self._given = (result,)
            return AwaitComplete()
        if self._under_way:
            said = "It was asked for already and goes on; what becomes of it is told."
            self.app.notify(said, title=self._about)
        self._closed_already = True
        return super().dismiss(result)

    def on_screen_resume(self) -> None:
        """Nothing stands above it any more."""
        if self._given is not None:
            self.dismiss(self._given[0])

    def do_dialog_close(self) -> None:
        """Closes the dialog without an answer."""
        self.dismiss(None)

    def do_app_back(self) -> None:
        """One step out, as a field in the dialog asks for."""
        self.do_dialog_close()

    def do_dialog_left(self) -> None:
        """To the button on the left."""
        self.focus_previous(Button)

    def do_dialog_right(self) -> None:
        """To the button on the right."""
        self.focus_next(Button)


class Confirm(Dialog[bool]):
    """A question, answered with `y` or `n` or with its buttons. The answer that changes nothing has the focus; Esc is
    that answer."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_QUESTION, ON_DIALOG)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_QUESTION)

    def __init__(self, title: str, lines: Sequence[str], *, yes: str, no: str = "Cancel", danger: bool = False) -> None:
        super().__init__(title, tone="-danger" if danger else "")
        self._text = "\n".join(single_line(line) for line in lines)
        self._no_word, self._yes_word = no, yes
        self._no = Button(no, id="no", compact=True)
        self._yes = Button(yes, id="yes", compact=True, variant="error" if danger else "primary")

    def compose_body(self) -> Iterable[Widget]:
        """The question and two buttons."""
        yield Static(self._text, id="question", markup=False)
        with Horizontal(id="buttons"):
            yield self._no
            yield self._yes

    def on_mount(self) -> None:
        """The safe answer first."""
        self.set_focus(self._no)

    def refresh_hints(self) -> None:
        """Draws how one answers."""
        self.show_keys(("y", self._yes_word), ("n", self._no_word), ("← → Enter", "Choose"))

    def do_dialog_yes(self) -> None:
        """Yes."""
        self.dismiss(True)

    def do_dialog_no(self) -> None:
        """No."""
        self.dismiss(False)

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button is self._yes)


class Alternatives(Dialog[str]):
    """A question with several answers, each with its name; Esc and the first button give none."""

    def __init__(self, title: str, lines: Sequence[str], answers: Sequence[tuple[str, str]]) -> None:
        super().__init__(title, tone="-danger")
        self._text = "\n".join(single_line(line) for line in lines)
        self._none = Button("Cancel", compact=True)
        self._answers = {Button(word, compact=True, variant="error"): answer for answer, word in answers}

    def compose_body(self) -> Iterable[Widget]:
        """The question and its buttons."""
        yield Static(self._text, id="question", markup=False)
        with Horizontal(id="buttons"):
            yield self._none
            yield from self._answers

    def on_mount(self) -> None:
        """The safe answer first."""
        self.set_focus(self._none)

    def on_resize(self) -> None:
        """The answers stand below one another where they do not fit side by side."""
        needed = sum(max(_BUTTON, len(str(each.label)) + 4) + 2 for each in (self._none, *self._answers))
        self.set_class(needed > self.app.size.width * 94 // 100 - _FRAME, "-tight")
        super().on_resize()

    def on_key(self, event: events.Key) -> None:
        """Below one another they are gone through up and down."""
        if event.key in ("up", "down"):
            event.stop()
            (self.do_dialog_left if event.key == "up" else self.do_dialog_right)()

    def refresh_hints(self) -> None:
        """Draws how one answers."""
        self.show_keys(("↑ ↓ Enter" if self.has_class("-tight") else "← → Enter", "Choose"), ("Esc", "Cancel"))

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(self._answers.get(event.button))


class Picker(Dialog[tuple[T, ...]], Generic[T]):
    """A choice among rows: marks with space, enter takes the marked ones, or the one in hand."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG, ON_GRID)

    def __init__(
        self,
        title: str,
        columns: Sequence[Column[T]],
        source: Source[T],
        *,
        key: Callable[[T], str],
        wording: Wording,
        refuse: Callable[[T], str],
        alone: bool = False,
    ) -> None:
        """`alone`: one row is taken, and no more."""
        super().__init__(title)
        self._grid: Grid[T] = Grid(columns, key=key, wording=wording, id="picker-grid")
        self._source = source
        self._refuse = refuse
        self._alone = alone

    def compose_body(self) -> Iterable[Widget]:
        """The rows."""
        yield self._grid

    def on_mount(self) -> None:
        """Loads the rows."""
        self._grid.load(self._source)
        self._grid.focus_rows()
        self.begin()

    def begin(self) -> None:
        """What a subject does first, such as opening the search."""

    def search(self) -> None:
        """The keys write into the filter."""
        self._grid.do_grid_filter()

    def refresh_hints(self) -> None:
        """Draws the keys of a choice, or of its filter."""
        grid = self._grid
        if isinstance(self.focused, Input):
            self.show_keys(("Enter", "Rows"), ("Esc", "Clear"))
            return
        keys = [] if grid.row() is None or self._alone else [("Space", "Mark")]
        if grid.marks:
            many = len(grid.marks)
            keys.append(("Enter", f"Take the {number(many)} marked" if many > 1 else "Take the marked one"))
        elif grid.row() is not None:
            keys.append(("Enter", "Take"))
        out = {"filter": "Clear the filter", "marks": "Take the marks back"}.get(grid.narrowed, "Cancel")
        self.show_keys(*keys, ("/", "Filter"), ("Esc", out))

    @on(Grid.Moved)
    @on(Grid.Read)
    def _rows_changed(self) -> None:
        self.refresh_hints()

    def do_dialog_close(self) -> None:
        """Out of the filter, the marks, the dialog."""
        if not self._grid.step_out():
            self.dismiss(None)

    @on(Grid.Opened)
    def _take(self) -> None:
        rows = tuple(self._grid.chosen())
        reason = next((reason for row in rows if (reason := self._refuse(row))), "")
        if self._alone and len(rows) > 1:
            reason = "Only one can be taken; take the other marks away."
        if reason:
            self.notify(single_line(reason), severity="warning", markup=False)
        elif rows:
            self.dismiss(rows)
