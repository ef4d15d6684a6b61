"""The commands of `dyntui lists` that make a marketing list and change one."""

from __future__ import annotations

from pathlib import Path

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.list_detail import detail_of, print_detail
from dyntui.cli.naming import list_id
from dyntui.cli.output import print_facts, print_json, say
from dyntui.cli.query_source import FETCHXML, VIEW, found_text, query_in
from dyntui.cli.service_call import ask, with_service
from dyntui.cli.together import require_change
from dyntui.model.list_settings import HIGHEST, LOWEST
from dyntui.model.membership_actions import CREATES, MembershipAction
from dyntui.model.subscription_filters import PARTS
from dyntui.service.client import ServiceClient
from dyntui.service.contract.lists import (
    LIST_COUNT_FOUND,
    LIST_EDIT,
    LIST_NEW,
    LIST_VIEWS,
    MEMBER_TYPES,
    CountFound,
    EditList,
    NewList,
    SavedViews,
    ViewsQuery,
)


@click.command(cls=Command)
@click.argument("name")
@click.option(
    "--type", "member_type", type=click.Choice(MEMBER_TYPES), default="contact", show_default=True, help="Its members."
)
@click.option("--dynamic", is_flag=True, help="Its query says who is on it; takes --view or --fetchxml.")
@VIEW
@FETCHXML
@click.option("--description", default="", help="What it is for.")
@click.pass_context
def new(
    context: click.Context,
    name: str,
    member_type: str,
    dynamic: bool,
    view: str,
    fetchxml: Path | None,
    description: str,
) -> None:
    """Make a marketing list called NAME in Dynamics.

    Says first what is made and, of a dynamic list, how many its query finds now. A static list begins without members:
    `dyntui lists members add` puts them on it.
    """
    chosen = choices(context)
    query = query_in(fetchxml)
    kind = f"{'dynamic' if dynamic else 'static'} list of {member_type}s"
    finds = f", whose query finds {_found(chosen, member_type, view, query)} now" if dynamic and (view or query) else ""
    confirm(chosen, f"Make the {kind} {name!r} in Dynamics{finds}?", not_done="No list was made.")
    request = NewList(
        name=name, member_type=member_type, dynamic=dynamic, description=description, view=view, query=query
    )
    made = ask(chosen, LIST_NEW, request)
    print_detail(chosen, made)
    say(f"Made. `dyntui lists activate {made.row.id}` activates it for email.")


def _found(chosen: Choices, member_type: str, view: str, query: str) -> str:
    found = ask(chosen, LIST_COUNT_FOUND, CountFound(member_type=member_type, view=view, query=query))
    return found_text(found, member_type)


@click.command(cls=Command)
@click.argument("named", metavar="LIST")
@click.option("--name", default=None, help="Another name; its address book follows with the next synchronisation.")
@click.option("--description", default=None, help="Another description.")
@VIEW
@FETCHXML
@click.option("--lock/--unlock", "locked", default=None, help="Whether nobody can change the members of a static list.")
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
    name: str | None,
    description: str | None,
    view: str,
    fetchxml: Path | None,
    locked: bool | None,
    action: str | None,
    filters: tuple[str, ...],
    clear_on_send: bool | None,
    order: int | None,
    manual_only: bool | None,
) -> None:
    """Change a list, and how it is synchronised; what is not named stays as it is.

    --view or --fetchxml replace the query of a dynamic list; how many it finds now is said first. What a list holds and
    whether it is static or dynamic is chosen when it is made.
    """
    require_change(context)
    chosen = choices(context)
    known = detail_of(chosen, named)
    query = query_in(fetchxml)
    if action is not None and MembershipAction(action) in CREATES:
        confirm(
            chosen,
            f"Make a {CREATES[MembershipAction(action)]} in Dynamics of every contact in the address book of "
            f"{known.row.name!r} that none has, with the next synchronisation?",
            not_done="The list keeps its settings.",
        )
    if known.row.dynamic and (view or query):
        confirm(
            chosen,
            f"Replace the query of {known.row.name!r}? The new one finds "
            f"{_found(chosen, known.row.member_type, view, query)} now.",
            not_done="The list keeps its query.",
        )
    request = EditList(
        id=known.row.id,
        name=name,
        description=description,
        view=view or None,
        query=query or None,
        locked=locked,
        membership_action=MembershipAction(action) if action is not None else None,
        subscription_filter=filters or None,
        clear_on_send=clear_on_send,
        sync_order=order,
        manual_only=manual_only,
    )
    print_detail(chosen, ask(chosen, LIST_EDIT, request))


@click.command(cls=Command)
@click.argument("named", metavar="[LIST]", default="")
@click.option("--type", "member_type", type=click.Choice(MEMBER_TYPES), default="contact", help="Of these records.")
@click.option("--own", is_flag=True, help="Also your personal views, for --view of new, edit and members.")
@click.pass_context
def views(context: click.Context, named: str, member_type: str, own: bool) -> None:
    """The saved views that a list's subscription filter can name, or those of a type of records."""

    async def asked(client: ServiceClient) -> SavedViews:
        of = await list_id(client, named) if named else ""
        return await client.call(LIST_VIEWS, ViewsQuery(id=of, member_type=member_type, own=own))

    found = with_service(choices(context), asked)
    if choices(context).json:
        print_json(found)
        return
    print_facts([(each.id, f"{each.name}{', personal' if each.personal else ''}") for each in found.rows])


COMMANDS = (new, edit, views)
