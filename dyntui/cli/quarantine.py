"""`dyntui quarantine`: rows that were refused."""

from __future__ import annotations

import click

from dyntui.cli.following import exit_for, print_run, told_when_left, until_ended
from dyntui.cli.lazy import Group, choices
from dyntui.cli.naming import list_id, say_of_others
from dyntui.cli.out_file import ROWS, out_option, overwrite_option, rows_into
from dyntui.cli.output import are, moment, print_json, say
from dyntui.cli.pages import Column, Columns, ReasonCode, Rows, every_page, page_of
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.counted import counted
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.quarantine import RefusedRow
from dyntui.service.client import ServiceClient
from dyntui.service.contract.quarantine import (
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_PICK,
    QUARANTINE_RETRY,
    IgnoreRefused,
    PickMatch,
    RefusedIgnored,
    RefusedQuery,
    RetryRefused,
)
from dyntui.service.contract.runs import RunRow
from dyntui.service.new_files import NewFile
from dyntui.service.row_cells import PEOPLE

# Rows read at once for a file.

_COLUMNS: Columns[RefusedRow] = (
    Column("reason", lambda row: row.reason),
    Column("detail", lambda row: row.detail),
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("list", lambda row: row.list_name),
    Column("again", lambda row: moment(row.ignored_until or row.retry_on), whole=True),
    Column("record", lambda row: row.person, whole=True),
)


@click.group(cls=Group)
def command() -> None:
    """Rows that dotdigital refused, or that cannot be sent as they are. LIST is an id or a unique name."""


@command.command("list")
@click.option("--list", "named", default="", metavar="LIST", help="Only this list's.")
@click.option("--reason", type=ReasonCode(), default="", help="Only this reason code.")
@click.option("--ignored", is_flag=True, help="Those that are ignored at present, instead.")
@page_of(QUARANTINE_PAGE, _COLUMNS)
async def list_(client: ServiceClient, rows: Rows, named: str, reason: str, ignored: bool) -> RefusedQuery:
    """The refused rows by cause, and when each is offered or heard of again."""
    return RefusedQuery(list=await list_id(client, named) if named else "", reason=reason, ignored=ignored, **rows)


@command.command()
@click.argument("named", metavar="[LIST]", required=False)
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until they were offered.")
@click.pass_context
def retry(context: click.Context, named: str | None, account: str, wait: bool) -> int:
    """Read the refused records of LIST, or of all lists of the email account, again and offer them to dotdigital
    again."""
    chosen = choices(context)
    if named is not None and not named.strip():
        # A variable of a script that is empty must not mean all lists.
        raise click.UsageError("LIST needs a name or an id; it is left out where all lists are meant.")

    async def start(client: ServiceClient) -> RunRow:
        asked = RetryRefused(list=await list_id(client, named) if named else "", account=account)
        run = await client.call(QUARANTINE_RETRY, asked)
        under_way[:] = [run]
        return await until_ended(client, run, display()) if wait else run

    with told_when_left() as under_way:
        run = with_service(chosen, start)
    print_json(run) if chosen.json else print_run(run)
    return exit_for(run)


@command.command()
@click.argument("named", metavar="LIST")
@click.option("--person", "people", multiple=True, required=True, metavar="ID", help="This record; may be repeated.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="For so long.")
@click.option("--why", default="", help="Kept with your name.")
@click.pass_context
def ignore(context: click.Context, named: str, people: tuple[str, ...], days: int, why: str) -> None:
    """Hear nothing of refused rows of LIST for a while, or until the record changes."""
    chosen = choices(context)

    async def let_rest(client: ServiceClient) -> RefusedIgnored:
        asked = IgnoreRefused(list=await list_id(client, named), people=people, days=days, why=why)
        return await client.call(QUARANTINE_IGNORE, asked)

    done = with_service(chosen, let_rest)
    if chosen.json:
        print_json(done)
        return
    say(f"{counted(done.people, 'is', 'are')} ignored until {moment(done.until)}.")
    say_of_others(people, done.people)


@command.command()
@click.argument("named", metavar="LIST")
@click.argument("stranger")
@click.argument("record")
@click.pass_context
def pick(context: click.Context, named: str, stranger: str, record: str) -> int:
    """Say which RECORD a STRANGER of the address book is (AMBIGUOUS_MATCH): it joins LIST, by a synchronisation that is
    followed to its end. Both ids as `dyntui quarantine list` shows them."""
    chosen = choices(context)

    async def ask(client: ServiceClient) -> RunRow:
        asked = PickMatch(list=await list_id(client, named), stranger=stranger, record=record)
        run = await client.call(QUARANTINE_PICK, asked)
        under_way[:] = [run]
        return await until_ended(client, run, display())

    with told_when_left() as under_way:
        run = with_service(chosen, ask)
    print_json(run) if chosen.json else print_run(run)
    return exit_for(run)


@command.command()
@out_option("--out", required=True, help=ROWS, rows=True)
@overwrite_option
@click.pass_context
def export(context: click.Context, out: NewFile) -> None:
    """Write all refused rows but those that are ignored into a file. A spreadsheet takes none of it for a formula."""

    async def read(client: ServiceClient) -> int:
        with rows_into(out, PEOPLE, "People") as write:
            done = 0
            async for rows in every_page(client, QUARANTINE_PAGE, RefusedQuery()):
                write([_person(row) for row in rows])
                done += len(rows)
        return done

    say(f"{are(with_service(choices(context), read), 'row', 'rows')} in {out.path}.")


def _person(row: RefusedRow) -> PersonOutcome:
    return PersonOutcome(
        person=row.person,
        entity=row.entity,
        name=row.name,
        address=row.address,
        outcome=Outcome.REJECTED,
        reason=row.reason,
        detail=f"{row.list_name}: {row.detail}",
    )
