"""`dyntui labels`: data labels, the data fields of dotdigital."""

from __future__ import annotations

import click

from dyntui.cli import sync
from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import print_json, say, yes_no
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask
from dyntui.model.labels import LabelType, Visibility
from dyntui.service.client import ServiceClient
from dyntui.service.contract.labels import (
    LABEL_CREATE,
    LABEL_DELETE,
    LABELS_PAGE,
    CreateLabel,
    DeleteLabel,
    LabelRow,
    LabelsQuery,
)

_ACCOUNT = click.option("--account", default="", metavar="ACCOUNT", help="Of this email account.")


@click.group(cls=Group)
def command() -> None:
    """Data labels: the contact data fields of dotdigital, to which columns of Dynamics are mapped."""


_COLUMNS: Columns[LabelRow] = (
    Column("name", lambda row: row.name, whole=True),
    Column("type", lambda row: row.type, whole=True),
    Column("default", lambda row: row.default_value),
    Column("visibility", lambda row: row.visibility, whole=True),
    Column("synchronised", lambda row: f"conflict: {row.conflict}" if row.conflict else yes_no(row.synchronised)),
    Column("mapped", lambda row: "; ".join(row.mapped)),
    Column("description", lambda row: row.description),
)


@command.command("list")
@_ACCOUNT
@page_of(LABELS_PAGE, _COLUMNS)
async def list_(_client: ServiceClient, rows: Rows, account: str) -> LabelsQuery:
    """The labels of an email account, and where they are mapped."""
    return LabelsQuery(account=account, **rows)


@command.command()
@click.argument("name")
@click.argument("type_", metavar="TYPE", type=click.Choice([each.value for each in LabelType], case_sensitive=False))
@click.option(
    "--default",
    default="",
    metavar="VALUE",
    help="What a mail shows where a contact has no value; the contact gets none.",
)
@click.option("--public", is_flag=True, help="Contacts see the field in forms and preference pages.")
@click.option("--description", default="", help="For the people here; dotdigital has no place for it.")
@_ACCOUNT
@click.pass_context
def create(
    context: click.Context, name: str, type_: str, default: str, public: bool, description: str, account: str
) -> None:
    """Make the label NAME: 1 to 20 of A-Z, 0-9, - and _.

    It becomes a data field of dotdigital with `dyntui labels synchronise`.
    """
    asked = CreateLabel(
        account=account,
        name=name,
        type=type_,
        default_value=default,
        visibility=(Visibility.PUBLIC if public else Visibility.PRIVATE).value,
        description=description,
    )
    answer = ask(choices(context), LABEL_CREATE, asked)
    if choices(context).json:
        print_json(answer)
        return
    say(f"{answer.name} is a data label. `dyntui labels synchronise` makes it a data field of dotdigital.")


@command.command()
@_ACCOUNT
@click.pass_context
def synchronise(context: click.Context, account: str) -> int:
    """Unknown data fields become labels, new labels become data fields; conflicts are named.

    The same as `dyntui sync labels`.
    """
    return int(context.invoke(sync.command, what=("labels",), account=account))


@command.command()
@click.argument("name")
@click.option("--confirm", "confirmed", default="", metavar="NAME", help="The name again, instead of being asked.")
@_ACCOUNT
@click.pass_context
def delete(context: click.Context, name: str, confirmed: str, account: str) -> None:
    """Delete the label NAME, its data field, and everything that contacts have in it.

    Refused while the label is mapped, or dotdigital uses the field: campaigns and forms are named.
    """
    chosen = choices(context)
    if not confirmed:
        question = f"Delete the data field {name} with everything that contacts have in it, for ever?"
        confirm(chosen, question, not_done="Nothing was deleted.")
    answer = ask(chosen, LABEL_DELETE, DeleteLabel(account=account, name=name, confirm=confirmed or name))
    if chosen.json:
        print_json(answer)
        return
    say(f"{answer.name} is deleted{', in dotdigital, too' if answer.in_dotdigital else ''}.")
