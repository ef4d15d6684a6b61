"""`dyntui roles`: the connector's security roles, what each lets somebody do, and which of them one holds."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_facts, print_json, print_table, say, yes_no
from dyntui.cli.service_call import ask
from dyntui.model.roles import Ability, Role, abilities
from dyntui.service.contract.session import HELLO, Nothing


@click.command(cls=Command)
@click.pass_context
def command(context: click.Context) -> None:
    """The security roles that dyntui knows, what each lets somebody do, and which of them you hold.

    They are given in Dynamics, to users and to teams; several add up.
    """
    chosen = choices(context)
    hello = ask(chosen, HELLO, Nothing())
    if chosen.json:
        print_json(hello)
        return
    held = ", ".join(hello.roles) or "none of these roles"
    as_of = "" if hello.roles_known else ", as last read"
    print_facts([("You", hello.user or "not signed in"), ("Your roles", f"{held}{as_of}")])
    click.echo()
    print_table(
        ["to", *(str(role) for role in Role)],
        ([each.value, *(yes_no(each in abilities([role])) for role in Role)] for each in Ability),
    )
    if not hello.roles_known:
        say("Dynamics does not tell your roles just now: `dyntui status` says why.")
