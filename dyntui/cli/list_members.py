"""`dyntui lists members`: who is on a marketing list, and changing that; `dyntui lists gather`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.following import exit_for, print_run, say_detached, until_ended
from dyntui.cli.lazy import Command, Group, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.output import number, print_json, print_table, say
from dyntui.cli.pages import OUTCOMES, Column, Columns, ReasonCode, Rows, page_of
from dyntui.cli.planned import plan_first
from dyntui.cli.progress import display
from dyntui.cli.query_source import FETCHXML, VIEW, query_in
from dyntui.cli.service_call import ask, with_service
from dyntui.model.counted import people_of
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.lists import LIST_MEMBERS, MEMBER_TYPES, MemberRow, MembersQuery
from dyntui.service.contract.members import (
    MEMBERS_FIND,
    MEMBERS_GATHER,
    MEMBERS_PLAN,
    ChangeMembers,
    FindRecords,
    GatherPeople,
    MemberChange,
    PeopleSlice,
)
from dyntui.service.contract.plans import PlanDetail
from dyntui.service.contract.results import RECIPIENT_FILTERS
from dyntui.service.contract.runs import RunRow


class _Members(Group):
    """`members LIST` shows them, as `members list LIST` does."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Members)
def members() -> None:
    """Who is on a list: `members LIST` shows it, the commands change it.

    Only static lists that are active and not locked can be changed by hand; of a dynamic list its query says who is on
    it (`dyntui lists edit --view`).
    """


_COLUMNS: Columns[MemberRow] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("type", lambda row: row.entity),
    Column("outcome", lambda row: str(row.outcome or "–")),
    Column("reason", lambda row: row.reason),
    Column("detail", lambda row: row.detail),
)


@members.command("list")
@click.argument("named", metavar="LIST")
@click.option("--outcome", type=OUTCOMES, default=None, help="Only those with this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="Only this reason code, e.g. DO_NOT_BULK_EMAIL.")
@page_of(LIST_MEMBERS, _COLUMNS)
async def list_(client: ServiceClient, rows: Rows, named: str, outcome: str | None, reason: str) -> MembersQuery:
    """A list's members as last read, each with the outcome of the last synchronisation."""
    return MembersQuery(list=await list_id(client, named), outcome=outcome or "", reason=reason, **rows)


@members.command("find")
@click.argument("text")
@click.option(
    "--type",
    "member_type",
    type=click.Choice(MEMBER_TYPES),
    default="contact",
    show_default=True,
    help="Which records.",
)
@click.pass_context
def find(context: click.Context, text: str, member_type: str) -> None:
    """Look records up in Dynamics by a part of their name or address."""
    found = ask(choices(context), MEMBERS_FIND, FindRecords(member_type=member_type, search=text))
    if choices(context).json:
        print_json(found)
        return
    print_table(
        ["id", "name", "address", ""],
        ((each.id, each.name, each.address, "" if each.active else "inactive") for each in found.rows),
        whole=["id"],
    )
    if found.total > len(found.rows):
        many = f"The first {number(len(found.rows))} of {number(found.total)}"
        say(f"{many}: a longer part of the name or address finds the others.")


_ADDRESS = click.option(
    "--address", "people", multiple=True, metavar="PERSON", help="An address, or a record's id; may be given again."
)
_PLAN = click.option("--plan", "only_plan", is_flag=True, help="Say whom it would be, and change nothing.")
_SHOW = click.option(
    "--show", default=20, show_default=True, type=click.IntRange(min=0), help="How many people to show."
)
_DOES = {
    MemberChange.ADD: "Put whoever is named on LIST.",
    MemberChange.REMOVE: "Take whoever is named off LIST.",
    MemberChange.KEEP: "Keep only whoever is named on LIST; everybody else leaves it (Dynamics: evaluate).",
}


def _changing(change: MemberChange) -> Callable[..., Any]:
    @click.argument("named", metavar="LIST")
    @_ADDRESS
    @VIEW
    @FETCHXML
    @_PLAN
    @_SHOW
    @click.pass_context
    def changed(
        context: click.Context,
        named: str,
        people: tuple[str, ...],
        view: str,
        fetchxml: Path | None,
        only_plan: bool,
        show: int,
    ) -> int:
        query = query_in(fetchxml)

        async def begin(client: ServiceClient) -> RunRow:
            request = ChangeMembers(
                list=await list_id(client, named), change=change, people=people, view=view, query=query
            )
            return await client.call(MEMBERS_PLAN, request)

        return plan_first(
            choices(context),
            begin,
            question=_question,
            not_done="The members of the list are as they were.",
            nothing="Nobody joins or leaves the list.",
            only_plan=only_plan,
            show=show,
        )

    changed.__doc__ = f"""{_DOES[change]}

    They are named one by one (--address), by a saved or personal view, or by FetchXML, and found as you may see them.
    Whom that would be is shown first; with --plan the exit code is 3 where there is something to be done, and
    `dyntui apply` carries it out. `dyntui undo` takes it back.
    """
    return changed


for _each in MemberChange:
    members.command(_each.value, cls=Command)(_changing(_each))


def _question(made: PlanDetail) -> str:
    lists = ", ".join(repr(each.name) for each in made.lists)
    join, leave = (sum(getattr(each.effects, effect) for each in made.lists) for effect in ("join", "remove"))
    what = [f"put {people_of(join)} on"] * bool(join) + [f"take {people_of(leave)} off"] * bool(leave)
    said = " and ".join(what)
    return f"{said[0].upper()}{said[1:]} the marketing list {lists}?"


@click.command(cls=Command)
@click.argument("name")
@click.option(
    "--type", "member_type", type=click.Choice(MEMBER_TYPES), default="contact", show_default=True, help="Its members."
)
@click.option("--description", default="", help="What it is for.")
@click.option("--run", default="", metavar="RUN", help="The people of this run.")
@click.option("--list", "of_list", default="", metavar="LIST", help="The members of this list, as last read.")
@click.option("--campaign", default="", metavar="CAMPAIGN", help="The recipients of this email campaign.")
@click.option(
    "--did", type=click.Choice(RECIPIENT_FILTERS), default="all", show_default=True, help="Only recipients who."
)
@click.option("--count", default="", metavar="COUNT", help="The people of this target count; --reason narrows it.")
@click.option("--sendable", is_flag=True, help="Of a target count, those who would be mailed.")
@click.option("--suppressed", is_flag=True, help="Whoever is suppressed; --search narrows it.")
@click.option("--outcome", type=OUTCOMES, default=None, help="Only those with this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="Only this reason code.")
@click.option("--search", default="", help="Only those whose name or address contains this; alone: over all lists.")
@click.option("--address", "people", multiple=True, metavar="PERSON", help="These addresses or ids of records.")
@click.pass_context
def gather(
    context: click.Context,
    name: str,
    member_type: str,
    description: str,
    run: str,
    of_list: str,
    campaign: str,
    did: str,
    count: str,
    sendable: bool,
    suppressed: bool,
    outcome: str | None,
    reason: str,
    search: str,
    people: tuple[str, ...],
) -> int:
    """Make a static list called NAME of people that a run, a list, a campaign or a search shows.

    Those of another record type are left out, by name. `dyntui undo` takes the people off again.
    """
    chosen = choices(context)
    confirm(
        chosen,
        f"Make the static list of {member_type}s {name!r} in Dynamics, and put these people on it?",
        not_done="No list was made.",
    )
    under_way: list[RunRow] = []

    async def make(client: ServiceClient) -> RunRow:
        recipients = await campaign_ref(client, campaign) if campaign else CampaignRef(0)
        shown = PeopleSlice(
            run=run,
            list=await list_id(client, of_list) if of_list else "",
            outcome=outcome or "",
            reason=reason,
            campaign=recipients.id,
            account=recipients.account,
            did=did if campaign or did != "all" else "",
            count=count,
            sendable=sendable,
            suppressed=suppressed,
            search=search,
        )
        request = GatherPeople(
            name=name,
            member_type=member_type,
            description=description,
            people=people,
            # The service refuses both.
            shown=None if people and shown == PeopleSlice() else shown,
        )
        made = await client.call(MEMBERS_GATHER, request)
        under_way[:] = [made.run]
        return await until_ended(client, made.run, display())

    try:
        ended = with_service(chosen, make)
    except KeyboardInterrupt:
        say_detached(under_way)
        raise
    print_json(ended) if chosen.json else print_run(ended)
    return exit_for(ended)


COMMANDS: tuple[click.Command, ...] = (members, gather)
