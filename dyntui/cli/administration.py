"""`dyntui audit administration`: what administrators changed by hand."""

from __future__ import annotations

import click

from dyntui.cli.campaign_history import COLUMNS
from dyntui.cli.lazy import Command
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.model.admin_changes import AdminChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.administration import ADMINISTRATION, AdministrationQuery

_COLUMNS: Columns[AdminChange] = (*COLUMNS[:2], Column("subject", lambda row: row.subject), *COLUMNS[2:])


@click.command("administration", cls=Command)
@click.option("--subject", default="", metavar="NAME", help="Of this one alone, such as accounts or suppressions.")
@page_of(ADMINISTRATION, _COLUMNS)
async def administration(_client: ServiceClient, rows: Rows, subject: str) -> AdministrationQuery:
    """Who changed what by hand: accounts, users, labels, mappings, schedules, suppressions, campaigns."""
    return AdministrationQuery(subject=subject, **rows)
