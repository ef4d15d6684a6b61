"""`dyntui --plain`: every main job as a dialogue of lines, for screen readers and terminals that only print.

Each job asks for what it is about, with numbered answers, and then carries out the command for it, so that what is said
and done is what the commands say and do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import click
import msgspec

from dyntui.cli.asking import Leaving, ask, choose
from dyntui.cli.lazy import NAMED_PROFILE, Choices
from dyntui.cli.output import dated, moment, number, people_of, show_error
from dyntui.cli.pages import turning_pages
from dyntui.cli.service_call import ask as ask_service
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.held import KIND_WORDS, Kind
from dyntui.model.reasons import BY_CODE
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CAMPAIGNS_PAGE, CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.held import HELD_WAITING, Decision, WaitingIn
from dyntui.service.contract.lists import LISTS_PAGE, ListRow, ListsQuery, sync_words
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.people import PEOPLE_SEARCH, KnownPerson, PeopleQuery
from dyntui.service.contract.runs import RUNS_PAGE, RunRow, RunsQuery, run_text
from dyntui.service.contract.sends import SENDS_PAGE, SendRow, SendsQuery

Q = TypeVar("Q", bound=Window)
T = TypeVar("T")
Job = Callable[[], None]
# As many as somebody listens to.
_OFFERED: Final = 15
_HEARD: Final = 50
# A campaign that is looked for by its name may be archived.
_ALL: Final = CampaignsQuery(view="all")


class Dialogue:
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

    def hold(self) -> int:
        """Asks which job, until the person leaves; the exit code."""
        jobs: list[tuple[str, Job]] = [
            ("What needs a decision, and how things stand", self._decisions),
            ("Marketing lists: look, activate, synchronise, members", self._lists),
            ("Email campaigns: targets, counts, preview, send, report", self._campaigns),
            ("Sends: follow, stop, who and why not", self._sends),
            ("A person: would they be mailed, what was seen of them", self._people),
            ("Synchronise now", self._synchronise),
            ("Audit: what has run, and what became of everybody", self._audit),
            ("Suppressions", self._suppressions),
            ("Email accounts, schedules, health", self._house),
            ("Archived email campaigns: look, take out", self._archived),
        ]
        click.echo("dyntui. Every question takes the number of an answer; Enter alone goes back.")
        try:
            while (job := choose("What do you want to do?", jobs, back="Leave")) is not None:
                self._carry_out(job)
        except (Leaving, KeyboardInterrupt):
            pass
        click.echo(self._farewell)
        return int(Exit.DONE)

    def _carry_out(self, job: Job) -> None:
        try:
            job()
        except DyntuiError as error:
            show_error(error, as_json=False)

    def _do(self, *arguments: str) -> None:
        """One command, said as it would be typed."""
        click.echo()
        self._run([*arguments, *self._always])

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

    def _again(self, question: str, jobs: Sequence[tuple[str, Job]]) -> None:
        """One job after the other about the same thing, until the person goes back."""
        while (job := choose(question, jobs)) is not None:
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
        asked = msgspec.structs.replace((among if search else None) or query, search=search, limit=_OFFERED)
        page = ask_service(self._chosen, call, asked)
        if not page.rows:
            click.echo(f"No {what} is called so.")
            return None
        more = page.more or page.matching > len(page.rows)
        question = f"Which {what}?" + (f" There are more: a longer part of the {by} finds them." if more else "")
        return choose(question, [(title(row), row) for row in page.rows])

    # -- the jobs ----------------------------------------------------------------------------------------------------

    def _decisions(self) -> None:
        self._do("status")
        self._do("sends", "list", "--view", "held")
        while rows := ask_service(self._chosen, HELD_WAITING, WaitingIn()).rows:
            one = choose("Decide about what?", [(_said_of_decision(each), each) for each in rows])
            if one is None:
                return
            self._again(f"What about {one.name}, {KIND_WORDS[one.kind]}?", self._ways_to_decide(one))
        click.echo()
        click.echo("Nothing waits for a decision.")

    def _ways_to_decide(self, waits: Decision) -> list[tuple[str, Job]]:
        about = waits.about
        if waits.removal:
            undone = ("--undone",) if waits.kind is Kind.UNDONE else ()
            return [
                ("Who it is about", lambda: self._do("held", "show", about)),
                ("Let them go", lambda: self._do("held", "approve", about, *undone)),
                ("Keep them", lambda: self._do("held", "discard", about, *undone)),
            ]
        if waits.kind is Kind.CONFLICTS:
            return [
                ("Which values", lambda: self._do("conflicts", "list", "--account", about)),
                (
                    "Agree with the winner of all of them",
                    lambda: self._do("conflicts", "settle", "--account", about, "--all"),
                ),
            ]
        if waits.kind is Kind.PLAN:
            return [
                ("What it comes to", lambda: self._do("audit", "show", about)),
                ("Everybody in it", lambda: self._pages("audit", "show", about, "--people")),
                ("Carry it out", lambda: self._do("apply", about)),
            ]
        return [
            ("Who it is about, and why", lambda: self._pages("quarantine", "list", "--list", about)),
            ("Offer them again now", lambda: self._do("quarantine", "retry", about)),
        ]

    def _lists(self) -> None:
        row = self._pick("marketing list", LISTS_PAGE, ListsQuery(view="all"), _said_of_list)
        if row is None:
            return
        self._again(
            f"What about {row.name}?",
            [
                ("How it stands, and its members by outcome", lambda: self._do("lists", "show", row.id)),
                ("Its members", lambda: self._pages("lists", "members", "list", row.id)),
                ("Who is left out for a reason", lambda: self._for_a_reason("lists", "members", "list", row.id)),
                ("Activate for email", lambda: self._do("lists", "activate", row.id)),
                ("Synchronise now", lambda: self._do("sync", "lists", "--list", row.id)),
                ("What each membership action would do", lambda: self._do("lists", "simulate", row.id)),
                ("How it has grown", lambda: self._do("lists", "growth", row.id)),
                ("Add somebody by address", lambda: self._with("Address", "lists", "members", "add", row.id)),
                ("Deactivate for email", lambda: self._do("lists", "deactivate", row.id)),
            ],
        )

    def _campaigns(self) -> None:
        row = self._pick("email campaign", CAMPAIGNS_PAGE, CampaignsQuery(), _said_of_campaign, among=_ALL)
        if row is None:
            return
        if row.archived_on:
            self._about_archived(row)
            return
        named = str(row.id)
        self._again(
            f"What about {row.name}?",
            [
                ("Look at the mail: text and links", lambda: self._do("campaigns", "preview", named)),
                ("Its target lists", lambda: self._do("campaigns", "targets", "list", named)),
                ("Add a target list", lambda: self._add_target(named)),
                ("Remove a target list", lambda: self._remove_target(row.id)),
                ("Count whom it would reach, and why not", lambda: self._do("campaigns", "count", named)),
                (
                    "Who is left out for a reason",
                    lambda: self._for_a_reason("campaigns", "count", named, "--by-person"),
                ),
                ("Test send to one address", lambda: self._with("Address", "campaigns", "test", named, option="")),
                ("Send it now", lambda: self._do("campaigns", "send", named)),
                (
                    "Send it at a time",
                    lambda: self._with("When, such as 2026-12-01 18:00", "campaigns", "send", named, option="--at"),
                ),
                (
                    "Hand it to dotdigital with a time",
                    lambda: self._with(
                        "When, such as 2026-12-01 18:00", "campaigns", "send", named, "--hand-over", option="--at"
                    ),
                ),
                (
                    "Send it as a split test",
                    lambda: self._with("Test, such as opens, 20%, 4h", "campaigns", "send", named, option="--split"),
                ),
                (
                    "Send it in waves",
                    lambda: self._with("Waves, such as 1%, 10%, rest", "campaigns", "send", named, option="--waves"),
                ),
                ("Results", lambda: self._do("campaigns", "report", named)),
                ("Read the newest results", lambda: self._do("sync", "campaigns", "--campaign", named)),
                ("Archive it", lambda: self._do("campaigns", "archive", named)),
            ],
        )

    def _archived(self) -> None:
        asked = CampaignsQuery(view="archived")
        row = self._pick("archived email campaign", CAMPAIGNS_PAGE, asked, _said_of_campaign)
        if row is not None:
            self._about_archived(row)

    def _about_archived(self, row: CampaignRow) -> None:
        named = str(row.id)
        self._again(
            f"What about {row.name}?",
            [
                ("How it stands, its sends", lambda: self._do("campaigns", "show", named)),
                ("Results", lambda: self._do("campaigns", "report", named)),
                ("Take it out of the archive", lambda: self._do("campaigns", "unarchive", named)),
            ],
        )

    def _add_target(self, campaign: str) -> None:
        row = self._pick("marketing list", LISTS_PAGE, ListsQuery(view="activated"), _said_of_list)
        if row is not None:
            self._do("campaigns", "targets", "add", campaign, row.id)

    def _remove_target(self, campaign: int) -> None:
        targets = ask_service(self._chosen, CAMPAIGN_GET, CampaignRef(campaign)).targets
        row = choose("Which one?", [(_said_of_list(each), each) for each in targets])
        if row is not None:
            self._do("campaigns", "targets", "remove", str(campaign), row.id)

    def _sends(self) -> None:
        # A wave is told with the send that it is one of.
        rows = [each for each in ask_service(self._chosen, SENDS_PAGE, SendsQuery()).rows if not each.waves_of]
        if not rows:
            click.echo("Nothing has been sent, and nothing waits.")
            return
        row = choose("Which send? The newest come first.", [(_said_of_send(each), each) for each in rows[:_OFFERED]])
        if row is None:
            return
        self._again(
            f"What about the send of {row.campaign_name}?",
            [
                ("How it stands, who, why not, and what came back", lambda: self._do("sends", "show", row.id)),
                ("Who was mailed", lambda: self._pages("sends", "people", row.id, "--mailed")),
                ("Who was left out for a reason", lambda: self._for_a_reason("sends", "people", row.id)),
                ("Stop or cancel it", lambda: self._stop(row)),
                ("Send now what missed its hour", lambda: self._do("sends", "release", row.id)),
            ],
        )

    def _stop(self, row: SendRow) -> None:
        """A number that was mistyped stops nothing."""
        question = f"Stop {row.campaign_name}? Who is not mailed yet is not mailed then."
        if choose(question, [("Yes, stop it", True)], back="No, let it go on"):
            self._do("sends", "cancel", row.id)

    def _people(self) -> None:
        row = self._pick("person", PEOPLE_SEARCH, PeopleQuery(), _said_of_person, by="name or address")
        if row is None:
            return
        named = row.person or row.address
        self._again(
            f"What about {row.name or row.address}?",
            [
                ("Would they be mailed, list by list", lambda: self._do("people", "show", named)),
                ("Why, or why not", lambda: self._do("why", row.address)),
                ("What was seen of them", lambda: self._do("people", "timeline", named)),
                ("How often, by month", lambda: self._do("people", "picture", named, "--by", "month")),
                (
                    "Export everything known of them to a file",
                    lambda: self._with("File", "people", "export", named, option="--out"),
                ),
            ],
        )

    def _synchronise(self) -> None:
        kinds = [(each.title, each.id) for each in SYNC_TYPES.values()]
        kind = choose("Synchronise what?", kinds)
        if kind is not None:
            self._do("sync", kind)

    def _audit(self) -> None:
        page = ask_service(self._chosen, RUNS_PAGE, RunsQuery(limit=_OFFERED))
        options = [(_said_of_run(each), each) for each in page.rows]
        row = choose("Which run? The newest come first.", options) if options else None
        if row is None:
            text = ask("Or look for a person in all runs: name or address")
            if text:
                self._do("audit", "search", text)
            return
        self._again(
            f"What about {row.title}?",
            [
                ("What it did", lambda: self._do("audit", "show", row.id)),
                ("Everybody in it", lambda: self._pages("audit", "show", row.id, "--people")),
                ("What undoing it would do", lambda: self._do("undo", row.id, "--plan")),
                ("Undo it, after its plan", lambda: self._do("undo", row.id)),
            ],
        )

    def _suppressions(self) -> None:
        search = ask("A part of the address, or Enter for the newest")
        self._pages("suppressions", "list", *(("--search", search) if search else ()))

    def _house(self) -> None:
        self._again(
            "What of it?",
            [
                ("Email accounts", lambda: self._do("accounts", "list")),
                ("When what runs by itself", lambda: self._do("schedules", "list")),
                ("What is wrong, and how it is mended", lambda: self._do("doctor")),
            ],
        )

    def _with(self, question: str, *arguments: str, option: str = "--address") -> None:
        """A command with something that is typed; nothing is done where nothing is typed."""
        typed = ask(question)
        if typed:
            self._do(*arguments, *([option] if option else []), typed)

    def _for_a_reason(self, *arguments: str) -> None:
        """The people with one reason, by its code or by a part of its title."""
        typed = ask("The reason, such as SUPPRESSED, or a part of its title")
        wanted = [
            each for each in BY_CODE.values() if typed and typed.casefold() in f"{each.code} {each.title}".casefold()
        ]
        exact = [each for each in wanted if each.code == typed.upper()]
        if not wanted:
            click.echo("No reason is called so.")
            return
        named = [(f"{each.title}, {each.code}", each.code) for each in exact or wanted]
        code = named[0][1] if len(named) == 1 else choose("Which reason?", named)
        if code is not None:
            self._pages(*arguments, "--reason", code)


def _said_of_decision(row: Decision) -> str:
    return f"{row.name}: {KIND_WORDS[row.kind]}, {people_of(row.people)}, {dated(row.why)}"


def _said_of_list(row: ListRow) -> str:
    members = f"{number(row.members)} members" if row.members is not None else "members not counted"
    return f"{row.name}, {row.member_type}, {members}, {_standing_of(row)}"


def _standing_of(row: ListRow) -> str:
    return sync_words(row) or ("not synchronised yet" if row.activated else "not activated")


def _said_of_campaign(row: CampaignRow) -> str:
    archived = ", archived" if row.archived_on else ""
    return f"{row.name}, {row.status}{archived}" + (f", sent to {number(row.sent)}" if row.sent else "")


def _said_of_send(row: SendRow) -> str:
    mailed = f"{number(row.people_mailed)} of " if row.people_mailed is not None else ""
    return f"{row.campaign_name}, {row.standing}, {mailed}{people_of(row.meant)}, {moment(row.created_on)}"


def _said_of_run(row: RunRow) -> str:
    return f"{row.title}, {run_text(row)}, {moment(row.queued_on)}"


def _said_of_person(row: KnownPerson) -> str:
    return ", ".join(filter(None, (row.name, row.address, row.entity or "address alone")))
