"""Before setup: nothing is connected yet. The same questions as `dyntui setup`, the plan, and its steps as they go."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.session import HELLO, STATUS, Hello, Nothing, Status
from dyntui.service.contract.setup import ON_SETUP, SETUP_APPLY, SETUP_PLAN, SETUP_STEP, SetupReport, SetupStep
from dyntui.service.contract.situations import Situation
from dyntui.service.finding_environments import Environment
from dyntui.service.setup_conversation import Conversation
from dyntui.service.setup_environment import said_by
from dyntui.service.setup_questions import (
    about,
    no_place_for_secrets,
    where_the_service_signs_in,
    without_a_keyring,
)

from .base import Asking
from .bindings import bindings
from .clipboard import copy
from .setup_by_code import AS_WHOM, ENVIRONMENTS, ask_as_whom, ask_for_environments
from .shell import KeyHints
from .widgets.bars import BarList, BarRow, block_bar
from .widgets.cells import single_line
from .widgets.facts import Fact, Facts
from .widgets.field import Field
from .wording import number, share

_INTRODUCTION, _ASKING, _FINDING, _SIGNING_IN, _CHECKING, _PLAN, _INSTALLING, _REFUSED = range(8)
_BAR = 40
_DONE, _MISSING = "done", "missing"


class NotConfigured(Asking[None]):
    """Leads from nothing to an installation. Esc goes one question back, and what was answered stays."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SETUP,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SETUP)
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._phase = _INTRODUCTION
        self._talk: Conversation | None = None
        self._plan: SetupReport | None = None
        self._error: DyntuiError | None = None
        self._steps = 0
        self._title = Static("", classes="gate-title", id="setup-title", markup=False)
        self._text = Static("", id="setup-text", markup=False)
        self._code = Static("", classes="gate-code", id="setup-command", markup=False)
        self._choices = BarList(id="setup-choices", shares=False, enter="Take")
        self._field = Field(id="setup-field", compact=True, select_on_focus=False)
        self._field.cursor_blink = False
        self._facts = Facts(wraps=True, id="setup-facts")
        self._list = Static("", id="setup-steps-text", markup=False)
        self._scroll = VerticalScroll(self._list, id="setup-steps", can_focus=True)
        self._note = Static("", classes="label", id="setup-note", markup=False)

    def compose(self) -> ComposeResult:
        """What to do, in a box."""
        with Vertical(id="gate"):
            yield self._title
            yield self._text
            yield self._code
            yield self._choices
            yield self._field
            yield self._facts
            yield self._scroll
            yield self._note
        yield KeyHints(id="key-hints")

    def on_mount(self) -> None:
        """Begins with the introduction."""
        self._introduce()

    def _command(self) -> str:
        hello = self.console.hello
        profile = single_line(hello.profile) if hello else ""
        return "dyntui setup" if profile in ("", "default") else f"dyntui --profile {profile} setup"

    # Who may do what here

    def situation(self) -> Situation:
        """There is something to go back to, once it has begun."""
        return msgspec.structs.replace(super().situation(), depth=0 if self._phase == _INTRODUCTION else 1)

    def hint_of(self, action_id: str) -> str | None:
        """What Enter does, by how far it is."""
        if action_id == "setup.go":
            words = {_INTRODUCTION: "Set up", _PLAN: "Install", _REFUSED: "Try again"}
            return words.get(self._phase, "")
        if action_id == "setup.copy":
            return "Copy the command" if self._phase == _INTRODUCTION else ""
        return None

    def _show(self, phase: int, title: str, text: str = "", note: str = "", *, code: str = "") -> None:
        self._phase = phase
        for widget, what in ((self._title, title), (self._text, text), (self._code, code), (self._note, note)):
            widget.update(what)
            widget.display = bool(what)
        for each in (self._choices, self._field, self._facts, self._scroll):
            each.display = False

    def _shown(self) -> None:
        self.query_one(KeyHints).refresh_hints()

    # The introduction

    def _introduce(self) -> None:
        goes_on = self._talk is not None
        self._show(
            _INTRODUCTION,
            "Nothing is connected yet",
            "dyntui stands between Dynamics 365 and dotdigital. Enter connects the two: some questions, then a plan of "
            "what is going to be installed, and nothing before you have seen it. It can be left at any moment"
            f"{'; your answers are kept.' if goes_on else '.'}\n\nThe same as a command:",
            "r  look again when that is done\nTo look around first, on a simulated company: dyntui demo",
            code=self._command(),
        )
        lines = _of_the_environment()
        if lines:
            self._tell(["The environment says already, and it is not asked:", *lines])
        else:
            self.set_focus(None)
        self._shown()

    def _tell(self, lines: Sequence[str]) -> None:
        """Lines that scroll where they are many."""
        self._list.update("\n".join(map(single_line, lines)))
        self._scroll.display = True
        self._scroll.scroll_home(animate=False)
        self.set_focus(self._scroll)

    def do_setup_copy(self) -> None:
        """Copies the command."""
        if self._phase == _INTRODUCTION:
            copy(self.app, [self._command()], "The command")

    def do_app_refresh(self) -> None:
        """Looks whether it has been set up meanwhile."""
        self.ask(HELLO, Nothing(), self._look)

    def _look(self, hello: Hello) -> None:
        # As long as it has not, what was answered here stays.
        if hello.configured:
            self.console.admit(hello)

    # The questions

    def do_setup_go(self) -> None:
        """Enter: to the questions, to the installation, or once more."""
        if self._phase == _INTRODUCTION:
            self.ask(STATUS, Nothing(), self._begin)
        elif self._phase == _PLAN:
            self._install()
        elif self._phase == _REFUSED:
            self._go_on()

    def _begin(self, status: Status) -> None:
        if no_place_for_secrets(status):
            self.show_error(without_a_keyring())
            return
        if self._talk is None:
            self._talk = Conversation(said_by(os.environ).answers, self.console.memory.beside("setup.json"))
        self._go_on()

    def _go_on(self) -> None:
        """To the next question; to the plan where nothing is left to ask."""
        talk = self._talk
        if talk is None:
            self._introduce()
            return
        if talk.finds:
            self._find(talk)
            return
        if talk.signs_in:
            self._sign_in(talk)
            return
        question = talk.question
        if question is None:
            self._check()
            return
        here, of = talk.place
        usual = "" if question.hidden else question.usual
        keeps = "Enter keeps the one given before." if talk.given_before and question.hidden else ""
        self._show(_ASKING, f"Setup: question {here} of {of}", "\n".join(filter(None, (question.hint, question.text))))
        if question.choices:
            self._choices.show_rows([BarRow(each, each, None, "", "", "") for each in question.choices])
            self._choices.display = True
            self._choices.choose(usual)
            self.set_focus(self._choices)
        else:
            self._field.password = question.hidden
            self._field.value = usual
            self._field.display = True
            self._field.cursor_position = len(usual)
            self.set_focus(self._field)
        self._note.update(keeps)
        self._note.display = bool(keeps)
        self._shown()

    @on(Input.Submitted, "#setup-field")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._take(event.value)

    @on(BarList.Opened, "#setup-choices")
    def _chosen(self, event: BarList.Opened) -> None:
        event.stop()
        if self._phase == _FINDING and self._talk is not None:
            self._talk.found(event.key)
            self._go_on()
        else:
            self._take(event.key)

    def _take(self, text: str) -> None:
        talk = self._talk
        if talk is None or self._phase != _ASKING:
            return
        try:
            talk.take(text)
        except ValueError as wrong:
            self._note.update(f"! {single_line(str(wrong))}")
            self._note.display = True
        else:
            self._field.value = ""
            self._go_on()

    # What a person signs in for, with a code

    def _find(self, talk: Conversation) -> None:
        """The environments of whoever sets up."""
        self._wait_for_somebody(ENVIRONMENTS)
        ask_for_environments(self.app, talk.answers, self._take_environments)

    def _take_environments(self, found: Sequence[Environment] | DyntuiError | None) -> None:
        if found is None or isinstance(found, DyntuiError):
            self._not_signed_in(found)
            return
        self._show(_FINDING, ENVIRONMENTS, "Which one is to be connected?")
        self._choices.show_rows([BarRow(each.url, each.friendly_name, None, "", "", each.url) for each in found])
        self._choices.display = True
        self.set_focus(self._choices)
        self._shown()

    def _sign_in(self, talk: Conversation) -> None:
        """The person as whom the service acts."""
        self._wait_for_somebody(AS_WHOM)
        ask_as_whom(self.app, where_the_service_signs_in(talk.answers), self._take_sign_in, title=AS_WHOM)

    def _take_sign_in(self, kept: str | DyntuiError | None) -> None:
        if kept is None or isinstance(kept, DyntuiError):
            self._not_signed_in(kept)
        elif self._talk is not None:
            self._talk.take(kept)
            self._go_on()

    def _wait_for_somebody(self, title: str) -> None:
        self._show(_SIGNING_IN, title, "Somebody signs in with a code, in any browser.")
        self.set_focus(None)
        self._shown()

    def _not_signed_in(self, error: DyntuiError | None) -> None:
        if error is None:
            self.do_app_back()
        else:
            self._refuse(error)

    def do_app_back(self) -> None:
        """One question back; from the first one to the introduction."""
        if self._phase == _INSTALLING:
            self.notify("It goes on in the service until it is done or refused.", title="Setup", markup=False)
        elif self._phase == _REFUSED and self._talk is not None and self._error is not None:
            self._talk.correct(about(self._error))
            if self._talk.question is None:
                self._talk.back()
            self._go_on()
        elif self._phase not in (_INTRODUCTION, _INSTALLING) and self._talk is not None and self._talk.back():
            self._field.value = ""
            self._go_on()
        else:
            self._introduce()

    # The plan

    def _check(self) -> None:
        talk = self._talk
        if talk is None:
            return
        self._steps = 0
        self._show(_CHECKING, "Setup: looking at both systems", "Signing in to Dynamics and dotdigital …")
        self.set_focus(None)
        self._shown()
        try:
            request = talk.request()
        except DyntuiError as error:
            self._refuse(error)
            return
        self.ask(SETUP_PLAN, request, self._show_plan, refused=self._refuse)

    def _show_plan(self, plan: SetupReport) -> None:
        if self._phase != _CHECKING:
            return
        self._plan = plan
        missing = [each for each in plan.steps if each.state == _MISSING]
        what = "This is going to be installed in Dynamics:" if missing else "Everything is installed; it is taken over."
        self._show(_PLAN, "Setup: the plan", note="" if plan.managers else "! Nobody would hold the role of a Manager.")
        self._facts.show_facts(_facts(plan))
        self._facts.display = True
        self._tell([what, *(f"  {each.kind} {each.name}" for each in missing)])
        self._shown()

    def _install(self) -> None:
        if self._talk is None or self._plan is None:
            return
        self._steps = 0
        self._show(_INSTALLING, "Setup: installing", "It can be left: it goes on in the service.")
        self._progress("")
        self.set_focus(None)
        self._shown()
        try:
            request = self._talk.request()
        except DyntuiError as error:
            self._refuse(error)
            return
        self.ask(SETUP_APPLY, request, self._installed, refused=self._refuse)

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """A step was looked at or made."""
        if name != SETUP_STEP.name or not isinstance(value, SetupStep):
            return
        self._steps += 1
        if self._phase == _CHECKING:
            self._text.update(f"Looked at {number(self._steps)}: {value.kind} {single_line(value.name)}")
        elif self._phase == _INSTALLING:
            made = "made" if value.state == _DONE else "there already"
            self._progress(f"{value.kind} {single_line(value.name)}: {made}")

    def _progress(self, last: str) -> None:
        of = len(self._plan.steps) if self._plan is not None else 0
        done = min(self._steps, of)
        bar = f"{block_bar(done / of, _BAR)} {share(done, of)}\n" if of else ""
        self._note.update(f"{bar}{number(done)} of {number(of)} steps\n{last}")
        self._note.display = True

    def _installed(self, report: SetupReport) -> None:
        if self._talk is not None:
            self._talk.done()
        made = sum(each.state == _DONE for each in report.steps)
        self.notify(f"{report.organisation} is connected; {number(made)} things were made in Dynamics.", markup=False)
        self.ask(HELLO, Nothing(), self.console.admit)

    def _refuse(self, error: DyntuiError) -> None:
        if self._phase not in (_SIGNING_IN, _CHECKING, _INSTALLING):
            return
        self._error = error
        self._show(
            _REFUSED,
            f"Setup: {single_line(error.code)}",
            f"{single_line(error.message)}\n\nNot done: {single_line(error.not_done)}\n\n{single_line(error.remedy)}",
            "Enter tries again with the same answers, Esc corrects them.",
        )
        self.set_focus(None)
        self._shown()


def _of_the_environment() -> list[str]:
    said = said_by(os.environ)
    taken = [f"  {each.text}: {each.shown or 'a secret'}, from {each.source}" for each in said.taken]
    return [*taken, *(f"  {source} is not used: {why}" for source, why in said.left)]


def _facts(plan: SetupReport) -> list[Fact]:
    """What is connected, and how much of each kind is to be made."""
    there = sum(each.state != _MISSING for each in plan.steps)
    missing = Counter(each.kind for each in plan.steps if each.state == _MISSING)
    kinds = ", ".join(f"{kind} {number(count)}" for kind, count in missing.items())
    return [
        ("Organisation", f"{plan.organisation} ({plan.organisation_url})", "strong"),
        ("Email accounts", ", ".join(plan.accounts), ""),
        ("Manager", ", ".join(plan.managers) or "nobody yet", "" if plan.managers else "warn"),
        ("There already", number(there), ""),
        ("To be made", f"{number(missing.total())} ({kinds})" if missing else "nothing", "strong"),
    ]
