"""`dyntui canary`: one import of one address, before anybody else is imported."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_json, say
from dyntui.cli.service_call import ask
from dyntui.model.errors import Exit
from dyntui.service.contract.setup import CANARY, Canary


@click.command("canary", cls=Command)
@click.argument("address")
@click.option("--account", default="", help="The email account, by name or id; the default one where none is named.")
@click.pass_context
def command(context: click.Context, address: str, account: str) -> int:
    """Find out whether the email account mails everybody who is imported.

    ADDRESS is one of your own that the account does not know yet, such as name+canary@your.example. It is imported into
    the address book "dyntui canary", and its status tells. Nobody else is imported before that, unless setup was told.
    """
    report = ask(choices(context), CANARY, Canary(address=address, account=account))
    if choices(context).json:
        print_json(report)
    elif report.double_opt_in == "all":
        say(f"{report.account} enforces double opt-in: {address} was sent a mail to confirm.")
        say("Nobody is imported until that is switched off for bulk uploads in dotdigital; then fly another canary.")
    else:
        say(f"{report.account} took {address} without asking for confirmation: lists can be synchronised.")
    return int(Exit.HELD if report.double_opt_in == "all" else Exit.DONE)
