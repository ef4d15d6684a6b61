"""`dyntui sync`: runs, started and cancelled by hand."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from dyntui.cli.following import exit_for, print_run, say_detached, summary, until_ended
from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.output import number, print_json, say
from dyntui.cli.pages import Column, Columns, print_page
from dyntui.cli.progress import display
from dyntui.cli.service_call import ask, with_service
from dyntui.cli.target_counts import people
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page
from dyntui.service.contract.results import CAMPAIGN_REPORT
from dyntui.service.contract.runs import (
    CALL,
    RUN_CANCEL,
    RUN_GET,
    RUN_PEOPLE,
    RUN_START,
    OutcomesQuery,
    RunItem,
    RunRef,
    RunRow,
    StartRun,
)

TYPES = tuple(SYNC_TYPES)


_HELP = f"""Synchronise now, or cancel a run.

TYPE is one of {", ".join(TYPES)}. While waiting, Ctrl-C stops the waiting only: the runs go on in the service. With
--json one line is printed for each run.
"""


@click.command("sync", cls=Command, help=_HELP)
@click.argument("what", metavar="TYPE... | all | cancel RUN", nargs=-1, required=True)
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option("--list", "lists", multiple=True, metavar="LIST", help="With lists: only this one; may be given again.")
@click.option("--campaign", "campaigns", multiple=True, metavar="CAMPAIGN", help="With campaigns: only this one.")
@click.option(
    "--only",
    default=None,
    metavar="ADDRESS",
    help="With lists: one person is synchronised end to end and nobody else, and each call is shown.",
)
@click.option(
    "--scheduled", is_flag=True, help="For timers: what dotdigital refused in the last six hours is not offered again."
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the runs have ended.")
@click.pass_context
def command(
    context: click.Context,
    what: tuple[str, ...],
    account: str,
    lists: tuple[str, ...],
    campaigns: tuple[str, ...],
    only: str | None,
    scheduled: bool,
    wait: bool,
) -> int:
    chosen = choices(context)
    if what[0] == "cancel":
        return _cancel(chosen, what[1:])
    types = _types(what)
    if lists and "lists" not in types:
        raise click.UsageError("--list goes with the type lists.")
    if campaigns and "campaigns" not in types:
        raise click.UsageError("--campaign goes with the type campaigns.")
    if only is not None and types != ["lists"]:
        raise click.UsageError("--only goes with the type lists, and with no other.")
    if only is not None and not only.strip():
        # A variable of a script that is empty must not mean everybody.
        raise click.UsageError("--only needs the address of a person.")
    under_way: list[RunRow] = []
    to_come: list[str] = []

    async def start(client: ServiceClient) -> list[RunRow]:
        of_account = StartRun(sync_type="", account=account, scheduled=scheduled)
        wanted = tuple([await list_id(client, name) for name in lists])
        refs = [await _with_account(client, await campaign_ref(client, name, account)) for name in campaigns]
        requests: list[StartRun] = []
        for type_ in types:
            request = msgspec.structs.replace(of_account, sync_type=type_)
            if SYNC_TYPES[type_].narrowed_by == "lists":
                requests.append(msgspec.structs.replace(request, lists=wanted, only=only or ""))
            elif SYNC_TYPES[type_].narrowed_by == "campaigns" and refs:
                requests.extend(_of_each_account(request, refs))
            else:
                requests.append(request)
        ended: list[RunRow] = []
        to_come[:] = [SYNC_TYPES[each.sync_type].title for each in requests]
        for request in requests:
            run = await client.call(RUN_START, request)
            del to_come[0]
            if wait:
                under_way[:] = [run]
                run = await until_ended(client, run, display())
            ended.append(run)
            _print(chosen, run, wait)
            if only and wait and not chosen.json:
                await _print_one(client, chosen, run)
        return ended

    try:
        runs = with_service(chosen, start)
    except KeyboardInterrupt:
        say_detached(under_way)
        _say_not_started(to_come)
        raise
    except DyntuiError:
        _say_not_started(to_come if len(types) > 1 else [])
        raise
    return _worst([exit_for(run) for run in runs])


def _say_not_started(titles: Sequence[str]) -> None:
    if titles:
        say(f"Not started: {', '.join(dict.fromkeys(titles))}.")


async def _with_account(client: ServiceClient, ref: CampaignRef) -> CampaignRef:
    """The campaign with the account that has it; one that was never read is looked for in the default one. Raises
    CAMPAIGN_AMBIGUOUS where several accounts hold the number."""
    if ref.account:
        return ref
    try:
        row = (await client.call(CAMPAIGN_REPORT, ref)).row
    except DyntuiError as error:
        if error.code != "CAMPAIGN_UNKNOWN":
            raise
        return ref
    return CampaignRef(row.id, row.account)


def _of_each_account(request: StartRun, refs: list[CampaignRef]) -> list[StartRun]:
    """A run is about one email account: each campaign goes with those of its own."""
    return [
        msgspec.structs.replace(
            request, account=account, campaigns=tuple(str(each.id) for each in refs if each.account == account)
        )
        for account in dict.fromkeys(each.account for each in refs)
    ]


def _types(what: tuple[str, ...]) -> list[str]:
    unknown = [name for name in what if name not in (*TYPES, "all")]
    if unknown:
        raise click.UsageError(f"{unknown[0]!r} is not one of {', '.join(TYPES)}, all, cancel.")
    return [name for name in TYPES if name in what or "all" in what]


def _print(chosen: Choices, run: RunRow, ended: bool) -> None:
    if chosen.json:
        print_json(run)
    elif ended:
        print_run(run)
        say(summary(run))
    else:
        say(f"{run.title}: {run.status}. `dyntui audit show {run.id}` tells how it stands.")


_CALLS: Columns[tuple[int, RunItem]] = (
    Column("#", lambda row: number(row[0]), right=True),
    Column("call", lambda row: row[1].name),
    Column("note", lambda row: row[1].note, whole=True),
)


async def _print_one(client: ServiceClient, chosen: Choices, run: RunRow) -> None:
    """What became of the one person, list by list, and the calls that it took."""
    found = await client.call(RUN_PEOPLE, OutcomesQuery(run=run.id))
    if found.rows:
        click.echo()
        print_page(chosen, found, people(run.kind))
    items = (await client.call(RUN_GET, RunRef(run.id))).items
    calls = tuple(enumerate((each for each in items if each.kind == CALL), start=1))
    click.echo()
    print_page(chosen, Page(rows=calls, total=len(calls), matching=len(calls), offset=0), _CALLS)


def _cancel(chosen: Choices, rest: tuple[str, ...]) -> int:
    if len(rest) != 1:
        raise click.UsageError("cancel needs one RUN, as `dyntui audit list` shows them.")
    run = ask(chosen, RUN_CANCEL, RunRef(rest[0]))
    if chosen.json:
        print_json(run)
    elif run.status.ended:
        say(f"{run.title}: {run.status}.")
    else:
        say(f"{run.title} will stop at its next step.")
    return int(Exit.DONE)


def _worst(codes: list[int]) -> int:
    """A failure outweighs what is held, and that outweighs success."""
    gravity = (Exit.FAILED, Exit.NOT_PERMITTED, Exit.UNREACHABLE, Exit.HELD)
    return next((int(code) for code in gravity if code in codes), int(Exit.DONE))
