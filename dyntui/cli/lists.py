"""`dyntui lists`: marketing lists."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.following import print_tally
from dyntui.cli.lazy import Group, choices
from dyntui.cli.list_detail import detail_of, print_detail
from dyntui.cli.list_editing import COMMANDS as EDITING
from dyntui.cli.list_members import COMMANDS as MEMBERS
from dyntui.cli.naming import list_id
from dyntui.cli.output import (
    moment,
    number,
    print_facts,
    print_json,
    print_table,
    say,
    yes_no,
)
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import with_service
from dyntui.model.counted import counted
from dyntui.model.membership_actions import ACTIONS
from dyntui.model.outcomes import Tally
from dyntui.service.client import ServiceClient
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_GROWTH,
    LIST_SIMULATE,
    LISTS_PAGE,
    LISTS_REFRESH,
    VIEWS,
    Activate,
    ListDetail,
    ListGrowth,
    ListRef,
    ListRow,
    ListsQuery,
    Simulation,
    sync_words,
)
from dyntui.service.contract.session import Nothing


@click.group(cls=Group)
def command() -> None:
    """Marketing lists. LIST is an id or a unique name."""


for each in (*EDITING, *MEMBERS):
    command.add_command(each)

_COLUMNS: Columns[ListRow] = (
    Column("name", lambda row: row.name),
    Column("type", lambda row: f"{row.member_type}, {'dynamic' if row.dynamic else 'static'}"),
    Column("members", lambda row: number(row.members), right=True),
    Column("activated", lambda row: yes_no(row.activated)),
    Column("sync status", lambda row: sync_words(row) or "–"),
    Column("last synced", lambda row: moment(row.last_synced), whole=True),
    Column("order", lambda row: str(row.sync_order), right=True),
)


@command.command("list")
@click.option("--view", type=click.Choice(VIEWS), default="active", show_default=True, help="Which lists.")
@click.option("--refresh", is_flag=True, help="Read them from Dynamics first.")
@page_of(LISTS_PAGE, _COLUMNS)
async def list_(client: ServiceClient, rows: Rows, view: str, refresh: bool) -> ListsQuery:
    """The marketing lists."""
    if refresh:
        await client.call(LISTS_REFRESH, Nothing())
    return ListsQuery(view=view, **rows)


@command.command("show")
@click.argument("named", metavar="LIST")
@click.pass_context
def show(context: click.Context, named: str) -> None:
    """One marketing list, its address book and what became of its members."""
    print_detail(choices(context), detail_of(choices(context), named))


@command.command("report")
@click.argument("named", metavar="LIST")
@click.pass_context
def report(context: click.Context, named: str) -> None:
    """What became of a list's members in its last synchronisation."""
    detail = detail_of(choices(context), named)
    if choices(context).json:
        print_json(detail)
        return
    print_facts([("List", detail.row.name), ("Last run", detail.last_run or "never synchronised")])
    print_tally(Tally(sum(count.people for count in detail.counts), detail.counts))


@command.command("activate")
@click.argument("named", metavar="LIST")
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option("--link", is_flag=True, help="Link a free address book of the same name (so does --yes).")
@click.pass_context
def activate(context: click.Context, named: str, account: str, link: bool) -> None:
    """Activate a list for email: binds it to an address book."""

    async def ask(client: ServiceClient) -> ListDetail:
        request = Activate(id=await list_id(client, named), account=account, link=link or choices(context).yes)
        return await client.call(LIST_ACTIVATE, request)

    detail = with_service(choices(context), ask)
    print_detail(choices(context), detail)
    say(f"Activated. `dyntui sync lists --list {detail.row.id}` synchronises it.")


@command.command("deactivate")
@click.argument("named", metavar="LIST")
@click.pass_context
def deactivate(context: click.Context, named: str) -> None:
    """Stop synchronising a list; its address book stays."""

    chosen = choices(context)
    known = detail_of(chosen, named)
    if known.row.activated:
        people = counted(known.row.members, "member") if known.row.members is not None else "its members"
        confirm(
            chosen,
            f"Stop synchronising {known.row.name!r} ({people})? "
            f"Its address book {known.address_book!r} stays as it is.",
            not_done="The list was not deactivated.",
        )

    async def ask(client: ServiceClient) -> ListDetail:
        return await client.call(LIST_DEACTIVATE, ListRef(known.row.id))

    print_detail(chosen, with_service(chosen, ask))


@command.command("growth")
@click.argument("named", metavar="LIST")
@click.pass_context
def growth(context: click.Context, named: str) -> None:
    """How many people were in the list's address book, and left out, after the last synchronisation of each day. As far
    back as runs are kept."""

    async def ask(client: ServiceClient) -> ListGrowth:
        return await client.call(LIST_GROWTH, ListRef(await list_id(client, named)))

    found = with_service(choices(context), ask)
    if choices(context).json:
        print_json(found)
        return
    most = max((each.in_book for each in found.points), default=0) or 1
    print_table(
        ["day", "", "in the book", "change", "left out", "members"],
        (
            (
                each.day,
                "#" * round(24 * each.in_book / most),
                number(each.in_book),
                "" if each.change is None else f"{each.change:+,}",
                number(each.left_out),
                number(each.members),
            )
            for each in found.points
        ),
        right=["in the book", "change", "left out", "members"],
    )


@command.command("simulate")
@click.argument("named", metavar="LIST")
@click.pass_context
def simulate(context: click.Context, named: str) -> None:
    """What each membership action would make of the strangers in the list's address book, and whom each part of a
    subscription filter would keep out. Changes nothing."""

    async def ask(client: ServiceClient) -> Simulation:
        return await client.call(LIST_SIMULATE, ListRef(await list_id(client, named)))

    found = with_service(choices(context), ask)
    if choices(context).json:
        print_json(found)
        return
    print_facts([("In the book", number(found.in_book)), ("Not on the list", number(found.strangers))])
    print_table(
        ["action", "stay", "leave", "join", "become records", "why"],
        (
            (
                ACTIONS[each.action].title,
                *(number(people) for people in (each.stay, each.leave, each.join, each.create)),
                ", ".join(
                    [
                        *(f"{code} {number(people)}" for code, people in each.reasons.items()),
                        *([each.held] * bool(each.held)),
                    ]
                ),
            )
            for each in found.actions
        ),
        right=["stay", "leave", "join", "become records"],
    )
    print_table(["filter", "members"], ((each.part, number(each.people)) for each in found.filters), right=["members"])
