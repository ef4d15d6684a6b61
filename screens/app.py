"""The console: one app over a connection to the service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partialmethod
from pathlib import Path, PurePath
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import msgspec
from textual import on
from textual.app import App
from textual.notifications import SeverityLevel

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.accounts import ACCOUNTS_CHANGED
from dyntui.service.contract.calls import Call
from dyntui.service.contract.chosen_account import of_account
from dyntui.service.contract.environment import ENVIRONMENT_CHANGED
from dyntui.service.contract.keymap import Keymap
from dyntui.service.contract.runs import RUN_CHANGED, RUNS_PAGE, RunChanged, RunRow, RunsQuery
from dyntui.service.contract.session import EVENTS_LOST, HELLO, EmailAccount, Hello, Nothing
from dyntui.service.contract.situations import Situation

from . import going
from .address import Address
from .answers import Answers
from .base import Asking, FramedScreen
from .chosen_account import ChosenAccount
from .connection import RETRY_AFTER, Connection
from .console import ConsoleApp, WentWrong
from .everywhere import Everywhere
from .hang_up import go_on_only_after_a_stop, terminal_may_go
from .places import (
    ACCOUNTS,
    BUDGETS,
    FOUND_PEOPLE,
    HEALTH,
    HOME,
    LABELS,
    MAPPINGS,
    NOT_CONFIGURED,
    PEOPLE,
    RUN,
    SCHEDULES,
    SENDS,
    SIGN_IN,
    Gate,
    Place,
    load,
    modes,
)
from .remembered import Memory
from .runs_under_way import end_text, severity_of
from .service import Connect
from .shell import LOW, WIDE
from .start import StartScreen
from .theme import OWN, first_theme
from .waiting import PATIENCE, SILENCE, Waiting
from .whose import Whose
from .widgets.cells import single_line
from .wording import tell_time_by
from .working import start

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
T = TypeVar("T")

log = logging.getLogger("dyntui.console")

# Beside this package in the source tree and in an installed one alike.
_STYLES = Path(__file__).parent.parent / "styles"
_CSS: list[str | PurePath] = [_STYLES / name for name in ("theme.tcss", "shell.tcss", "widgets.tcss", "dialogs.tcss")]
# Seconds for which something is being said just now.
_JUST_NOW = 1.0
_WIDTHS = [(0, "-narrow"), (WIDE, "-wide")]
_HEIGHTS = [(0, "-low"), (LOW, "-middling"), (34, "-tall")]


class Console(Everywhere):
    """The app: joins the connection, who is there, the runs under way and the screens; what screens need of it is
    `ConsoleApp`."""

    TITLE = "dyntui"
    CSS_PATH = _CSS
    MODES = modes()
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    def __init__(
        self,
        connect: Connect,
        *,
        first_steps: bool = False,
        farewell: str = "",
        retry_after: Sequence[float] = RETRY_AFTER,
        patience: float = PATIENCE,
        silence: float = SILENCE,
        memory: Memory | None = None,
        at: Whose | Address | None = None,
        keymap: Keymap | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        # Asked for no colour at all: the terminal's own are left alone, instead of being turned into black.
        ansi = True if "NO_COLOR" in os.environ else None
        super().__init__(memory or Memory(), farewell, keymap or {}, ansi_color=ansi)
        self.memory.read()
        self.first_steps = first_steps
        self._at = at
        self._told_at = 0.0
        self._page: object = None
        self.hello: Hello | None = None
        self.entered = False
        self.answers = Answers()
        self._chosen_account = ChosenAccount(self, self.memory, self._known_accounts, self._account_changed)
        self._clock = clock
        tell_time_by(clock)
        self.connection = Connection(
            self,
            connect,
            self.now,
            self._frames_anew,
            retry_after=retry_after,
            patience=patience,
            silence=silence,
        )
        self.animation_level = "none"
        for theme in OWN:
            self.register_theme(theme)
        remembered = self.memory.now.theme
        asked = os.environ.get("TEXTUAL_THEME") or (remembered if remembered in self.available_themes else None)
        self.theme = first_theme(asked, self.no_color)

    def on_mount(self) -> None:
        """Ends cleanly when the terminal goes away, and reaches for the service."""
        loop = asyncio.get_running_loop()
        for number_ in (signal.SIGTERM, signal.SIGHUP):
            # Where the loop is not the main thread's (tests), signals are not ours to handle.
            with contextlib.suppress(RuntimeError, ValueError):
                loop.add_signal_handler(number_, self._end_by_signal, int(number_))
        if not self.is_headless:
            go_on_only_after_a_stop()
        self.app_resume_signal.subscribe(self, self._draw_anew)
        self.push_screen(StartScreen())
        self.attach()

    def let_go_of_the_keyboard(self) -> None:
        """Nothing reads the terminal from now on, also where the console ended before it had begun."""
        if self._driver is not None:
            self._driver.disable_input()

    def _draw_anew(self, _: App[object]) -> None:
        """Back from the shell: the terminal has forgotten everything."""
        self.screen.refresh(layout=True)

    def _end_by_signal(self, number_: int) -> None:
        self.exit(return_code=128 + number_)

    async def on_unmount(self) -> None:
        """Lets the service know that nobody listens any more."""
        await self.connection.close()

    def now(self) -> str:
        """The time, ISO 8601 UTC."""
        return self._clock().isoformat()

    # The connection

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks the service, about the chosen email account where the request names none. Raises DyntuiError."""
        return await self.connection.call(method, of_account(request, self.account))

    def attach(self) -> None:
        """Reaches for the service."""
        self.connection.attach()

    @property
    def waiting(self) -> Waiting:
        """Questions that take long."""
        return self.connection.waiting

    @property
    def banner(self) -> str:
        """What stands over every page while there is no service, or none that says anything; else `""`."""
        return self.connection.banner

    @on(Connection.Reached)
    def _reached(self, message: Connection.Reached) -> None:
        again = self.connection.take(message.service)
        if again and self.entered:
            self.notify("The service answers again.", markup=False)
        before = self.entered
        self.admit(message.hello)
        if before and self.entered:
            self._refetch_all()

    @on(Connection.NotReached)
    def _not_reached(self, message: Connection.NotReached) -> None:
        if self.entered:
            self.connection.still_away(message.error)
            return
        for screen in self.screen_stack:
            if isinstance(screen, StartScreen):
                screen.show_failure(message.error)

    @on(Connection.Lost)
    def _lost(self, message: Connection.Lost) -> None:
        self.connection.lose(message.service)

    # Who is there

    def admit(self, hello: Hello) -> None:
        """Goes where the person may go: home, or to sign in, or to what has to be set up first."""
        self.hello = hello
        if not hello.configured:
            self._stand_before(NOT_CONFIGURED)
        elif not hello.user:
            self._stand_before(SIGN_IN)
        elif not self.entered:
            self.entered = True
            self.switch_mode(HOME.name)
            # Whoever was here before may have been somebody else.
            self._refetch_all()
            self._go_there()

    def _go_there(self) -> None:
        """To the page or the run that the console was opened for, once."""
        at, self._at = self._at, None
        if at is None:
            return
        if isinstance(at, Address):
            self.go(at.section)
            self.open_page(at.place, at.about)
            return
        self.go("audit")
        self.open_page(RUN, at.run)
        if at.item:
            self.open_page(PEOPLE, at)

    def _stand_before(self, gate: Gate) -> None:
        self.entered = False
        self.answers.forget()
        # Who is in the middle of a setup stays where they are, also when the service was away meanwhile.
        if gate is not NOT_CONFIGURED or not isinstance(self.screen, load(gate)):
            going.stand_before(self, gate)

    def who(self) -> tuple[str, ...]:
        """Who is signed in, for the right end of the top bar: longest first."""
        if self.hello is None:
            return ("dyntui",)
        user, organisation = single_line(self.hello.user), single_line(self.hello.organisation)
        marked = self.hello.not_production
        if not marked:
            return (f"{user} · {organisation}", user, "dyntui")
        of = "" if "" in marked else f" ({', '.join(map(single_line, marked))})"
        said = f"NOT PRODUCTION{of}"
        return (f"{said} · {user} · {organisation}", f"{said} · {user}", said, "NOT PRODUCTION")

    def _known_accounts(self) -> Sequence[EmailAccount]:
        return self.hello.accounts if self.hello is not None else ()

    @property
    def account(self) -> str:
        """The id of the email account that is chosen; `""`: all of them."""
        return self._chosen_account.id

    @property
    def one_account(self) -> str:
        """The id of the email account that a page about one account shows: the chosen one, else the default one; `""`
        where none is known."""
        return self._chosen_account.one

    def account_name(self, *, one: bool) -> str:
        """What stands in the frame of the chosen account (see `ChosenAccount.name`)."""
        return self._chosen_account.name(one=one)

    def do_accounts_choose(self) -> None:
        """Asks which email account every place is to show."""
        self._chosen_account.ask()

    def _account_changed(self) -> None:
        self._frames_anew()
        for screen in self._screens():
            if isinstance(screen, FramedScreen):
                screen.account_chosen()

    @property
    def warned(self) -> bool:
        """Whether the right end of the top bar says something that must not be overlooked: this is not production."""
        return self.hello is not None and bool(self.hello.not_production)

    def situation(self) -> Situation:
        """The person's abilities and whether the service is there."""
        abilities = frozenset(self.hello.abilities) if self.hello else frozenset()
        known = self.hello is None or self.hello.roles_known
        connected = self.connection.answers
        return Situation(abilities=abilities, connected=connected, roles_known=known, entered=self.entered)

    def ask_for_roles(self, *, anew: bool = False) -> None:
        """Asks again who is there, where Dynamics did not tell their roles before; `anew`: they may have others."""
        if self.hello is not None and (anew or not self.hello.roles_known):
            start(self, "who", self._ask_who, exclusive=True)

    async def _ask_who(self) -> None:
        # What keeps it from being told is said by whatever else is asked.
        with contextlib.suppress(DyntuiError):
            self.hello = await self.call(HELLO, Nothing())
            # A gate goes on by itself.
            if self.entered:
                self.admit(self.hello)
            self._frames_anew()

    # The screens

    @property
    def section(self) -> str:
        """The section one is in."""
        return self.current_mode if self.current_mode in self.MODES else ""

    def open_page(self, place: Place[T], about: T, view: str | None = None) -> None:
        """Opens the page of a thing: the page of its kind in this section, made on first use and kept. `view`: in this
        one, whichever was left."""
        going.open_page(self, place, about, view)

    def do_session_sign_out(self) -> None:
        """Asks first, and leads to the sign-in."""
        from .signing_out import ask_to_sign_out

        ask_to_sign_out(self, self)

    def _screens(self) -> list[Asking[object]]:
        seen: dict[int, Asking[object]] = {}
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, Asking):
                    seen[id(screen)] = screen
        return list(seen.values())

    def _frames_anew(self) -> None:
        for screen in self._screens():
            if isinstance(screen, FramedScreen) and screen.is_mounted:
                screen.refresh_frame()

    def _refetch_all(self) -> None:
        self.runs.forget()
        self._read_active_runs()
        self._frames_anew()
        for screen in self._screens():
            if isinstance(screen, FramedScreen):
                screen.grow_stale()

    # Events of the service

    @on(Connection.Heard)
    def _hear(self, message: Connection.Heard) -> None:
        if message.name == EVENTS_LOST.name:
            self._refetch_all()
            return
        if isinstance(message.value, RunChanged):
            self._run_changed(message.value.run)
        if message.name in (ENVIRONMENT_CHANGED.name, ACCOUNTS_CHANGED.name):
            start(self, "who", self._ask_who, exclusive=True)
        for screen in self._screens():
            screen.hear(message.name, message.value)

    @property
    def active_runs(self) -> list[RunRow]:
        """The runs under way, oldest first."""
        return self.runs.rows

    def _read_active_runs(self) -> None:
        async def read() -> None:
            for status in (RunStatus.IN_PROCESS, RunStatus.QUEUED):
                # A lost service is said so by the banner, and the list is read again when it is back.
                with contextlib.suppress(DyntuiError):
                    page = await self.call(RUNS_PAGE, RunsQuery(status=status.value, limit=20))
                    for run in reversed(page.rows):
                        self.post_message(Connection.Heard(RUN_CHANGED.name, RunChanged(run=run)))

        start(self, "active-runs", read)

    def _run_changed(self, run: RunRow) -> None:
        ended = self.runs.take(run)
        if ended and not (isinstance(self.screen, Asking) and self.screen.shows_run(run.id)):
            self.notify(end_text(run), title=run.title, severity=severity_of(run.status), markup=False)

    # What the person is told

    def come_to(self, page: object) -> None:
        """Another page is looked at: what was said on the one before goes, unless it was said just now."""
        if page is not self._page and monotonic() - self._told_at > _JUST_NOW:
            self.clear_notifications()
        self._page = page

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A toast of plain text: what a remote system calls something is neither markup nor a control code."""
        self._told_at = monotonic()
        lines = "\n".join(single_line(line) for line in message.split("\n"))
        super().notify(lines, title=single_line(title), severity=severity, timeout=timeout, markup=False)

    @on(WentWrong)
    def _went_wrong(self, message: WentWrong) -> None:
        """The panel comes over the screen that asked, or joins one that is there; whoever has gone on meanwhile is not
        stopped by it."""
        from .error_panel import ErrorPanel

        if message.asked_on.is_current or isinstance(self.screen, ErrorPanel):
            self.show_error(*message.errors)
            return
        for error in message.errors:
            self.notify(f"{error.message} {error.not_done}", title=error.code, severity="error")

    def show_error(self, *errors: DyntuiError) -> None:
        """What went wrong, in one panel for all: another error waits in it, and the same one is said once."""
        from .error_panel import ErrorPanel

        panel = next((screen for screen in self.screen_stack if isinstance(screen, ErrorPanel)), None)
        if panel is None:
            self.push_screen(ErrorPanel(errors))
        else:
            panel.add(errors)

    def _handle_exception(self, error: Exception) -> None:
        """A fault of the console itself: the log has all of it, the person gets a sentence and their terminal back."""
        log.critical("the console failed", exc_info=error)
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.exit(
            return_code=1,
            message=f"CONSOLE_FAILED: {type(error).__name__}: {error}\n"
            "Nothing that runs in the service was touched. The log file has the details; start the console again.",
        )


# Opened from anywhere, by the ids of their actions.
_PAGES = {
    "health_open": HEALTH,
    "people_find": FOUND_PEOPLE,
    "accounts_open": ACCOUNTS,
    "labels_open": LABELS,
    "mappings_open": MAPPINGS,
    "schedules_open": SCHEDULES,
    "budgets_open": BUDGETS,
    "sends_open": SENDS,
}
for _name, _place in _PAGES.items():
    setattr(Console, f"do_{_name}", partialmethod(Console.open_page, _place, ""))


if TYPE_CHECKING:
    # The type checker holds the app against what screens need of it.
    _app: type[ConsoleApp] = Console


def run(
    client_factory: Connect,
    *,
    first_steps: bool = False,
    farewell: str = "",
    mouse: bool = True,
    memory: Path | None = None,
    at: Whose | Address | None = None,
    keymap: Keymap | None = None,
) -> int:
    """Runs the console on the terminal until the person quits; the exit code of the process: 128 + n after signal n.
    `farewell`: what whoever quits should know besides; `memory`: the file in which the console remembers its looks;
    `at`: the page, the run, or the item of it, that it opens with; `keymap`: other keys than the usual ones."""
    console = Console(
        client_factory, first_steps=first_steps, farewell=farewell, memory=Memory(memory), at=at, keymap=keymap
    )
    with terminal_may_go():
        try:
            console.run(mouse=mouse)
        finally:
            console.let_go_of_the_keyboard()
    return console.return_code or 0
