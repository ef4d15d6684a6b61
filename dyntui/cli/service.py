"""`dyntui serve`, `stop` and `status`: the service as such."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import moment, number, print_facts, print_json, print_table, say, yes_no
from dyntui.cli.service_call import with_running_service
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.held import waits_in_words
from dyntui.service.client import ServiceClient
from dyntui.service.contract.session import STATUS, STOP, Nothing
from dyntui.service.lock import let_private_end, until_released
from dyntui.service.profile import open_profile

# Whatever is away: the service says of each part what it knows in half of this.
STATUS_SECONDS = 2.7


@click.command("serve", cls=Command)
@click.pass_context
def serve(context: click.Context) -> int:
    """Run the service in the foreground until it is told to end (Ctrl-C, `dyntui stop`, SIGTERM)."""
    import sys

    from dyntui.service.assembly import build
    from dyntui.service.process import Life, run_service

    profile = open_profile(choices(context).profile)
    if let_private_end(profile):
        say("The private service of an earlier command has ended; its runs go on here.")
    return run_service(profile, build, Life(long_lived=True, terminal=sys.stderr.isatty()))


@click.command("stop", cls=Command)
@click.pass_context
def stop(context: click.Context) -> int:
    """End the running service. Runs stop where they are and resume when it starts again.

    One that stays (`dyntui serve`) ends for an Email Marketing Manager; Ctrl-C and SIGTERM end it in any case.
    """

    async def end(client: ServiceClient) -> None:
        await client.call(STOP, Nothing())
        await client.closed()

    chosen = choices(context)
    try:
        with_running_service(chosen, end, any_version=True)
    except DyntuiError as error:
        if error.code != "SERVICE_NOT_RUNNING":
            raise
        say("No service is running.")
        return int(Exit.DONE)
    until_released(open_profile(chosen.profile))
    say("The service has ended.")
    return int(Exit.DONE)


@click.command("status", cls=Command)
@click.pass_context
def status(context: click.Context) -> int:
    """The running service, the store, sign-in, API calls, and anything held."""

    async def ask(client: ServiceClient) -> int:
        answer = await client.call(STATUS, Nothing())
        if choices(context).json:
            print_json(answer)
        else:
            print_facts(
                [
                    ("Version", answer.version),
                    ("Profile", answer.profile),
                    ("Process", str(answer.process)),
                    ("Long-lived", yes_no(answer.long_lived)),
                    ("Started", moment(answer.started_on)),
                    ("Store", answer.store),
                    ("Active runs", number(answer.active_runs)),
                    ("Held", number(answer.held)),
                    ("Decisions", waits_in_words(answer.waiting) or "none"),
                    ("Dynamics calls", f"{number(answer.dataverse_calls)} in the last hour"),
                    ("dotdigital calls", f"{number(answer.dotdigital_calls)} in the last hour"),
                ]
            )
            click.echo()
            print_table(["check", "state", ""], ((one.name, one.state, one.text) for one in answer.checks))
            click.echo()
            print_table(
                ["calls of", "limit", "used", "of", "gets free", "used up", "used by"],
                (
                    (
                        each.account,
                        each.limit,
                        number(each.used),
                        number(each.most),
                        moment(each.frees_on),
                        moment(each.used_up_on),
                        ", ".join(f"{share.kind} {number(share.used)}" for share in each.shares),
                    )
                    for each in answer.budgets
                ),
            )
            if answer.watched:
                click.echo()
                print_table(
                    ["opt-outs of", "source", "known until", "failing since", ""],
                    (
                        (each.account, each.source, moment(each.as_of), moment(each.failing_since), each.error)
                        for each in answer.watched
                    ),
                )
        return int(Exit.HELD if answer.held else Exit.DONE)

    return with_running_service(choices(context), ask, limit=STATUS_SECONDS)
