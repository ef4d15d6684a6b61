"""`dyntui sign-out`: the service forgets who you are in Dynamics."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_json, say
from dyntui.cli.service_call import with_service
from dyntui.service.contract.session import SIGN_OUT, Nothing


@click.command("sign-out", cls=Command)
@click.pass_context
def command(context: click.Context) -> None:
    """Sign out: whoever uses dyntui next as this user of the machine has to sign in first.

    Runs, schedules and sends that are held go on: they are the service's.
    """
    state = with_service(choices(context), lambda client: client.call(SIGN_OUT, Nothing()))
    if choices(context).json:
        print_json(state)
    else:
        say(f"{state.user} is signed out." if state.user else "Nobody was signed in.")
