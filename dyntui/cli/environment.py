"""`dyntui environment`: whether this is production, and who may be mailed if it is not."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices, Group, choices, typed_account
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.service.contract.environment import (
    ENVIRONMENT_ALLOW,
    ENVIRONMENT_GET,
    ENVIRONMENT_MARK,
    ChangeAllowList,
    Environment,
    MarkEnvironment,
)
from dyntui.service.contract.session import Nothing

_ACCOUNT = click.option("--account", default="", help="Only this email account, not the whole organisation.")


@click.group(cls=Group)
def command() -> None:
    """Whether this is production. If it is not, sends mail only whom the allow list names.

    Everybody else ends as NOT_ALLOW_LISTED, in every count and every send.
    """


@command.command()
@click.pass_context
def show(context: click.Context) -> None:
    """What is marked as not production, and the allow list."""
    _print(choices(context), ask(choices(context), ENVIRONMENT_GET, Nothing()))


@command.command("not-production")
@_ACCOUNT
@click.pass_context
def not_production(context: click.Context, account: str) -> None:
    """Mark the organisation, or an email account: only whom the allow list names is mailed from now on."""
    asked = MarkEnvironment(production=False, account=account or typed_account(context))
    _print(choices(context), ask(choices(context), ENVIRONMENT_MARK, asked))


@command.command()
@_ACCOUNT
@click.pass_context
def production(context: click.Context, account: str) -> None:
    """Take the mark away: everybody who has not opted out can be mailed."""
    chosen = choices(context)
    account = account or typed_account(context)
    what = f"The email account {account}" if account else "The organisation"
    confirm(chosen, f"{what} is production, and sends may mail everybody?", not_done="The mark stays.")
    _print(chosen, ask(chosen, ENVIRONMENT_MARK, MarkEnvironment(production=True, account=account)))


@command.command()
@click.argument("entry", nargs=-1, required=True)
@click.pass_context
def allow(context: click.Context, entry: tuple[str, ...]) -> None:
    """Let ENTRY be mailed: addresses, or @example.org for everybody of a domain."""
    _print(choices(context), ask(choices(context), ENVIRONMENT_ALLOW, ChangeAllowList(add=entry)))


@command.command()
@click.argument("entry", nargs=-1, required=True)
@click.pass_context
def disallow(context: click.Context, entry: tuple[str, ...]) -> None:
    """Take ENTRY away from the allow list."""
    _print(choices(context), ask(choices(context), ENVIRONMENT_ALLOW, ChangeAllowList(remove=entry)))


def _print(chosen: Choices, answer: Environment) -> None:
    if chosen.json:
        print_json(answer)
        return
    print_table(
        ["not production", "marked by", "on"],
        ((each.account or "the organisation", each.marked_by, moment(each.marked_on)) for each in answer.marks),
    )
    if not answer.marks:
        say("Everything is production: sends may mail everybody who has not opted out.")
    print_table(
        ["may be mailed", "added by", "on"],
        ((each.entry, each.added_by, moment(each.added_on)) for each in answer.allowed),
    )
    if answer.marks and not answer.allowed:
        say("The allow list is empty: nobody can be mailed. Add addresses: `dyntui environment allow`.")
