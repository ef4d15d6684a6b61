"""`dyntui suppressions`: addresses that are never mailed."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import moment, print_json, print_table, say_how_many
from dyntui.cli.service_call import ask
from dyntui.cli.windows import window_options
from dyntui.service.contract import methods
from dyntui.service.contract.suppressions import SuppressionsQuery


@click.group(cls=Group)
def command() -> None:
    """Addresses that are never mailed, as dyntui knows them."""


@command.command("list")
@click.option("--account", default="", help="Only this email account's.")
@window_options
@click.pass_context
def list_(context: click.Context, account: str, offset: int, limit: int, search: str, sort: str) -> None:
    """The suppressed addresses, why, and since when."""
    query = SuppressionsQuery(account=account, offset=offset, limit=limit, search=search, sort=sort)
    page = ask(choices(context), methods.SUPPRESSIONS, query)
    if choices(context).json:
        print_json(page)
        return
    print_table(
        ["address", "status", "reason", "suppressed", "learned", "account"],
        (
            (row.address, row.status, row.reason, moment(row.suppressed_on), moment(row.learned_on), row.account)
            for row in page.rows
        ),
    )
    say_how_many(len(page.rows), page.matching, page.total)
