"""The console: one app over a connection to the service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import ClassVar, TypeVar

import msgspec
from textual import on
from textual.app import App
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.runs import RUNS_PAGE, RunChanged, RunRow, RunsQuery, outcomes_text, run_status
from dyntui.service.contract.session import HELLO, STATUS, Hello, Nothing, Status
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.subjects import EVENTS

from .answers import Answers
from .base import Asking, FramedScreen, Page
from .bindings import bindings
from .hang_up import terminal_may_go
from .perform import perform
from .remembered import Memory
from .sections import MODES
from .service import Connect, Events, Service
from .shell import LOW, SECTIONS, WIDE
from .theme import OWN, first_theme, next_theme
from .typing_ahead import TypingAhead
from .waiting import PATIENCE, SILENCE, Waiting
from .widgets.cells import single_line
from .wording import hour, number
from .working import start

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
R = TypeVar("R")

log = logging.getLogger("dyntui.console")

# Seconds before each attempt to reach a lost service again; the last one repeats.
RETRY_AFTER = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

# Beside this package in the source tree and in an installed one alike.
_STYLES = Path(__file__).parent.parent / "styles"
_CSS: list[str | PurePath] = [_STYLES / name for name in ("theme.tcss", "shell.tcss", "widgets.tcss", "dialogs.tcss")]
_WIDTHS = [(0, "-narrow"), (WIDE, "-wide")]
_HEIGHTS = [(0, "-low"), (LOW, "-middling"), (34, "-tall")]


class Console(TypingAhead, inherit_bindings=False):
    """The app: holds the connection, who is there, and the runs under way; screens ask through it."""

    TITLE = "dyntui"
    CSS_PATH = _CSS
    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_EVERYWHERE,)
    BINDINGS = bindings(ON_EVERYWHERE)
    ENABLE_COMMAND_PALETTE = False
    MODES = MODES
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    @dataclass
    class _Event(Message):
        name: str
        value: msgspec.Struct

    @dataclass
    class _Lost(Message):
        service: Service

    @dataclass
    class _Attached(Message):
        service: Service
        hello: Hello

    @dataclass
    class _NotAttached(Message):
        error: DyntuiError

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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        # Asked for no colour at all: the terminal's own are left alone, instead of being turned into black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.memory = memory or Memory()
        self.memory.read()
        self._connect = connect
        self._retry_after = tuple(retry_after)
        self._attempt = 0
        self._service: Service | None = None
        self._subscriptions: list[Events[msgspec.Struct]] = []
        self._runs: dict[str, RunRow] = {}
        self.first_steps = first_steps
        self._farewell = farewell
        self.hello: Hello | None = None
        self._clock = clock
        self.answers = Answers()
        self.waiting = Waiting(self._ask_status, self.now, self._frames_anew, patience=patience, silence=silence)
        self._lost_since = ""
        self._why_lost: DyntuiError | None = None
        self.entered = False
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
        from .start import StartScreen

        self.app_resume_signal.subscribe(self, self._draw_anew)
        self.push_screen(StartScreen())
        self.attach()

    def _draw_anew(self, _: App[object]) -> None:
        """Back from the shell: the terminal has forgotten everything."""
        self.screen.refresh(layout=True)

    def _end_by_signal(self, number_: int) -> None:
        self.exit(return_code=128 + number_)

    async def on_unmount(self) -> None:
        """Lets the service know that nobody listens any more."""
        self.waiting.stop()
        if self._service is not None:
            await self._service.close()

    # The connection

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks the service. Raises DyntuiError."""
        if self._service is None:
            raise _gone()
        return await self.waiting.over(self._service.call(method, request))

    async def _ask_status(self) -> Status:
        if self._service is None:
            raise _gone()
        return await self._service.call(STATUS, Nothing())

    def now(self) -> str:
        """The time, ISO 8601 UTC."""
        return self._clock().isoformat()

    def attach(self, wait: float = 0.0) -> None:
        """Reaches for the service, after `wait` seconds."""
        start(self, "attach", self._reach, wait, exclusive=True)

    async def _reach(self, wait: float) -> None:
        if wait:
            await asyncio.sleep(wait)
        try:
            service = await self._connect()
            hello = await service.call(HELLO, Nothing())
        except DyntuiError as error:
            self.post_message(self._NotAttached(error))
        else:
            self.post_message(self._Attached(service, hello))

    async def _listen(self, name: str, events: Events[msgspec.Struct]) -> None:
        async for value in events:
            self.post_message(self._Event(name, value))

    async def _wait_for_end(self, service: Service) -> None:
        await service.closed()
        self.post_message(self._Lost(service))

    @on(_Attached)
    def _attached(self, message: _Attached) -> None:
        again = self._service is None and self._attempt > 0
        self._service = message.service
        self._attempt = 0
        self._lost_since = ""
        self._why_lost = None
        events = [(event.name, event.value) for event in EVENTS.values()]
        self._subscriptions = [message.service.subscribe(name, kind) for name, kind in events]
        for (name, _), subscription in zip(events, self._subscriptions, strict=True):
            start(self, "events", self._listen, name, subscription)
        start(self, "events", self._wait_for_end, message.service)
        if again and self.entered:
            self.notify("The service answers again.", markup=False)
        before = self.entered
        self.admit(message.hello)
        if before and self.entered:
            self._refetch_all()

    @on(_NotAttached)
    def _not_attached(self, message: _NotAttached) -> None:
        if not self.entered:
            from .start import StartScreen

            for screen in self.screen_stack:
                if isinstance(screen, StartScreen):
                    screen.show_failure(message.error)
            return
        self._why_lost = message.error
        self._try_again_later()

    @on(_Lost)
    def _lost(self, message: _Lost) -> None:
        if message.service is not self._service:
            return
        self._service = None
        self._subscriptions.clear()
        self._try_again_later()

    def _try_again_later(self) -> None:
        wait = self._retry_after[min(self._attempt, len(self._retry_after) - 1)]
        self._attempt += 1
        self._lost_since = self._lost_since or self.now()
        self._frames_anew()
        self.attach(wait)

    @property
    def banner(self) -> str:
        """What stands over every page while there is no service, or none that says anything; else `""`."""
        if self._lost_since:
            why = self._why_lost
            said = f" {why.code}: {single_line(why.message)} {single_line(why.remedy)}" if why is not None else ""
            return (
                f"The service went away at {hour(self._lost_since)}: what you see is as of then; runs go on without "
                f"the console.{said} Attempt {self._attempt} to reach it…"
            )
        if self.waiting.silent_since:
            process = f" (process {self.waiting.process})" if self.waiting.process else ""
            return (
                f"The service{process} has said nothing since {hour(self.waiting.silent_since)}: it is stopped, or the "
                "machine is too busy. What you see is as of then; `dyntui status` in another terminal tells what to do."
            )
        return ""

    # Who is there

    def admit(self, hello: Hello) -> None:
        """Goes where the person may go: home, or to sign in, or to what has to be set up first."""
        self.hello = hello
        if not hello.configured:
            from .not_configured import NotConfigured

            self._stand_before(NotConfigured())
        elif not hello.user:
            from .sign_in import SignIn

            self._stand_before(SignIn())
        elif not self.entered:
            self.entered = True
            self.switch_mode("home")
            self._read_active_runs()

    def _stand_before(self, screen: Screen[None]) -> None:
        self.entered = False
        self.answers.forget()
        if self.current_mode in self.MODES:
            self.switch_mode("_default")
        self.switch_screen(screen) if len(self.screen_stack) > 1 else self.push_screen(screen)

    def who(self) -> tuple[str, ...]:
        """Who is signed in, for the right end of the top bar: longest first."""
        if self.hello is None:
            return ("dyntui",)
        user, organisation = single_line(self.hello.user), single_line(self.hello.organisation)
        return (f"{user} · {organisation}", user, "dyntui")

    @property
    def section(self) -> str:
        """The section one is in."""
        return self.current_mode if self.current_mode in self.MODES else ""

    def situation(self) -> Situation:
        """The person's abilities and whether the service is there."""
        abilities = frozenset(self.hello.abilities) if self.hello else frozenset()
        connected = self._service is not None and not self.waiting.silent_since
        known = self.hello is None or self.hello.roles_known
        return Situation(abilities=abilities, connected=connected, roles_known=known, entered=self.entered)

    def ask_for_roles(self) -> None:
        """Asks again who is there, where Dynamics did not tell their roles before."""
        if self.hello is not None and not self.hello.roles_known:
            start(self, "who", self._ask_who, exclusive=True)

    async def _ask_who(self) -> None:
        # What keeps it from being told is said by whatever else is asked.
        with contextlib.suppress(DyntuiError):
            self.hello = await self.call(HELLO, Nothing())
            self._frames_anew()

    # Events of the service

    @property
    def active_runs(self) -> list[RunRow]:
        """The runs under way, oldest first."""
        return list(self._runs.values())

    def active_run(self, id: str) -> RunRow | None:
        """A run under way by its id."""
        return self._runs.get(id)

    def _read_active_runs(self) -> None:
        async def read() -> None:
            for status in (RunStatus.IN_PROCESS, RunStatus.QUEUED):
                # A lost service is said so by the banner, and the list is read again when it is back.
                with contextlib.suppress(DyntuiError):
                    page = await self.call(RUNS_PAGE, RunsQuery(status=status.value, limit=20))
                    for run in reversed(page.rows):
                        self.post_message(self._Event("run.changed", RunChanged(run=run)))

        start(self, "active-runs", read)

    @on(_Event)
    def _hear(self, message: _Event) -> None:
        if message.name == "events.lost":
            self._refetch_all()
            return
        if isinstance(message.value, RunChanged):
            self._run_changed(message.value.run)
        for screen in self._screens():
            screen.hear(message.name, message.value)

    def _run_changed(self, run: RunRow) -> None:
        known = self._runs.pop(run.id, None)
        if not run.status.ended:
            self._runs[run.id] = run
        elif known is not None and not (isinstance(self.screen, Asking) and self.screen.shows_run(run.id)):
            severity = "information" if run.status is RunStatus.COMPLETED else "warning"
            self.notify(
                outcome_text(run),
                title=single_line(run.title),
                severity="error" if run.status is RunStatus.FAILED else severity,  # type: ignore[arg-type]
                markup=False,
            )

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
        self._runs.clear()
        self._read_active_runs()
        self._frames_anew()
        for screen in self._screens():
            if isinstance(screen, FramedScreen):
                screen.grow_stale()

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
        lines = "\n".join(single_line(line) for line in message.split("\n"))
        super().notify(lines, title=single_line(title), severity=severity, timeout=timeout, markup=False)

    def show_error(self, *errors: DyntuiError) -> None:
        """What went wrong, in one panel for all: another error waits in it, and the same one is said once."""
        from .error_panel import ErrorPanel

        panel = next((screen for screen in self.screen_stack if isinstance(screen, ErrorPanel)), None)
        if panel is None:
            self.push_screen(ErrorPanel(errors))
        else:
            panel.add(errors)

    # Going about

    def open_page(self, kind: type[Page[R]], about: R) -> None:
        """Opens the page of a thing: the page of its kind in this section, made on first use and kept."""
        name = f"{self.current_mode}.{kind.__name__}"
        if self.is_screen_installed(name):
            page = self.get_screen(name)
        else:
            page = kind()
            self.install_screen(page, name)
        assert isinstance(page, kind)
        page.aim(about)
        if page in self.screen_stack:
            while self.screen is not page:
                self.pop_screen()
        else:
            self.push_screen(page)

    def go(self, section: str) -> None:
        """Goes to a section; going to where one is leads to its top."""
        if section == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self.switch_mode(section)

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self.screen, action_id)

    def do_go_home(self) -> None:
        """To Home."""
        self.go("home")

    def do_go_lists(self) -> None:
        """To the marketing lists."""
        self.go("lists")

    def do_go_campaigns(self) -> None:
        """To the email campaigns."""
        self.go("campaigns")

    def do_go_audit(self) -> None:
        """To the history of runs."""
        self.go("audit")

    def do_go_suppressions(self) -> None:
        """To the suppressions."""
        self.go("suppressions")

    def do_app_palette(self) -> None:
        """Every command by name."""
        from .palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def do_app_help(self) -> None:
        """The keys that work here."""
        from .help import HelpScreen
        from .perform import scopes_in_focus

        self.push_screen(HelpScreen(scopes_in_focus(self.screen)))

    def do_app_theme(self) -> None:
        """The next theme."""
        self.theme = next_theme(self.theme)
        self.memory.keep_theme(self.theme)
        self.notify(self.theme, title="Theme", markup=False)

    def do_app_suspend(self) -> None:
        """The terminal goes back to the shell until the console is called again."""
        self.action_suspend_process()

    def do_app_screenshot(self) -> None:
        """Saves the screen as an SVG file where the console was started."""
        try:
            path = self.save_screenshot(path=os.curdir)
        except OSError as error:
            self.notify(f"{error.strerror}: {error.filename}", title="Not saved", severity="error", markup=False)
        else:
            self.notify(path, title="Screenshot saved", markup=False)

    def do_app_quit_at_top(self) -> None:
        """The same, where the way out cannot be meant."""
        self.do_app_quit()

    def do_app_quit(self) -> None:
        """Asks, then ends the console."""
        from .dialogs import Confirm

        running = len(self._runs)
        text = "Nothing is running."
        if running:
            text = f"{number(running)} run{'' if running == 1 else 's'} under way; the service finishes without you."

        def answered(yes: bool | None) -> None:
            if yes:
                self.exit()

        lines = [text, self._farewell] if self._farewell else [text]
        self.push_screen(Confirm("Quit dyntui?", lines, yes="Quit", no="Stay"), answered)

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


def _gone() -> DyntuiError:
    return DyntuiError(
        "SERVICE_GONE",
        "The service does not answer just now.",
        not_done="Nothing was asked.",
        remedy="The console keeps trying to reach it; runs go on in the service meanwhile.",
        exit=Exit.UNREACHABLE,
    )


def outcome_text(run: RunRow) -> str:
    """What became of a run, in one line."""
    return ": ".join(part for part in (run_status(run.status, run.tally), outcomes_text(run) or run.error) if part)


def run(
    client_factory: Connect,
    *,
    first_steps: bool = False,
    farewell: str = "",
    mouse: bool = True,
    memory: Path | None = None,
) -> int:
    """Runs the console on the terminal until the person quits; the exit code of the process: 128 + n after signal n.
    `farewell`: what whoever quits should know besides; `memory`: the file in which the console remembers its looks."""
    console = Console(client_factory, first_steps=first_steps, farewell=farewell, memory=Memory(memory))
    with terminal_may_go():
        console.run(mouse=mouse)
    return console.return_code or 0


__all__ = ["SECTIONS", "Console", "run"]
