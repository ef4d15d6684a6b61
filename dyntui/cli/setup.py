"""`dyntui setup`: connect both systems and install what dyntui needs in Dynamics."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections import Counter

import click

from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.output import print_facts, print_json, print_table, say, show_error
from dyntui.cli.service_call import ask, with_service
from dyntui.cli.setup_input import completed, request_in, with_person
from dyntui.model.errors import DyntuiError
from dyntui.model.plain import plain
from dyntui.model.roles import Role
from dyntui.service.client import ServiceClient, Subscription
from dyntui.service.contract.calls import Call
from dyntui.service.contract.session import STATUS, Nothing
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN, SETUP_STEP, SetupReport, SetupRequest, SetupStep
from dyntui.service.profile import open_profile
from dyntui.service.setup_conversation import Conversation
from dyntui.service.setup_environment import said_by
from dyntui.service.setup_questions import no_place_for_secrets, request_of, without_a_keyring


@click.command("setup", cls=Command)
@click.option("--from", "source", metavar="FILE", help="TOML or JSON, or the sandbox's line; - is standard input.")
@click.option("--find", is_flag=True, help="Sign in as yourself first, and choose among your environments.")
@click.option("--plan", is_flag=True, help="Show what would be installed, and change nothing.")
@click.pass_context
def command(context: click.Context, source: str | None, find: bool, plan: bool) -> None:
    """Connect Dynamics and dotdigital, and install what dyntui needs.

    What the environment says already (AZURE_..., DOTDIGITAL_..., a connection string, credentials of systemd) is not
    asked. Without --from the rest is asked for on the terminal. Secrets are typed unseen, go to the service's keyring
    and nowhere else. Running it again changes only what is missing.
    """
    from dyntui.cli.setup_questions import ask_all, correct, show_environment

    chosen = choices(context)
    said = said_by(os.environ)
    if source is not None:
        request, taken = request_in(source, said)
        show_environment(taken)
        request = with_person(request)
        _carry_out(chosen, request, only_plan=plan, shows_plan=source != "-" and sys.stdin.isatty())
        return
    show_environment(said)
    if not sys.stdin.isatty():
        _carry_out(chosen, request_of(completed(said)), only_plan=plan, shows_plan=False)
        return
    _require_keyring(chosen)
    talk = Conversation(said.answers, open_profile(chosen.profile).setup_file)
    if find:
        talk.find()
    ask_all(talk)
    while True:
        try:
            _carry_out(chosen, talk.request(), only_plan=plan, shows_plan=True)
        except DyntuiError as error:
            # Nobody types all of it again for one wrong answer.
            show_error(error, as_json=chosen.json)
            if not correct(talk, error):
                raise click.exceptions.Exit(int(error.exit)) from error
        else:
            if not plan:
                talk.done()
            return


def _carry_out(chosen: Choices, request: SetupRequest, *, only_plan: bool, shows_plan: bool) -> None:
    if only_plan:
        _print(chosen, _asked_with_progress(chosen, SETUP_PLAN, request))
        return
    if shows_plan and not chosen.yes:
        planned = _asked_with_progress(chosen, SETUP_PLAN, request)
        if chosen.json:
            say(f"To be made: {_sums(planned, 'missing') or 'nothing'}")
        else:
            _print_sums(planned)
        say("`dyntui setup --plan` lists each of them.")
        click.confirm("Apply it?", abort=True, err=True)
    report = _asked_with_progress(chosen, SETUP_APPLY, request)
    if chosen.json:
        print_json(report)
    else:
        _print_sums(report)
    say("Connected. `dyntui sign-in` is next, then `dyntui` opens the console.")


def _require_keyring(chosen: Choices) -> None:
    """Asked before the first question: without a keyring every answer would be for nothing."""
    if no_place_for_secrets(ask(chosen, STATUS, Nothing())):
        raise without_a_keyring()


def _asked_with_progress(
    chosen: Choices, method: Call[SetupRequest, SetupReport], request: SetupRequest
) -> SetupReport:
    """The answer; every step is said as it is made sure of: on a terminal in one line, else what is made."""

    async def work(client: ServiceClient) -> SetupReport:
        steps = client.subscribe(SETUP_STEP.name, SETUP_STEP.value)
        showing = asyncio.create_task(_show(steps))
        if sys.stderr.isatty():
            click.echo("Signing in to Dynamics and dotdigital ...", nl=False, err=True)
        try:
            return await client.call(method, request)
        finally:
            steps.close()
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
            if sys.stderr.isatty():
                click.echo("\r\x1b[K", nl=False, err=True)

    try:
        return with_service(chosen, work)
    except KeyboardInterrupt:
        if method is SETUP_APPLY:
            say("The service goes on with setup for a while. `dyntui setup` again makes what is missing.")
        raise


async def _show(steps: Subscription[SetupStep]) -> None:
    number = 0
    async for step in steps:
        number += 1
        if sys.stderr.isatty():
            text = plain(f"{number}: {step.kind} {step.name}")
            click.echo(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}", nl=False, err=True)
        elif step.state == "done":
            say(f"made the {step.kind} {step.name}")


def _print(chosen: Choices, report: SetupReport) -> None:
    """The plan, step by step."""
    if chosen.json:
        print_json(report)
        return
    print_table(["kind", "name", "state"], ((step.kind, step.name, step.state) for step in report.steps))
    click.echo()
    _print_sums(report)


def _print_sums(report: SetupReport) -> None:
    """What is connected, how much of each kind there is to be made or was made, and who administers it."""
    print_facts(
        [
            ("Organisation", f"{report.organisation} ({report.organisation_url})"),
            ("Email accounts", ", ".join(report.accounts)),
            ("There already", _sums(report, "there")),
            ("To be made", _sums(report, "missing") or ("" if report.applied else "nothing")),
            ("Made", _sums(report, "done") or ("nothing" if report.applied else "")),
            (f"{Role.MANAGER}s", ", ".join(report.managers)),
        ]
    )
    if not report.managers:
        say(f"Nobody holds the role {Role.MANAGER} yet: nobody can administer dyntui or send.")
        say("Run setup again and name somebody (in a file: under [assign]), or assign the role in Dynamics.")


def _sums(report: SetupReport, state: str) -> str:
    counts = Counter(step.kind for step in report.steps if step.state == state)
    if not counts:
        return ""
    named = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    return f"{counts.total()} ({named})"
