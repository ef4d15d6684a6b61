"""What a run wrote, on the command line: a line for each person, with the fields before and after."""

from __future__ import annotations

import click

from dyntui.cli.lazy import choices
from dyntui.cli.pages import Column, Columns, print_page
from dyntui.cli.service_call import ask
from dyntui.model.changes import AppliedChange
from dyntui.service.contract.changes import CHANGES_PAGE, WrittenQuery, effect_text, fields_text

_COLUMNS: Columns[AppliedChange] = (
    Column("effect", effect_text, whole=True),
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("fields", fields_text),
    Column("reason", lambda row: row.reason),
    Column("where", lambda row: row.target, whole=True),
    Column("undone by", lambda row: row.undone_by[:8], whole=True),
)


def print_changes(context: click.Context, query: WrittenQuery) -> None:
    """The changes, or the page of them as JSON."""
    print_page(choices(context), ask(choices(context), CHANGES_PAGE, query), _COLUMNS)
