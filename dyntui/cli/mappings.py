"""`dyntui mappings`: which columns of Dynamics feed which data labels, and the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
import msgspec

from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.mapping_saving import ACCOUNT, ACKNOWLEDGE, WHY, ask_first, print_saved
from dyntui.cli.mapping_source import mappings_of
from dyntui.cli.mapping_versions import COMMANDS
from dyntui.cli.output import number, print_json, print_table, say, yes_no
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask, with_service
from dyntui.cli.together import require_change
from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.labels import canonical
from dyntui.model.mapping import ConflictRule, DataMapping
from dyntui.model.people import Entity
from dyntui.model.plain import plain
from dyntui.service.client import ServiceClient
from dyntui.service.contract.mappings import (
    MAPPINGS_COLUMNS,
    MAPPINGS_GET,
    MAPPINGS_PAGE,
    MAPPINGS_PREVIEW,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
    ColumnRow,
    ColumnsQuery,
    MappingRow,
    MappingsChecked,
    MappingsOf,
    MappingsQuery,
    PreviewMappings,
    PreviewPerson,
    SaveMappings,
    ValidateMappings,
)

_ENTITY = click.Choice([each.value for each in Entity])
_DIRECTIONS = {"to-dotdigital": Direction.TO_DOTDIGITAL, "to-dynamics": Direction.TO_DYNAMICS}
_DIRECTION = click.Choice(list(_DIRECTIONS))
_CONFLICT = click.Choice([each.value for each in ConflictRule])
_CHOICE = click.Choice([each.value for each in ChoiceAs])


@click.group(cls=Group)
def command() -> None:
    """Data mappings: a data label, a column of account, contact or lead, and a direction.

    Every change makes a version of all mappings together; `history`, `diff` and `restore` work on versions.
    """


for each in COMMANDS:
    command.add_command(each)


_COLUMNS: Columns[MappingRow] = (
    Column("row", lambda row: number(row.row), right=True),
    Column("label", lambda row: row.label, whole=True),
    Column("direction", lambda row: row.direction, whole=True),
    Column("entity", lambda row: row.entity, whole=True),
    Column("column", lambda row: row.column, whole=True),
    Column("type", lambda row: row.column_type),
    Column("conflict", lambda row: row.conflict),
    Column("choice", lambda row: row.choice),
    Column("enabled", lambda row: yes_no(row.enabled)),
    Column("problem", lambda row: row.problem),
)


@command.command("list")
@ACCOUNT
@page_of(MAPPINGS_PAGE, _COLUMNS)
async def list_(_client: ServiceClient, rows: Rows, account: str) -> MappingsQuery:
    """The mappings of an email account, and what is wrong with them."""
    return MappingsQuery(account=account, **rows)


_OF_A_TABLE: Columns[ColumnRow] = (
    Column("column", lambda row: row.column, whole=True),
    Column("label", lambda row: row.label),
    Column("type", lambda row: row.type),
    Column("data label", lambda row: row.label_type, whole=True),
    Column("to Dynamics", lambda row: yes_no(row.writable)),
    Column("choices", lambda row: "; ".join(row.options)),
)


@command.command()
@click.argument("entity", type=_ENTITY)
@page_of(MAPPINGS_COLUMNS, _OF_A_TABLE)
async def columns(_client: ServiceClient, rows: Rows, entity: str) -> ColumnsQuery:
    """The columns of ENTITY that can be mapped, by logical name. `dyntui sync metadata` reads them anew."""
    return ColumnsQuery(entity=Entity(entity), **rows)


@command.command()
@click.argument("label")
@click.argument("entity", type=_ENTITY)
@click.argument("column")
@click.option("--direction", type=_DIRECTION, default="to-dotdigital", show_default=True)
@click.option("--conflict", type=_CONFLICT, default="dotdigital", show_default=True, help="Whose value wins.")
@click.option("--choice", type=_CHOICE, default="label", show_default=True, help="What of a choice or lookup is sent.")
@click.option("--disabled", is_flag=True, help="Keep it without using it.")
@WHY
@ACKNOWLEDGE
@ACCOUNT
@click.pass_context
def create(
    context: click.Context,
    label: str,
    entity: str,
    column: str,
    direction: str,
    conflict: str,
    choice: str,
    disabled: bool,
    why: str,
    acknowledge: bool,
    account: str,
) -> None:
    """Map LABEL to the COLUMN of ENTITY.

    COLUMN is a logical name, or one over a lookup such as primarycontactid.jobtitle. Both ways are two mappings.
    """
    made = DataMapping(
        label=canonical(label),
        entity=Entity(entity),
        column=column,
        direction=_DIRECTIONS[direction],
        conflict=ConflictRule(conflict),
        enabled=not disabled,
        choice=ChoiceAs(choice),
    )
    _change(choices(context), account, why or f"Mapped {made.words}", acknowledge, lambda now: (*now, made))


def _one(function: Callable[..., None]) -> Callable[..., None]:
    """Adds what names one mapping."""
    for option in (
        click.option("--direction", type=_DIRECTION, help="Which of several, by direction."),
        click.option("--column", default="", help="Which of several, by column."),
        click.argument("entity", type=_ENTITY),
        click.argument("label"),
    ):
        function = option(function)
    return function


@command.command()
@_one
@click.option("--to-column", default="", metavar="COLUMN", help="Map it to this column instead.")
@click.option("--conflict", type=_CONFLICT, help="Whose value wins.")
@click.option("--choice", type=_CHOICE, help="What of a choice or lookup is sent.")
@click.option("--enable/--disable", default=None, help="Use it, or keep it without using it.")
@WHY
@ACKNOWLEDGE
@ACCOUNT
@click.pass_context
def edit(
    context: click.Context,
    label: str,
    entity: str,
    column: str,
    direction: str | None,
    to_column: str,
    conflict: str | None,
    choice: str | None,
    enable: bool | None,
    why: str,
    acknowledge: bool,
    account: str,
) -> None:
    """Change the mapping of LABEL and ENTITY; what is not given stays as it is."""
    require_change(context, "column", "direction", "why", "acknowledge", "account")

    def edited(now: Sequence[DataMapping]) -> Iterable[DataMapping]:
        place = _place(now, label, entity, column, direction)
        was = now[place]
        wanted = msgspec.structs.replace(
            was,
            column=to_column or was.column,
            conflict=ConflictRule(conflict) if conflict else was.conflict,
            choice=ChoiceAs(choice) if choice else was.choice,
            enabled=was.enabled if enable is None else enable,
        )
        return [*now[:place], wanted, *now[place + 1 :]]

    _change(choices(context), account, why or f"Edited {canonical(label)} of {entity}", acknowledge, edited)


@command.command()
@_one
@WHY
@ACCOUNT
@click.pass_context
def delete(
    context: click.Context, label: str, entity: str, column: str, direction: str | None, why: str, account: str
) -> None:
    """Delete the mapping of LABEL and ENTITY. What the data field or the column holds stays there."""

    def without(now: Sequence[DataMapping]) -> Iterable[DataMapping]:
        place = _place(now, label, entity, column, direction)
        return [*now[:place], *now[place + 1 :]]

    _change(choices(context), account, why or f"Deleted {canonical(label)} of {entity}", True, without)


def _place(now: Sequence[DataMapping], label: str, entity: str, column: str, direction: str | None) -> int:
    """Which mapping is meant. Raises MAPPING_UNKNOWN, MAPPING_AMBIGUOUS."""
    found = [
        place
        for place, each in enumerate(now)
        if each.label == canonical(label)
        and each.entity.value == entity
        and column in ("", each.column)
        and (direction is None or each.direction is _DIRECTIONS[direction])
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise DyntuiError(
            "MAPPING_UNKNOWN",
            f"{canonical(label)} is not mapped like that for {entity}.",
            not_done="No mapping was changed.",
            remedy="See `dyntui mappings list`.",
            exit=Exit.USAGE,
        )
    raise DyntuiError(
        "MAPPING_AMBIGUOUS",
        f"Several mappings are meant: {'; '.join(now[each].words for each in found)}.",
        not_done="No mapping was changed.",
        remedy="Say which: --direction, --column.",
        exit=Exit.USAGE,
    )


def _change(
    chosen: Choices,
    account: str,
    why: str,
    acknowledge: bool,
    changed: Callable[[Sequence[DataMapping]], Iterable[DataMapping]],
) -> None:
    """Says what the change costs, asks where people are sent again, and saves it."""

    async def check(client: ServiceClient) -> tuple[SaveMappings, MappingsChecked]:
        now = await client.call(MAPPINGS_GET, MappingsOf(account=account))
        wanted = tuple(changed(now.version.mappings))
        asked = SaveMappings(
            account=account, based_on=now.version.version, mappings=wanted, why=why, acknowledge=acknowledge
        )
        return asked, await client.call(MAPPINGS_VALIDATE, ValidateMappings(account=account, mappings=wanted))

    asked, checked = with_service(chosen, check)
    ask_first(chosen, checked)
    print_saved(chosen, ask(chosen, MAPPINGS_SAVE, asked))


@command.command()
@click.argument("entity", type=_ENTITY)
@click.option("--address", "addresses", multiple=True, metavar="ADDRESS", help="This person; may be given again.")
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="So many people.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="The mappings of this file.")
@ACCOUNT
@click.pass_context
def preview(
    context: click.Context, entity: str, addresses: tuple[str, ...], limit: int, file: Path | None, account: str
) -> None:
    """What the mappings make of real people of ENTITY: the value given, and before and after on the other side.

    Without an address: some of those on activated lists. Nothing is written.
    """
    chosen = choices(context)
    asked = PreviewMappings(
        account=account,
        entity=Entity(entity),
        mappings=None if file is None else tuple(mappings_of(file)),
        addresses=addresses,
        limit=max(limit, len(addresses)),
    )
    answer = ask(chosen, MAPPINGS_PREVIEW, asked)
    if chosen.json:
        print_json(answer)
        return
    for person in answer.people:
        _print_person(person)
    if not answer.people:
        say("Nobody was found: name an address, or activate and synchronise a list first.")


def _print_person(person: PreviewPerson) -> None:
    missing = "" if person.in_dotdigital else ", not in dotdigital"
    click.echo(plain(f"{person.name} <{person.address}>{missing}"))
    print_table(
        ["label", "direction", "column", "given", "before", "after", ""],
        (
            [
                each.label,
                each.direction,
                each.column,
                each.given,
                each.before,
                each.after,
                f"rejected: {each.rejected}" if each.rejected else "changes" if each.changes else "",
            ]
            for each in person.values
        ),
    )
