"""How `--plain` talks with a person, whatever about: a row is picked, a command carried out, a menu offered again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import click
import msgspec

from dyntui.cli.asking import ask, choose
from dyntui.cli.lazy import NAMED_PROFILE, Choices
from dyntui.cli.output import number, show_error
from dyntui.cli.pages import turning_pages
from dyntui.cli.service_call import ask as ask_service
from dyntui.model.errors import DyntuiError
from dyntui.model.reasons import BY_CODE
from dyntui.service.contract.calls import Call
from dyntui.service.contract.paging import Page, Window

Q = TypeVar("Q", bound=Window)
T = TypeVar("T")
Job = Callable[[], None]
# What can be done with something: the titles, and the jobs.
Offers = Sequence[tuple[str, Job]]
# As many as somebody listens to.
OFFERED: Final = 15
_HEARD: Final = 50


class Talk:
    """The dialogue with one person. `run` carries out a command line and gives its exit code; `farewell` is said at
    the end."""

    def __init__(
        self,
        chosen: Choices,
        run: Callable[[Sequence[str]], int],
        farewell: str = "Goodbye. What the service does goes on.",
    ) -> None:
        self._chosen = chosen
        self._farewell = farewell
        self._run = run
        named = NAMED_PROFILE.get()
        self._always = ["--plain", *(["--profile", named] if named else [])]
        self._always += ["--account", chosen.account] if chosen.account else []

    def _carry_out(self, job: Job) -> None:
        try:
            job()
        except DyntuiError as error:
            show_error(error, as_json=False)

    def _do(self, *arguments: str) -> None:
        """One command, said as it would be typed. What somebody has typed, or a system calls something, stands after
        `--`: it may begin like an option."""
        click.echo()
        self._run([*self._always, *arguments])

    def _pages(self, *arguments: str) -> None:
        """A listing, as many rows at a time as somebody listens to, until the person has heard enough."""
        shown = 0
        while True:
            with turning_pages() as turned:
                self._do(*arguments, "--limit", str(_HEARD), "--offset", str(shown))
            shown += _HEARD
            if not turned.left:
                return
            following = "The last one" if turned.left == 1 else f"The next {min(turned.left, _HEARD)}"
            if choose(f"{number(turned.left)} more", [(following, True)]) is None:
                return

    def _again(self, question: str, jobs: Callable[[], Offers]) -> None:
        """One job after the other about the same thing, of those that can be done as it stands by then, until the
        person goes back or nothing is left to do."""
        while offered := jobs():
            job = choose(question, offered)
            if job is None:
                return
            self._carry_out(job)

    def _pick(
        self,
        what: str,
        call: Call[Q, Page[T]],
        query: Q,
        title: Callable[[T], str],
        by: str = "name",
        among: Q | None = None,
    ) -> T | None:
        """One row of a listing, by a part of its name, which is looked for `among` more rows where there are. Raises
        Leaving."""
        search = ask(f"A part of the {by} of the {what}, or Enter for the first ones")
        asked = msgspec.structs.replace((among if search else None) or query, search=search, limit=OFFERED)
        page = ask_service(self._chosen, call, asked)
        if not page.rows:
            click.echo(f"No {what} is called so." if search else f"There is no {what}.")
            return None
        more = page.more or page.matching > len(page.rows)
        question = f"Which {what}?" + (f" There are more: a longer part of the {by} finds them." if more else "")
        return choose(question, [(title(row), row) for row in page.rows])

    def _newest(
        self,
        what: str,
        call: Call[Q, Page[T]],
        query: Q,
        title: Callable[[T], str],
        *,
        by: str,
        none: str = "",
        shown: Callable[[T], bool] = lambda _: True,
    ) -> T | None:
        """One row of a listing of which mostly the newest are meant, others by a part of the `by`; only those that are
        `shown`. `none`: what is said where there is none. Raises Leaving."""
        search = ""
        while True:
            page = ask_service(self._chosen, call, msgspec.structs.replace(query, search=search))
            rows = [row for row in page.rows if shown(row)]
            if not rows:
                said = f"No {what} is called so." if search else none
                if said:
                    click.echo(said)
                return None
            options: list[tuple[str, tuple[T, ...]]] = [(title(row), (row,)) for row in rows[:OFFERED]]
            if len(rows) > OFFERED or page.matching > len(page.rows):
                options.append((f"Another one, by a part of the {by}", ()))
            chosen = choose(f"Which {what}? The newest come first.", options)
            if chosen is None or chosen:
                return chosen[0] if chosen else None
            search = ask(f"A part of the {by}")
            if not search:
                return None

    def _with(self, question: str, *arguments: str, option: str = "--address", about: str = "") -> None:
        """A command with something that is typed, `about` somebody who is named after all options; nothing is done
        where nothing is typed."""
        typed = ask(question)
        if not typed:
            return
        named = ["--", *filter(None, (about, "" if option else typed))]
        self._do(*arguments, *([option, typed] if option else []), *(named if len(named) > 1 else []))

    def _for_a_reason(self, *arguments: str) -> None:
        """The people with one reason, by its code or by a part of its title."""
        typed = ask("The reason, such as SUPPRESSED, or a part of its title")
        if not typed:
            return
        wanted = [each for each in BY_CODE.values() if typed.casefold() in f"{each.code} {each.title}".casefold()]
        exact = [each for each in wanted if each.code == typed.upper()]
        if not wanted:
            click.echo("No reason is called so.")
            return
        named = [(f"{each.title}, {each.code}", each.code) for each in exact or wanted]
        code = named[0][1] if len(named) == 1 else choose("Which reason?", named)
        if code is not None:
            self._pages(*arguments, "--reason", code)
