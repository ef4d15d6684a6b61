"""`dyntui --plain`: every main job as a dialogue of lines, for screen readers and terminals that only print.

Each job asks for what it is about, with numbered answers, and then carries out the command for it, so that what is said
and done is what the commands say and do.
"""

from __future__ import annotations

from functools import partial

import click

from dyntui.cli.asking import Leaving, ask, choose
from dyntui.cli.plain_campaigns import AboutCampaigns
from dyntui.cli.plain_talk import OFFERED, Job, Offers
from dyntui.cli.plain_words import (
    said_of_decision,
    said_of_list,
    said_of_person,
    said_of_run,
    said_of_send,
)
from dyntui.cli.service_call import ask as ask_service
from dyntui.model.errors import Exit
from dyntui.model.held import KIND_WORDS, Kind
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.held import HELD_WAITING, Decision, WaitingIn
from dyntui.service.contract.lists import (
    LIST_GET,
    LISTS_PAGE,
    ListRef,
    ListsQuery,
    can_be_activated,
    can_be_synchronised,
)
from dyntui.service.contract.people import PEOPLE_SEARCH, PeopleQuery
from dyntui.service.contract.runs import RUNS_PAGE, RunsQuery
from dyntui.service.contract.sends import (
    SEND_GET,
    SENDS_PAGE,
    SendRef,
    SendRow,
    SendsQuery,
    can_be_cancelled,
    has_missed,
)
from dyntui.service.contract.situations import Situation


class Dialogue(AboutCampaigns):
    """The dialogue with one person."""

    def hold(self) -> int:
        """Asks which job, until the person leaves; the exit code."""
        jobs: Offers = [
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

    # -- the jobs ----------------------------------------------------------------------------------------------------

    def _decisions(self) -> None:
        self._do("status")
        self._do("sends", "list", "--view", "held")
        while rows := ask_service(self._chosen, HELD_WAITING, WaitingIn()).rows:
            one = choose("Decide about what?", [(said_of_decision(each), each) for each in rows])
            if one is None:
                return
            self._again(f"What about {one.name}, {KIND_WORDS[one.kind]}?", partial(self._ways_to_decide, one))
        click.echo()
        click.echo("Nothing waits for a decision.")

    def _ways_to_decide(self, waits: Decision) -> Offers:
        """None where nothing of it waits any more."""
        about = waits.about
        if (about, waits.kind) not in {
            (each.about, each.kind) for each in ask_service(self._chosen, HELD_WAITING, WaitingIn()).rows
        }:
            return []
        if waits.removal:
            undone = ("--undone",) if waits.kind is Kind.UNDONE else ()
            return [
                ("Who it is about", lambda: self._pages("held", "show", about, *undone)),
                ("Let them go", lambda: self._do("held", "approve", about, *undone)),
                ("Keep them", lambda: self._do("held", "discard", about, *undone)),
            ]
        if waits.kind is Kind.CONFLICTS:
            return [
                ("Which values", lambda: self._pages("conflicts", "list", "--account", about)),
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
        row = self._pick("marketing list", LISTS_PAGE, ListsQuery(view="all"), said_of_list)
        if row is not None:
            self._again(f"What about {row.name}?", partial(self._ways_with_list, row.id))

    def _ways_with_list(self, id: str) -> Offers:
        row = ask_service(self._chosen, LIST_GET, ListRef(id)).row
        offered: list[tuple[str, Job]] = [
            ("How it stands, and its members by outcome", lambda: self._do("lists", "show", id)),
            ("Its members", lambda: self._pages("lists", "members", "list", id)),
            ("Who is left out for a reason", lambda: self._for_a_reason("lists", "members", "list", id)),
        ]
        if can_be_activated(row):
            offered.append(("Activate for email", lambda: self._do("lists", "activate", id)))
        if can_be_synchronised(row):
            offered.append(("Synchronise now", lambda: self._do("sync", "lists", "--list", id)))
        if row.activated:
            offered.append(("What each membership action would do", lambda: self._do("lists", "simulate", id)))
        offered += [
            ("How it has grown", lambda: self._do("lists", "growth", id)),
            ("Add somebody by address", lambda: self._with("Address", "lists", "members", "add", id)),
        ]
        if row.activated:
            offered.append(("Deactivate for email", lambda: self._do("lists", "deactivate", id)))
        return offered

    def _sends(self) -> None:
        row = self._newest(
            "send",
            SENDS_PAGE,
            SendsQuery(),
            said_of_send,
            by="campaign's name",
            none="Nothing has been sent, and nothing waits.",
            # A wave is told with the send that it is one of.
            shown=lambda each: not each.waves_of,
        )
        if row is None:
            return
        self._again(f"What about the send of {row.campaign_name}?", partial(self._ways_with_send, row.id))

    def _ways_with_send(self, id: str) -> Offers:
        row = ask_service(self._chosen, SEND_GET, SendRef(id))
        standing = Situation().holding(row)
        offered: list[tuple[str, Job]] = [
            ("How it stands, who, why not, and what came back", lambda: self._do("sends", "show", id)),
            ("Who was mailed", lambda: self._pages("sends", "people", id, "--mailed")),
            ("Who was left out for a reason", lambda: self._for_a_reason("sends", "people", id)),
        ]
        if can_be_cancelled(standing):
            offered.append(("Stop or cancel it", lambda: self._stop(row)))
        if has_missed(standing):
            offered.append(("Send now what missed its hour", lambda: self._do("sends", "release", id)))
        return offered

    def _stop(self, row: SendRow) -> None:
        """A number that was mistyped stops nothing."""
        question = f"Stop {row.campaign_name}? Who is not mailed yet is not mailed then."
        if choose(question, [("Yes, stop it", True)], back="No, let it go on"):
            self._do("sends", "cancel", row.id)

    def _people(self) -> None:
        row = self._pick("person", PEOPLE_SEARCH, PeopleQuery(), said_of_person, by="name or address")
        if row is None:
            return
        named = row.person or row.address
        # Whoever has no address is asked about by their record alone, and an address without a record is on no list.
        on_lists: Offers = (
            [("Would they be mailed, list by list", lambda: self._do("people", "show", "--", named))]
            if row.person
            else []
        )
        why: Offers = [("Why, or why not", lambda: self._do("why", "--", row.address))] if row.address else []
        self._again(
            f"What about {row.name or row.address}?",
            lambda: [
                *on_lists,
                *why,
                ("What was seen of them", lambda: self._do("people", "timeline", "--", named)),
                ("How often, by month", lambda: self._do("people", "picture", "--by", "month", "--", named)),
                (
                    "Export everything known of them to a file",
                    lambda: self._with("File", "people", "export", option="--out", about=named),
                ),
            ],
        )

    def _synchronise(self) -> None:
        kinds = [(each.title, each.id) for each in SYNC_TYPES.values()]
        kind = choose("Synchronise what?", kinds)
        if kind is not None:
            self._do("sync", kind)

    def _audit(self) -> None:
        row = self._newest("run", RUNS_PAGE, RunsQuery(limit=OFFERED), said_of_run, by="title, or who started it")
        if row is None:
            text = ask("Or look for a person in all runs: name or address")
            if text:
                self._do("audit", "search", "--", text)
            return
        self._again(
            f"What about {row.title}?",
            lambda: [
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
            lambda: [
                ("Email accounts", lambda: self._do("accounts", "list")),
                ("When what runs by itself", lambda: self._do("schedules", "list")),
                ("What is wrong, and how it is mended", lambda: self._do("doctor")),
            ],
        )
