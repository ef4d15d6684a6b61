"""What all screens share: the frame around them, asking the service, hearing its events, taking actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.calls import Call
from dyntui.service.contract.chosen_account import of_account
from dyntui.service.contract.situations import Situation

from .console import ConsoleApp, WentWrong
from .perform import perform
from .shell import ROOMY, Banner, KeyHints, RunStrip, TopBar, Trail, Trouble, TroubleStrip
from .widgets.bars import BarList
from .widgets.grid import Grid
from .working import start

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
R = TypeVar("R")


class Asking(Screen[R], Generic[R]):
    """A screen that asks the service: the worker only posts the answer, the handler on the screen takes it in. Of
    several questions of one kind only the last one's answer counts; what was done is told of each time."""

    @dataclass
    class _Answered(Message):
        kind: str
        turn: int
        take: Callable[[Any], None]
        answer: Any

    @dataclass
    class _Refused(Message):
        kind: str
        turn: int
        take: Callable[[DyntuiError], None]
        error: DyntuiError

    def __init__(self) -> None:
        super().__init__()
        self._turns: dict[str, int] = {}

    @property
    def console(self) -> ConsoleApp:
        """The app."""
        return cast("ConsoleApp", self.app)

    def ask(
        self,
        method: Call[Q, A],
        request: Q,
        take: Callable[[A], None],
        *,
        refused: Callable[[DyntuiError], None] | None = None,
        kind: str = "",
    ) -> None:
        """Asks the service without waiting; `take` gets the answer, `refused` the error (else the error panel)."""
        kind = kind or method.name
        turn = self._turns[kind] = self._turns.get(kind, 0) + 1
        doing = does(method)
        if doing:
            # That a send could not be cancelled is heard of, though another one was cancelled after it.
            kind = f"{kind} {turn}"
            self._turns[kind] = turn
        # What does something is heard of too where the screen is closed meanwhile.
        node = cast("DOMNode", self.console) if doing else self
        start(node, kind, self._ask, method, request, take, refused or self.show_error, kind, turn)

    def forget_answer(self, kind: str) -> None:
        """The answer to what was asked is of no use any more."""
        self._turns[kind] = self._turns.get(kind, 0) + 1

    async def _ask(
        self,
        method: Call[Q, A],
        request: Q,
        take: Callable[[A], None],
        refused: Callable[[DyntuiError], None],
        kind: str,
        turn: int,
    ) -> None:
        try:
            answer = await self.console.call(method, request)
        except DyntuiError as error:
            if error.exit is Exit.NOT_PERMITTED:
                # The role was taken away: what needs it says so from now on.
                self.console.ask_for_roles(anew=True)
            if not self.post_message(self._Refused(kind, turn, refused, error)):
                self.show_error(error)
        else:
            if not self.post_message(self._Answered(kind, turn, take, answer)):
                self.tell_done()

    @on(_Answered)
    def _take_answer(self, message: _Answered) -> None:
        message.stop()
        if self._turns.get(message.kind) == message.turn:
            message.take(message.answer)

    @on(_Refused)
    def _take_refusal(self, message: _Refused) -> None:
        message.stop()
        if self._turns.get(message.kind) == message.turn:
            message.take(message.error)

    def show_error(self, *errors: DyntuiError) -> None:
        """Lets the app tell what happened, what was not done, and the remedy."""
        self.app.post_message(WentWrong(self, errors))

    def tell_done(self) -> None:
        """What was asked for here has been done, and nobody is here any more."""

    def situation(self) -> Situation:
        """What the choice of an action depends on; screens add what is selected."""
        return self.console.situation()

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """An event of the service."""

    def shows_run(self, id: str) -> bool:
        """Whether the end of a run is seen here, so that no notice is needed."""
        return False


def does(method: Call[Q, A]) -> bool:
    """Whether a call does something, and not only answers."""
    return method.ability in (Ability.SYNCHRONISE, Ability.SEND) or (
        bool(method.changes) and method.ability is not Ability.SEE
    )


class FramedScreen(Asking[None]):
    """A screen within the frame. `SECTION` is the section it belongs to; a `TOP_LEVEL` one cannot be left by Esc, and
    one of `ONE_ACCOUNT` is about the default email account where none is chosen."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    SECTION: ClassVar[str] = ""
    TOP_LEVEL: ClassVar[bool] = False
    ONE_ACCOUNT: ClassVar[bool] = False
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._stale = False
        self._departed = False
        # What was asked for to be shown.
        self._looked: set[str] = set()
        # And answered to it: of these questions newer things may be on the screen than when they were last asked.
        self._answered_here: dict[str, object] = {}
        self._theme = ""
        # The view in which it is to begin, where somebody was led to one; None: in the one that is remembered.
        self.led_to: str | None = None
        self._top = TopBar(id="top-bar")
        self.trail = Trail(id="trail")
        self._banner = Banner("", id="banner", markup=False)
        self._strip = RunStrip(id="run-strip")
        self._hints = KeyHints(id="key-hints")
        self._strip_of_troubles = TroubleStrip(id="trouble")
        self._troubles: dict[str, Trouble] = {}

    def compose(self) -> ComposeResult:
        """The frame with the page in it."""
        yield self._top
        yield self._banner
        yield self.trail
        yield self._strip_of_troubles
        with Vertical(id="page"):
            yield from self.compose_page()
        yield self._strip
        yield self._hints

    def compose_page(self) -> Iterable[Widget]:
        """The widgets of the page."""
        return ()

    def read(self) -> None:
        """Asks the service for what stands around the grid."""

    def refetch(self) -> None:
        """Asks the service for everything on the screen again."""
        self.read()

    def on_mount(self) -> None:
        """The frame shows how things stand, the page begins."""
        for grid in self.query(Grid):
            grid.recall_order(self.console.memory.now.sorts.get(grid.id or "", ""))
            grid.widths = dict(self.console.memory.now.widths.get(grid.id or "", {}))
        self.refresh_frame()
        self.begin()

    def begin(self) -> None:
        """What a page does first: loads its grid, puts the focus, reads."""
        self.read()

    @property
    def account_meant(self) -> str:
        """The email account of which the screen is to show what there is; `""`: all of them."""
        return self.console.account

    def account_chosen(self) -> None:
        """Another email account is chosen."""
        self.grow_stale()

    def situation(self) -> Situation:
        """Depth, and whether something could not be read, besides what the app knows."""
        return msgspec.structs.replace(
            super().situation(), depth=0 if self.TOP_LEVEL else 1, trouble=bool(self.troubles)
        )

    def hint_of(self, action_id: str) -> str | None:
        """The word of a key here, as `perform.Wording` has it: the action's own."""
        return None

    # What could not be read

    def look(self, method: Call[Q, A], request: Q, take: Callable[[A], None], *, kind: str = "") -> None:
        """Asks for what the screen shows. What was answered before is there at once, and stays with its age where there
        is no answer: why is said in a line, and never stops anybody."""
        kind = kind or method.name
        self._looked.add(kind)
        answers = self.console.answers
        request = of_account(request, self.console.account)
        known, read_on = answers.last(method, request)
        if known is not None and self._answered_here.get(kind) != request:
            take(known)

        def taken(answer: A) -> None:
            answers.keep(method, request, answer, self.console.now())
            self._answered_here[kind] = request
            self.tell_trouble(kind, None)
            take(answer)

        def refused(error: DyntuiError) -> None:
            if error.exit is Exit.NOT_PERMITTED:
                self._answered_here.clear()
                answers.forget()
                self.forget()
            self.tell_trouble(kind, error, read_on)

        self.ask(method, request, taken, refused=refused, kind=kind)

    def forget(self) -> None:
        """Takes what was read off the screen."""

    @property
    def troubles(self) -> list[Trouble]:
        """What could not be read, each thing once. A lost service is told by the banner alone."""
        return list({one.error.code + one.error.message: one for one in self._troubles.values()}.values())

    def tell_trouble(self, kind: str, error: DyntuiError | None, read_on: str = "") -> None:
        """Something could not be read, or could be again (None); `read_on`: when it last was."""
        trouble = Trouble(error, read_on) if error is not None else None
        before = self._troubles.pop(kind, None)
        if trouble is not None and trouble.error.code != "SERVICE_GONE":
            self._troubles[kind] = trouble
        if before is not None or trouble is not None:
            self.refresh_frame()

    @on(Grid.Read)
    def _rows_read(self, event: Grid.Read) -> None:
        listing = event.listing
        if listing.error is None:
            listing.read_on = self.console.now()
        # A grid without rows says itself what is wrong.
        told = listing.error is not None and listing.read_on != ""
        self.tell_trouble(f"grid {event.grid.id}", listing.error if told else None, listing.read_on)
        self.refresh_hints()

    def do_app_trouble(self) -> None:
        """What could not be read, in full."""
        self.show_error(*(one.error for one in self.troubles))

    # The frame

    def refresh_frame(self) -> None:
        """Draws the frame anew."""
        console = self.console
        width = self.size.width or self.app.size.width
        here = self.SECTION or console.section
        self._top.show_sections(here, width, console.who(), warned=console.warned)
        self.trail.show_account(console.account_name(one=self.ONE_ACCOUNT))
        self._banner.warn(console.banner)
        self._strip_of_troubles.show_troubles(self.troubles, console.waiting.away, width)
        self._strip.show_runs([run for run in console.active_runs if not self.shows_run(run.id)])
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the key hints anew, after the focus or the selection moved. Under a dialog none of them work."""
        if self.is_mounted and self.app.screen is self:
            self._hints.refresh_hints()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Other keys work now."""
        self.refresh_hints()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Other keys work now."""
        self.refresh_hints()

    def on_resize(self, event: events.Resize) -> None:
        """Titles are longer or shorter."""
        self.set_class(event.size.width >= ROOMY, "-roomy")
        self.call_after_refresh(self.refresh_frame)

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        """The keys are those of the dialog above."""
        self._hints.show()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """What changed meanwhile is asked for. Only another theme makes it look different: matching every widget with
        the style sheets again is a third of the time that going to a screen takes."""
        self.console.come_to(self)
        event.refresh_styles = self._theme != self.app.theme
        self._theme = self.app.theme
        if self._departed:
            self.depart()
        elif self.is_mounted:
            self.refresh_frame()
            if self._stale:
                self._stale = False
                self.refetch()

    # Events of the service

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Whether an event makes what is on the screen untrue."""
        return False

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """Asks again when the event concerns the screen: at once when it is looked at, else when it is next."""
        if not self.is_mounted:
            return
        concerned = self.concerns(name, value)
        if self.is_current:
            self.refresh_frame()
            if concerned:
                self.refetch()
        elif concerned:
            self._stale = True

    def grow_stale(self) -> None:
        """Everything on the screen may be old: asks again, when it is looked at."""
        if not self.is_mounted:
            return
        if self.is_current:
            self.refetch()
        else:
            self._stale = True

    # Actions that every screen has

    def do_app_back(self) -> None:
        """One step out: out of a filter or marks first, then out of the screen."""
        for grid in self.query(Grid):
            if grid.display and grid.body.has_focus and grid.step_out():
                return
        self.leave()

    def leave(self) -> None:
        """Leaves the screen; a top-level one stays."""
        if not self.TOP_LEVEL:
            self.app.pop_screen()

    def depart(self) -> None:
        """Goes, with what stands above it, as it has done its work; from another section once one comes back to it."""
        self._departed = self not in self.app.screen_stack
        if self._departed:
            return
        while self.app.screen is not self:
            self.app.pop_screen()
        self.app.pop_screen()

    def do_app_refresh(self) -> None:
        """Asks again."""
        self.console.ask_for_roles(anew=True)
        self.refetch()

    @on(Grid.Sorted)
    def _order_chosen(self, event: Grid.Sorted) -> None:
        self.console.memory.keep_sort(event.grid.id or "", event.grid.listing.sort)

    @on(Grid.Resized)
    def _widths_chosen(self, event: Grid.Resized) -> None:
        self.console.memory.keep_widths(event.grid.id or "", event.grid.widths)

    @on(Grid.Moved)
    @on(BarList.Filled)
    def _row_moved(self) -> None:
        self.refresh_hints()


class Page(FramedScreen, Generic[R]):
    """A screen about one thing. It is kept, and aimed at another thing when one is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.about: R | None = None

    def aim(self, about: R) -> None:
        """Shows another thing. What is still to be answered about the one before is of no use here; what was done to
        that comes to its end."""
        for kind in self._looked:
            self.forget_answer(kind)
        self._answered_here.clear()
        self.about = about
        self._departed = False
        self._troubles.clear()
        self.aimed()
        if self.is_mounted:
            self.begin()

    def aimed(self) -> None:
        """Forgets what was on the screen."""

    def forget(self) -> None:
        """As for another thing."""
        self.aimed()


class AccountPage(Page[str]):
    """A page about one email account, named by its id (`""`: the chosen one, else the default one).

    Another one may be chosen while something is asked or answered: a subject reads what is of the account whose rows
    are listed (`GridScreen.shown_of`), shows no answer about another one, and does whatever is done for that account
    as it was when a person began with it.
    """

    ONE_ACCOUNT = True

    @property
    def account_meant(self) -> str:
        """The account that is to be shown now."""
        return self.about or self.console.one_account
