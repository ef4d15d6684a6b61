"""`dyntui users`: which user of Dynamics a user of dotdigital is."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.users import USERS_LIST, USERS_MAP, Choice, MapUsers, Users, UsersOf

_ACCOUNT = click.option("--account", default="", help="The email account; the default one where none is named.")


@click.group(cls=Group)
def command() -> None:
    """Which user of Dynamics a user of dotdigital is, one to one."""


@command.command("list")
@_ACCOUNT
@click.pass_context
def list_(context: click.Context, account: str) -> None:
    """The users of dotdigital, who each of them is, and who has the same address."""
    chosen = choices(context)
    _print(chosen, ask(chosen, USERS_LIST, UsersOf(account=account)))


@command.command("map")
@click.argument("address", default="")
@click.argument("user", default="")
@click.option("--suggested", is_flag=True, help="Everybody whose address is the same on both sides.")
@_ACCOUNT
@click.pass_context
def map_(context: click.Context, address: str, user: str, suggested: bool, account: str) -> None:
    """Say that the user of dotdigital with ADDRESS is USER of Dynamics: an address, a user name, a name or an id.

    USER has to hold one of the connector's roles.
    """
    chosen = choices(context)
    if address if suggested else not user:
        raise DyntuiError(
            "USERS_UNNAMED",
            "It is not said who is whom.",
            not_done="Nobody was mapped.",
            remedy="Name both, as `dyntui users map ADDRESS USER`, or give --suggested alone.",
            exit=Exit.USAGE,
        )
    made: tuple[Choice, ...] = (Choice(dotdigital=address, to=user),)
    if suggested:
        known = ask(chosen, USERS_LIST, UsersOf(account=account))
        rows = [each for each in known.rows if each.suggested_id]
        if not rows:
            say("Nobody who is not mapped has the same address on both sides.")
            _print(chosen, known)
            return
        for each in rows:
            say(f"{each.dotdigital} is {each.suggested}")
        confirm(chosen, "Map them?", not_done="Nobody was mapped.")
        made = tuple(Choice(dotdigital=each.dotdigital, to=each.suggested_id) for each in rows)
    _print(chosen, ask(chosen, USERS_MAP, MapUsers(account=account, choices=made)))


@command.command()
@click.argument("address")
@_ACCOUNT
@click.pass_context
def unmap(context: click.Context, address: str, account: str) -> None:
    """Say that the user of dotdigital with ADDRESS is nobody in Dynamics any more."""
    chosen = choices(context)
    made = (Choice(dotdigital=address, to=""),)
    _print(chosen, ask(chosen, USERS_MAP, MapUsers(account=account, choices=made)))


def _print(chosen: Choices, answer: Users) -> None:
    if chosen.json:
        print_json(answer)
        return
    print_table(
        ["dotdigital", "Dynamics", "address", "suggested", "mapped by", "on", ""],
        (
            [
                each.dotdigital,
                each.name,
                each.address,
                each.suggested,
                each.mapped_by,
                moment(each.mapped_on),
                each.gone,
            ]
            for each in answer.rows
        ),
    )
    mapped = sum(bool(each.user_id) for each in answer.rows)
    say(f"{mapped} of {len(answer.rows)} users of {answer.account} are mapped.")
    if not answer.rows:
        say("dotdigital names no users of this account.")
