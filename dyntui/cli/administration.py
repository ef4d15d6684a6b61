"""`dyntui audit administration`: what administrators changed by hand."""

from __future__ import annotations

import click

from dyntui.cli.campaign_history import COLUMNS
from dyntui.cli.lazy import Command
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.model.admin_changes import SUBJECTS, AdminChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.administration import ADMINISTRATION, AdministrationQuery

_COLUMNS: Columns[AdminChange] = (*COLUMNS[:2], Column("subject", lambda row: row.subject), *COLUMNS[2:])


@click.command("administration", cls=Command)
@click.option("--subject", type=click.Choice(SUBJECTS), default=None, help="Of this one alone.")
@page_of(ADMINISTRATION, _COLUMNS)
async def administration(_client: ServiceClient, rows: Rows, subject: str | None) -> AdministrationQuery:
    """Who changed what by hand: accounts and what signs in to them, users, labels, mappings, schedules, suppressions,
    the environment, campaigns; and who exported everything known of whom (people)."""
    return AdministrationQuery(subject=subject or "", **rows)
