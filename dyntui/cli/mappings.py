"""`dyntui mappings`: which columns of Dynamics feed which data labels, and the other way round."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
import msgspec

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.output import moment, number, print_json, print_table, say, yes_no
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask, with_service
from dyntui.model import mapping_file
from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.labels import canonical
from dyntui.model.mapping import ConflictRule, DataMapping
from dyntui.model.people import Entity
from dyntui.model.plain import plain
from dyntui.service.client import ServiceClient
from dyntui.service.contract.mappings import (
    MAPPINGS_COLUMNS,
    MAPPINGS_DIFF,
    MAPPINGS_EXPORT,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_IMPORT,
    MAPPINGS_PAGE,
    MAPPINGS_PREVIEW,
    MAPPINGS_RESTORE,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
    ColumnRow,
    ColumnsQuery,
    DiffMappings,
    Finding,
    ImportMappings,
    MappingRow,
    MappingsChecked,
    MappingsOf,
    MappingsQuery,
    MappingsSaved,
    PreviewMappings,
    PreviewPerson,
    RestoreMappings,
    SaveMappings,
    ValidateMappings,
)

_ACCOUNT = click.option("--account", default="", metavar="ACCOUNT", help="Of this email account.")
_WHY = click.option("--why", default="", help="Kept with the version, beside your name.")
_ACKNOWLEDGE = click.option("--acknowledge", is_flag=True, help="Warnings are known.")
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
@_ACCOUNT
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
@_WHY
@_ACKNOWLEDGE
@_ACCOUNT
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
@_WHY
@_ACKNOWLEDGE
@_ACCOUNT
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
@_WHY
@_ACCOUNT
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
    _ask(chosen, checked)
    _saved(chosen, ask(chosen, MAPPINGS_SAVE, asked))


def _ask(chosen: Choices, checked: MappingsChecked) -> None:
    if checked.people and all(each.warning for each in checked.findings):
        confirm(
            chosen,
            f"{number(checked.people)} people are sent again, in {number(checked.imports)} imports of some "
            f"{number(checked.seconds)} seconds. Save the mappings?",
            not_done="No mapping was changed.",
        )


def _saved(chosen: Choices, answer: MappingsSaved) -> None:
    if chosen.json:
        print_json(answer)
        return
    for each in answer.changes:
        click.echo(each)
    if not answer.changes:
        say(f"Nothing differs: version {answer.version} counts as before.")
        return
    say(f"Version {answer.version} counts now.")
    if answer.people:
        say(f"The next synchronisation sends {number(answer.people)} people again.")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_ACCOUNT
@click.pass_context
def validate(context: click.Context, file: Path | None, account: str) -> int:
    """Check the mappings that count, or those of a FILE, without changing anything."""
    chosen = choices(context)
    text = _read(file) if file is not None else ""
    checked = ask(chosen, MAPPINGS_VALIDATE, ValidateMappings(account=account, file=text))
    errors = [each for each in checked.findings if not each.warning]
    if chosen.json:
        print_json(checked)
        return int(Exit.FAILED if errors else Exit.DONE)
    _print_findings(checked.findings)
    for each in checked.changes:
        click.echo(each)
    if checked.people:
        say(f"Importing it sends {number(checked.people)} people again.")
    say(f"{len(errors)} errors, {len(checked.findings) - len(errors)} warnings.")
    return int(Exit.FAILED if errors else Exit.DONE)


def _print_findings(findings: Sequence[Finding]) -> None:
    if findings:
        print_table(
            ["row", "mapping", "", "code", "what", "remedy"],
            (
                [
                    str(each.row),
                    each.about,
                    "warning" if each.warning else "error",
                    each.code,
                    each.message,
                    each.remedy,
                ]
                for each in findings
            ),
            right=["row"],
            whole=["code"],
        )


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--version", type=click.IntRange(0), help="This version; without it the one that counts.")
@_ACCOUNT
@click.pass_context
def export(context: click.Context, file: Path | None, version: int | None, account: str) -> None:
    """Write the mappings as TOML, to FILE or to standard output."""
    chosen = choices(context)
    answer = ask(chosen, MAPPINGS_EXPORT, MappingsOf(account=account, version=version))
    if chosen.json:
        print_json(answer)
        return
    if file is None:
        click.echo(answer.file, nl=False)
        return
    file.write_text(answer.file, encoding="utf-8")
    say(f"Version {answer.version} of {answer.account} is in {file}.")


@command.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_WHY
@_ACKNOWLEDGE
@_ACCOUNT
@click.pass_context
def import_(context: click.Context, file: Path, why: str, acknowledge: bool, account: str) -> None:
    """Put the mappings of FILE (- for standard input) in place of all that count.

    All of the file is checked first; unless all of it is right, nothing is changed. What counted before is a version
    that `restore` brings back.
    """
    chosen = choices(context)
    text = _read(file)
    checked = ask(chosen, MAPPINGS_VALIDATE, ValidateMappings(account=account, file=text))
    _ask(chosen, checked)
    asked = ImportMappings(account=account, file=text, why=why or f"Imported from {file.name}", acknowledge=acknowledge)
    _saved(chosen, ask(chosen, MAPPINGS_IMPORT, asked))


def _read(file: Path) -> str:
    """Raises MAPPING_FILE_UNREADABLE."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, f"{error}.") from error


def _unreadable(file: Path, why: str) -> DyntuiError:
    return DyntuiError(
        "MAPPING_FILE_UNREADABLE",
        f"{file} cannot be read: {why}",
        not_done="No mapping was changed.",
        remedy="Name a file that `dyntui mappings export` has written.",
        exit=Exit.USAGE,
    )


@command.command()
@_ACCOUNT
@click.pass_context
def history(context: click.Context, account: str) -> None:
    """All versions of the mappings, the newest first: who, when, why, and what changed."""
    answer = ask(choices(context), MAPPINGS_HISTORY, MappingsOf(account=account))
    if choices(context).json:
        print_json(answer)
        return
    print_table(
        ["version", "when", "who", "why", "mappings", "changes"],
        (
            [
                str(each.version),
                moment(each.made_on),
                each.made_by,
                each.why,
                str(each.mappings),
                "; ".join(each.changes) if each.version else "",
            ]
            for each in answer.versions
        ),
        right=["version", "mappings"],
        whole=["when"],
    )


@command.command()
@click.argument("before", type=click.IntRange(0))
@click.argument("after", type=click.IntRange(0), required=False)
@_ACCOUNT
@click.pass_context
def diff(context: click.Context, before: int, after: int | None, account: str) -> int:
    """What leads from version BEFORE to AFTER, or to the one that counts: + added, - gone, ~ changed."""
    answer = ask(choices(context), MAPPINGS_DIFF, DiffMappings(account=account, before=before, after=after))
    if choices(context).json:
        print_json(answer)
    else:
        for each in answer.words:
            click.echo(each)
        if not answer.words:
            say(f"Versions {answer.before} and {answer.after} are the same.")
    return int(Exit.CHANGES if answer.changes else Exit.DONE)


@command.command()
@click.argument("version", type=click.IntRange(0))
@_WHY
@_ACKNOWLEDGE
@_ACCOUNT
@click.pass_context
def restore(context: click.Context, version: int, why: str, acknowledge: bool, account: str) -> None:
    """Let VERSION count again. What counts now stays a version."""
    _restore(choices(context), account, version, why, acknowledge)


@command.command()
@_WHY
@_ACKNOWLEDGE
@_ACCOUNT
@click.pass_context
def reset(context: click.Context, why: str, acknowledge: bool, account: str) -> None:
    """Let the mappings count again with which every email account begins. What counts now stays a version."""
    _restore(choices(context), account, 0, why, acknowledge)


def _restore(chosen: Choices, account: str, version: int, why: str, acknowledge: bool) -> None:
    async def check(client: ServiceClient) -> MappingsChecked:
        found = await client.call(MAPPINGS_GET, MappingsOf(account=account, version=version))
        asked = ValidateMappings(account=account, mappings=found.version.mappings)
        return await client.call(MAPPINGS_VALIDATE, asked)

    _ask(chosen, with_service(chosen, check))
    asked = RestoreMappings(account=account, version=version, why=why, acknowledge=acknowledge)
    _saved(chosen, ask(chosen, MAPPINGS_RESTORE, asked))


@command.command()
@click.argument("entity", type=_ENTITY)
@click.option("--address", "addresses", multiple=True, metavar="ADDRESS", help="This person; may be given again.")
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="So many people.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="The mappings of this file.")
@_ACCOUNT
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
        mappings=None if file is None else tuple(_mappings_of(file)),
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


def _mappings_of(file: Path) -> Sequence[DataMapping]:
    """Raises MAPPING_FILE_UNREADABLE."""
    mappings, found = mapping_file.read(_read(file))
    if found:
        first = found[0]
        raise _unreadable(file, f"row {first.row} ({first.about}): {first.message}")
    return mappings
