"""`dyntui held`: removals from address books that wait for a decision."""

from __future__ import annotations

from collections.abc import Sequence

import click
from msgspec.structs import replace

from dyntui.cli.confirming import confirm
from dyntui.cli.following import exit_for, print_run, told_when_left, until_ended
from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.naming import list_id, say_of_others
from dyntui.cli.output import number, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.progress import display
from dyntui.cli.service_call import ask, with_service
from dyntui.model.counted import counted, people_of
from dyntui.model.errors import Exit
from dyntui.model.outcomes import PersonOutcome
from dyntui.service.client import ServiceClient
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    HELD_PEOPLE,
    DecideHeld,
    HeldDecided,
    HeldRemovals,
    WaitingIn,
    WaitingPeople,
)
from dyntui.service.contract.runs import RunRow

_PERSON = click.option("--person", "people", multiple=True, metavar="ID", help="Only this record; may be given again.")


_UNDONE = click.option("--undone", is_flag=True, help="About changes that were undone, and would be made again.")


@click.group(cls=Group)
def command() -> None:
    """Removals from address books that wait for a decision. LIST is an id or a unique name."""


@command.command("list")
@click.pass_context
def list_(context: click.Context) -> int:
    """The marketing lists with removals that wait, and why."""
    answer = ask(choices(context), HELD_LISTS, WaitingIn())
    if choices(context).json:
        print_json(answer)
    else:
        print_table(
            ["list", "waits", "people", "in the book", "why"],
            (
                (row.name, "undone" if row.undone else "removal", number(row.people), number(row.in_book), row.why)
                for row in answer.rows
            ),
            right=["people", "in the book"],
        )
    return int(Exit.HELD if answer.rows else Exit.DONE)


COLUMNS: Columns[PersonOutcome] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("type", lambda row: row.entity),
    Column("reason", lambda row: row.reason),
    Column("detail", lambda row: row.detail),
    Column("record", lambda row: row.person, whole=True),
)


@command.command()
@click.argument("named", metavar="LIST")
@_UNDONE
@page_of(HELD_PEOPLE, COLUMNS)
async def show(client: ServiceClient, rows: Rows, named: str, undone: bool) -> WaitingPeople:
    """Whose removal from the address book of LIST waits, strangers of the book included; with --undone whose undone
    change does."""
    return WaitingPeople(list=await list_id(client, named), undone=undone, **rows)


@command.command()
@click.argument("named", metavar="LIST")
@_PERSON
@_UNDONE
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until they are out of the book.")
@click.pass_context
def approve(context: click.Context, named: str, people: tuple[str, ...], undone: bool, wait: bool) -> int:
    """Let the held removals of LIST go: a synchronisation of the list takes them out of the address book.

    With --undone: the changes that were undone are made again.
    """
    chosen = choices(context)
    if held := _waiting(chosen, named, undone):
        many = len(people) or held.people
        question = (
            f"Make the undone changes of {people_of(many)} of {held.name!r} again?"
            if undone
            else f"Take {number(many)} of {counted(held.in_book, 'contact')} out of the address book of {held.name!r}?"
        )
        confirm(chosen, question, not_done="Nothing was decided.")
    asked = DecideHeld(list=named, remove=True, people=people, undone=undone, waiting=_all(held, people))
    decided, run = _decide(chosen, asked, wait=wait)
    print_json(run) if chosen.json else print_run(run)
    say_of_others(people, decided.people)
    return exit_for(run) if run.status.ended else int(Exit.DONE)


@command.command()
@click.argument("named", metavar="LIST")
@_PERSON
@_UNDONE
@click.pass_context
def discard(context: click.Context, named: str, people: tuple[str, ...], undone: bool) -> None:
    """Keep the contacts in the address book of LIST; nothing more is asked about them.

    With --undone: everybody stays as they are since their change was undone.
    """
    chosen = choices(context)
    if held := _waiting(chosen, named, undone):
        many = len(people) or held.people
        question = (
            f"Leave {people_of(many)} of {held.name!r} as they are since their change was undone?"
            if undone
            else f"Keep {counted(many, 'contact')} in the address book of {held.name!r} "
            f"although {'it does' if many == 1 else 'they do'} not belong there?"
        )
        confirm(chosen, question, not_done="Nothing was decided.")
    asked = DecideHeld(list=named, remove=False, people=people, undone=undone, waiting=_all(held, people))
    decided, _ = _decide(chosen, asked, wait=False)
    if chosen.json:
        print_json(decided)
        return
    said = ("person stays as they are", "people stay as they are")
    if not undone:
        said = ("contact stays in the address book", "contacts stay in the address book")
    say(f"{counted(decided.people, *said)}.")
    say_of_others(people, decided.people)


def _all(held: HeldRemovals | None, people: Sequence[str]) -> int:
    """How many there were when somebody was asked about all of them."""
    return held.people if held and not people else 0


def _waiting(chosen: Choices, named: str, undone: bool) -> HeldRemovals | None:
    """What waits of the list; None where nothing does, which the service says better."""

    async def read(client: ServiceClient) -> HeldRemovals | None:
        wanted = await list_id(client, named)
        answer = await client.call(HELD_LISTS, WaitingIn())
        return next((each for each in answer.rows if (each.list, each.undone) == (wanted, undone)), None)

    return with_service(chosen, read)


def _decide(chosen: Choices, asked: DecideHeld, *, wait: bool) -> tuple[HeldDecided, RunRow]:
    """Decides; the list is named as on the command line."""

    async def decide(client: ServiceClient) -> tuple[HeldDecided, RunRow]:
        decided = await client.call(HELD_DECIDE, replace(asked, list=await list_id(client, asked.list)))
        run = decided.run
        if wait:
            under_way[:] = [run]
            run = await until_ended(client, run, display())
        return decided, run

    with told_when_left() as under_way:
        return with_service(chosen, decide)
