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
    say_how_many,
    yes_no,
)
from dyntui.cli.service_call import with_service
from dyntui.cli.windows import ReasonCode, window_options
from dyntui.model.outcomes import Tally
from dyntui.service.client import ServiceClient
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_GET,
    LIST_MEMBERS,
    LISTS_PAGE,
    LISTS_REFRESH,
    Activate,
    ListDetail,
    ListRef,
    ListsQuery,
    MemberRow,
    MembersQuery,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.session import Nothing

VIEWS = ["active", "inactive", "my", "activated", "problems", "all"]
OUTCOMES = ["added", "updated", "unchanged", "removed", "excluded", "rejected", "held"]


@click.group(cls=Group)
def command() -> None:
    """Marketing lists. LIST is an id or a unique name."""


@command.command("list")
@click.option("--view", type=click.Choice(VIEWS), default="active", show_default=True, help="Which lists.")
@click.option("--refresh", is_flag=True, help="Read them from Dynamics first.")
@window_options
@click.pass_context
def list_(context: click.Context, view: str, refresh: bool, offset: int, limit: int, search: str, sort: str) -> None:
    """The marketing lists."""

    async def ask(client: ServiceClient) -> None:
        if refresh:
            await client.call(LISTS_REFRESH, Nothing())
        query = ListsQuery(view=view, offset=offset, limit=limit, search=search, sort=sort)
        page = await client.call(LISTS_PAGE, query)
        if choices(context).json:
            print_json(page)
            return
        print_table(
            ["name", "type", "members", "activated", "sync status", "last synced", "order"],
            (
                (
                    row.name,
                    f"{row.member_type}, {'dynamic' if row.dynamic else 'static'}",
                    number(row.members),
                    yes_no(row.activated),
                    row.sync_status or "–",
                    moment(row.last_synced),
                    str(row.sync_order),
                )
                for row in page.rows
            ),
            right=["members", "order"],
            whole=["last synced"],
        )
        say_how_many(len(page.rows), page.matching, page.total)

    with_service(choices(context), ask)


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


@command.command("members")
@click.argument("named", metavar="LIST")
@click.option("--outcome", type=click.Choice(OUTCOMES), default=None, help="Only those with this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="Only this reason code, e.g. DO_NOT_BULK_EMAIL.")
@window_options
@click.pass_context
def members(
    context: click.Context,
    named: str,
    outcome: str | None,
    reason: str,
    offset: int,
    limit: int,
    search: str,
    sort: str,
) -> None:
    """A list's members as last read, each with the outcome of the last synchronisation."""

    async def ask(client: ServiceClient) -> Page[MemberRow]:
        query = MembersQuery(
            list=await list_id(client, named),
            outcome=outcome or "",
            reason=reason,
            offset=offset,
            limit=limit,
            search=search,
            sort=sort,
        )
        return await client.call(LIST_MEMBERS, query)

    page = with_service(choices(context), ask)
    if choices(context).json:
        print_json(page)
        return
    print_table(
        ["name", "address", "type", "outcome", "reason", "detail"],
        ((row.name, row.address, row.entity, str(row.outcome or "–"), row.reason, row.detail) for row in page.rows),
    )
    say_how_many(len(page.rows), page.matching, page.total)


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
            ("Sync status", row.sync_status),
            ("Last synced", moment(row.last_synced)),
            ("Sync order", str(row.sync_order)),
            ("Manual only", yes_no(row.manual_only)),
            ("Owner", row.owner),
            ("Active run", detail.active_run),
        ]
    )
    print_tally(Tally(sum(count.people for count in detail.counts), detail.counts))
