"""`dyntui lists`: marketing lists."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.following import print_tally
from dyntui.cli.lazy import Choices, Group, choices
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
from dyntui.cli.pages import OUTCOMES, Column, Columns, ReasonCode, Rows, page_of
from dyntui.cli.service_call import with_service
from dyntui.model.list_settings import HIGHEST, LOWEST
from dyntui.model.membership_actions import ACTIONS, CREATES, MembershipAction
from dyntui.model.outcomes import Tally
from dyntui.model.subscription_filters import PARTS, text_of
from dyntui.service.client import ServiceClient
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_MEMBERS,
    LIST_SIMULATE,
    LIST_VIEWS,
    LISTS_PAGE,
    LISTS_REFRESH,
    VIEWS,
    Activate,
    EditList,
    ListDetail,
    ListRef,
    ListRow,
    ListsQuery,
    MemberRow,
    MembersQuery,
    SavedViews,
    Simulation,
    sync_words,
)
from dyntui.service.contract.session import Nothing


@click.group(cls=Group)
def command() -> None:
    """Marketing lists. LIST is an id or a unique name."""


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
    _print_detail(choices(context), _detail(choices(context), named))


@command.command("report")
@click.argument("named", metavar="LIST")
@click.pass_context
def report(context: click.Context, named: str) -> None:
    """What became of a list's members in its last synchronisation."""
    detail = _detail(choices(context), named)
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
    _print_detail(choices(context), detail)
    say(f"Activated. `dyntui sync lists --list {detail.row.id}` synchronises it.")


@command.command("deactivate")
@click.argument("named", metavar="LIST")
@click.pass_context
def deactivate(context: click.Context, named: str) -> None:
    """Stop synchronising a list; its address book stays."""

    chosen = choices(context)
    known = _detail(chosen, named)
    if known.row.activated:
        people = f"{number(known.row.members)} members" if known.row.members is not None else "its members"
        confirm(
            chosen,
            f"Stop synchronising {known.row.name!r} ({people})? "
            f"Its address book {known.address_book!r} stays as it is.",
            not_done="The list was not deactivated.",
        )

    async def ask(client: ServiceClient) -> ListDetail:
        return await client.call(LIST_DEACTIVATE, ListRef(known.row.id))

    _print_detail(chosen, with_service(chosen, ask))


@command.command("edit")
@click.argument("named", metavar="LIST")
@click.option(
    "--action",
    type=click.Choice([each.value for each in MembershipAction]),
    default=None,
    help="Membership action: what becomes of contacts of the address book that are not on the list.",
)
@click.option(
    "--filter",
    "filters",
    metavar="PART",
    multiple=True,
    help=f"Subscription filter, once for each part: {', '.join(PARTS)}. A view by its id or name.",
)
@click.option("--clear-on-send/--keep-on-send", default=None, help="Whether the list is emptied after a send.")
@click.option("--order", type=click.IntRange(LOWEST, HIGHEST), default=None, help="Synchronisation order, lower first.")
@click.option("--manual-only/--automatic", default=None, help="Whether only a person's synchronisation takes the list.")
@click.pass_context
def edit(
    context: click.Context,
    named: str,
    action: str | None,
    filters: tuple[str, ...],
    clear_on_send: bool | None,
    order: int | None,
    manual_only: bool | None,
) -> None:
    """Change how a list is synchronised; what is not named stays as it is."""
    chosen = choices(context)
    known = _detail(chosen, named)
    if action is not None and MembershipAction(action) in CREATES:
        confirm(
            chosen,
            f"Make a {CREATES[MembershipAction(action)]} in Dynamics of every contact in the address book of "
            f"{known.row.name!r} that none has, with the next synchronisation?",
            not_done="The list keeps its settings.",
        )

    async def ask(client: ServiceClient) -> ListDetail:
        request = EditList(
            id=known.row.id,
            membership_action=MembershipAction(action) if action is not None else None,
            subscription_filter=filters or None,
            clear_on_send=clear_on_send,
            sync_order=order,
            manual_only=manual_only,
        )
        return await client.call(LIST_EDIT, request)

    _print_detail(chosen, with_service(chosen, ask))


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


@command.command("views")
@click.argument("named", metavar="LIST")
@click.pass_context
def views(context: click.Context, named: str) -> None:
    """The saved views that a list's subscription filter can name."""

    async def ask(client: ServiceClient) -> SavedViews:
        return await client.call(LIST_VIEWS, ListRef(await list_id(client, named)))

    found = with_service(choices(context), ask)
    if choices(context).json:
        print_json(found)
        return
    print_facts([(each.id, f"{each.name}{', personal' if each.personal else ''}") for each in found.rows])


_MEMBER_COLUMNS: Columns[MemberRow] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("type", lambda row: row.entity),
    Column("outcome", lambda row: str(row.outcome or "–")),
    Column("reason", lambda row: row.reason),
    Column("detail", lambda row: row.detail),
)


@command.command("members")
@click.argument("named", metavar="LIST")
@click.option("--outcome", type=OUTCOMES, default=None, help="Only those with this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="Only this reason code, e.g. DO_NOT_BULK_EMAIL.")
@page_of(LIST_MEMBERS, _MEMBER_COLUMNS)
async def members(client: ServiceClient, rows: Rows, named: str, outcome: str | None, reason: str) -> MembersQuery:
    """A list's members as last read, each with the outcome of the last synchronisation."""
    return MembersQuery(list=await list_id(client, named), outcome=outcome or "", reason=reason, **rows)


def _settings(detail: ListDetail) -> list[tuple[str, str]]:
    known = detail.settings
    if known is None:
        return [("Settings", detail.misfit)]
    return [
        ("Action", f"{ACTIONS[known.membership_action].title} ({known.membership_action})"),
        ("Filter", text_of(known.subscription_filter)),
        ("Clear on send", yes_no(known.clear_on_send)),
        ("Sync order", str(known.sync_order)),
        ("Manual only", yes_no(known.manual_only)),
    ]


def _detail(chosen: Choices, named: str) -> ListDetail:
    async def ask(client: ServiceClient) -> ListDetail:
        return await client.call(LIST_GET, ListRef(await list_id(client, named)))

    return with_service(chosen, ask)


def _print_detail(chosen: Choices, detail: ListDetail) -> None:
    if chosen.json:
        print_json(detail)
        return
    row = detail.row
    print_facts(
        [
            ("List", f"{row.name} ({row.id})"),
            ("Description", detail.description),
            ("Type", f"{row.member_type}, {'dynamic' if row.dynamic else 'static'}"),
            ("Members", number(row.members)),
            ("Activated", f"yes, {row.account}" if row.activated else "no"),
            ("Address book", f"{detail.address_book} ({detail.address_book_id})" if detail.address_book_id else ""),
            ("Sync status", sync_words(row, detail.counts)),
            ("Last synced", moment(row.last_synced)),
            *_settings(detail),
            ("Owner", row.owner),
            ("Active run", detail.active_run),
            ("As read", moment(detail.as_of) if detail.as_of else ""),
        ]
    )
    print_tally(Tally(sum(count.people for count in detail.counts), detail.counts))
