"""`dyntui doctor`: what is wrong with the installation, and how it is mended."""

from __future__ import annotations

import click

from dyntui.cli import first_connection
from dyntui.cli.lazy import Command, choices
from dyntui.cli.out_file import out_option, overwrite_option, writing
from dyntui.cli.output import dated, number, print_facts, print_json, say
from dyntui.cli.service_call import with_service
from dyntui.model.errors import Exit
from dyntui.model.health import wrong
from dyntui.service import support_bundle
from dyntui.service.client import ServiceClient
from dyntui.service.contract.health import HEALTH_CHECK, Health, Severity
from dyntui.service.contract.runs import RUN_START, StartRun
from dyntui.service.contract.session import STATUS, Nothing, Status
from dyntui.service.new_files import NewFile
from dyntui.service.profile import open_profile


@click.command("doctor", cls=Command)
@click.option("--fix", is_flag=True, help="Start the synchronisations that mend what can be mended without risk.")
@click.option("--first", is_flag=True, help="Ask both systems what is assumed of them, before the first list and send.")
@click.option(
    "--from", "before", metavar="FILE", help="As --first, but before setup: from the file that setup would be given."
)
@out_option("--report", help="Write what they answered as a text to be sent on: no names, no addresses.")
@out_option("--bundle", help="Write all of it for support, masked.")
@overwrite_option
@click.pass_context
def command(
    context: click.Context, fix: bool, first: bool, before: str | None, report: NewFile | None, bundle: NewFile | None
) -> int:
    """What is wrong with the installation, what it means, and how it is mended.

    Looks at both systems, rights, what is installed, lists and their address books, mappings, schedules, limits, the
    store and this machine. Ends with 0 when all is well, with 4 when something needs mending, with 1 when something
    does not work. A next step, such as a canary import before the first list, is nothing that is wrong.

    With --first it asks what dyntui assumes of both systems without the vendors saying so: some ninety calls, which
    change nothing. What they answer is kept for thirty days; where it is otherwise or not known, dyntui goes the way
    that is safe. --report without --first writes what was answered last. With --from it asks before setup, as setup
    would sign in, and neither installs nor keeps anything.
    """
    chosen = choices(context)
    asks = first or before is not None or report is not None
    if asks and (fix or bundle is not None):
        raise click.UsageError("--fix and --bundle are not taken together with --first, --from and --report.")
    if first and before is not None:
        raise click.UsageError("Give --first or --from, not both.")
    if asks:
        return int(first_connection.command(chosen, anew=first, report=report, before=before))

    async def ask(client: ServiceClient) -> tuple[Health, Status, tuple[str, ...]]:
        health = await client.call(HEALTH_CHECK, Nothing())
        status = await client.call(STATUS, Nothing())
        return health, status, await _mend(client, health) if fix else ()

    health, status, started = with_service(chosen, ask)
    if bundle is not None:
        with writing(bundle) as file:
            support_bundle.write(file, open_profile(chosen.profile), health, status)
        say(f"Written: {bundle.path}. Addresses of people are masked; secrets are in none of it.")
    if chosen.json:
        print_json(health)
    else:
        _print(health)
        for each in started:
            say(f"Started: {each}.")
    return int(_exit(health))


def _print(health: Health) -> None:
    for place, each in enumerate(health.findings):
        if place:
            click.echo()
        print_facts(
            [
                (str(each.severity), f"{each.part}: {dated(each.text)}"),
                ("code", each.code),
                ("means", each.meaning),
                ("remedy", each.remedy),
            ]
        )
    found = wrong(health.findings)
    failed = sum(each.severity is Severity.FAILED for each in found)
    mending = len(found) - failed
    if found:
        say(f"{number(failed)} failed, {number(mending)} to mend, in {number(len(health.looked_at))} parts.")
    else:
        say(f"All is well: {', '.join(health.looked_at)}.")
    if any(each.mended_by for each in health.findings):
        say("`dyntui doctor --fix` starts the synchronisations that mend some of it.")


def _exit(health: Health) -> Exit:
    if any(each.severity is Severity.FAILED for each in health.findings):
        return Exit.FAILED
    return Exit.HELD if wrong(health.findings) else Exit.DONE


async def _mend(client: ServiceClient, health: Health) -> tuple[str, ...]:
    """Runs, each once, for every finding that one mends."""
    runs = dict.fromkeys((each.mended_by, each.account) for each in health.findings if each.mended_by)
    asked = [StartRun(sync_type=sync_type, account=account) for sync_type, account in runs]
    return tuple([(await client.call(RUN_START, each)).title for each in asked])
