"""`dyntui automation-studio`: the way to dotdigital's own screens."""

from __future__ import annotations

import os
import sys

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_json, say
from dyntui.cli.service_call import ask
from dyntui.model.user_mapping import browser_is_here
from dyntui.service.contract.users import STUDIO_OPEN, UsersOf


@click.command("automation-studio", cls=Command)
@click.option("--account", default="", help="The email account; the default one where none is named.")
@click.pass_context
def command(context: click.Context, account: str) -> None:
    """Open dotdigital in the browser; without one, over SSH for example, print its address as a link.

    For users who are mapped (`dyntui users`). Automation stands there in the menu.
    """
    chosen = choices(context)
    found = ask(chosen, STUDIO_OPEN, UsersOf(account=account))
    if chosen.json:
        print_json(found)
        return
    if sys.stdout.isatty() and browser_is_here(sys.platform, os.environ):
        click.launch(found.url)
    # A link by OSC 8; the address itself stays readable where a terminal does not know it.
    click.echo(f"\x1b]8;;{found.url}\x1b\\{found.url}\x1b]8;;\x1b\\" if sys.stdout.isatty() else found.url)
    say(f"Sign in as {found.user}.")
