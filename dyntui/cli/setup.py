"""`dyntui setup`: connect both systems and install what dyntui needs in Dynamics."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from pathlib import Path

import click
import msgspec

from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.output import print_facts, print_json, print_table, say
from dyntui.cli.service_call import with_service
from dyntui.cli.setup_input import asked_for, read_setup
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.service.client import ServiceClient, Subscription
from dyntui.service.contract import methods
from dyntui.service.contract.methods import Method
from dyntui.service.contract.setup import SetupReport, SetupRequest, SetupStep


@click.command("setup", cls=Command)
@click.option("--from", "source", metavar="FILE", help="TOML or JSON, or the sandbox's line; - is standard input.")
@click.option("--plan", is_flag=True, help="Show what would be installed, and change nothing.")
@click.pass_context
def command(context: click.Context, source: str | None, plan: bool) -> None:
    """Connect Dynamics and dotdigital, and install what dyntui needs.

    Without --from the answers are asked for on the terminal. Secrets are typed unseen, go to the service's keyring and
    nowhere else. Running it again changes only what is missing.
    """
    chosen = choices(context)
    request = _request(source)
    if plan:
        _print(chosen, _asked_with_progress(chosen, methods.SETUP_PLAN, request))
        return
    if source != "-" and not chosen.yes and sys.stdin.isatty():
        report = _asked_with_progress(chosen, methods.SETUP_PLAN, request)
        _print(chosen, report, heading="The plan")
        click.confirm("Apply it?", abort=True, err=True)
    report = _asked_with_progress(chosen, methods.SETUP_APPLY, request)
    _print(chosen, report)
    say("Connected. `dyntui sign-in` is next, then `dyntui` opens the console.")


def _asked_with_progress(
    chosen: Choices, method: Method[SetupRequest, SetupReport], request: SetupRequest
) -> SetupReport:
    """The answer; every step is said as it is made sure of: on a terminal in one line, else what is made."""

    async def work(client: ServiceClient) -> SetupReport:
        steps = client.subscribe("setup.step", SetupStep)
        showing = asyncio.create_task(_show(steps))
        try:
            return await client.call(method, request)
        finally:
            steps.close()
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
            if sys.stderr.isatty():
                click.echo("\r\x1b[K", nl=False, err=True)

    return with_service(chosen, work)


async def _show(steps: Subscription[SetupStep]) -> None:
    number = 0
    async for step in steps:
        number += 1
        if sys.stderr.isatty():
            text = f"{number}: {step.kind} {step.name}"
            click.echo(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}", nl=False, err=True)
        elif step.state == "done":
            say(f"made the {step.kind} {step.name}")


def _standard_input() -> str:
    """All of it; or the first line where that is a whole JSON object, since a sandbox prints its line and goes on."""
    first = sys.stdin.readline().removeprefix("\ufeff")
    if first.lstrip().startswith("{"):
        with contextlib.suppress(msgspec.DecodeError):
            msgspec.json.decode(first)
            return first
    return first + sys.stdin.read()


def _request(source: str | None) -> SetupRequest:
    if source is None:
        if not sys.stdin.isatty():
            raise DyntuiError(
                "SETUP_INPUT_MISSING",
                "Nobody is there to be asked, and no file was given.",
                not_done="Nothing was connected.",
                remedy="Add --from FILE, or --from - and the answers on standard input.",
                exit=Exit.USAGE,
            )
        return asked_for()
    if source == "-":
        return read_setup(_standard_input(), "standard input")
    try:
        return read_setup(Path(source).read_text(encoding="utf-8-sig"), source)
    except (OSError, UnicodeDecodeError) as error:
        raise DyntuiError(
            "SETUP_INPUT_UNREADABLE",
            f"{source} cannot be read: {error}.",
            not_done="Nothing was connected.",
            remedy="Check the file's name and rights.",
            exit=Exit.USAGE,
        ) from error


def _print(chosen: Choices, report: SetupReport, heading: str = "") -> None:
    if chosen.json and not heading:
        print_json(report)
        return
    if heading:
        say(heading)
    print_facts(
        [
            ("Organisation", f"{report.organisation} ({report.organisation_url})"),
            ("Email accounts", ", ".join(report.accounts)),
        ]
    )
    click.echo()
    print_table(["kind", "name", "state"], ((step.kind, step.name, step.state) for step in report.steps))
    if report.managers:
        say(f"{Role.MANAGER}: {', '.join(report.managers)}.")
    else:
        say(f"Nobody holds the role {Role.MANAGER} yet: nobody can administer dyntui or send.")
        say("Name somebody under [assign] in the setup file and run setup again, or assign the role in Dynamics.")
