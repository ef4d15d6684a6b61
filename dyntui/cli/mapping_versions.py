"""The commands of `dyntui mappings` about all mappings together: check, files, versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.mapping_saving import ACCOUNT, ACKNOWLEDGE, WHY, ask_first, print_saved
from dyntui.cli.mapping_source import text_of
from dyntui.cli.out_file import checked, overwrite_option, writing
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.service_call import ask, with_service
from dyntui.model.counted import counted, people_of
from dyntui.model.errors import Exit
from dyntui.model.plain import plain
from dyntui.service.client import ServiceClient
from dyntui.service.contract.mappings import (
    MAPPINGS_DIFF,
    MAPPINGS_EXPORT,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_IMPORT,
    MAPPINGS_RESTORE,
    MAPPINGS_VALIDATE,
    DiffMappings,
    Finding,
    ImportMappings,
    MappingsChecked,
    MappingsOf,
    RestoreMappings,
    ValidateMappings,
)
from dyntui.service.new_files import NewFile


@click.command(cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@ACCOUNT
@click.pass_context
def validate(context: click.Context, file: Path | None, account: str) -> int:
    """Check the mappings that count, or those of a FILE, without changing anything."""
    chosen = choices(context)
    text = text_of(file) if file is not None else ""
    checked = ask(chosen, MAPPINGS_VALIDATE, ValidateMappings(account=account, file=text))
    errors = [each for each in checked.findings if not each.warning]
    if chosen.json:
        print_json(checked)
        return int(Exit.FAILED if errors else Exit.DONE)
    _print_findings(checked.findings)
    for each in checked.changes:
        click.echo(plain(each))
    if checked.people:
        say(f"Importing it sends {people_of(checked.people)} again.")
    say(f"{counted(len(errors), 'error')}, {counted(len(checked.findings) - len(errors), 'warning')}.")
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


@click.command(cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False, callback=checked)
@overwrite_option
@click.option("--version", type=click.IntRange(0), help="This version; without it the one that counts.")
@ACCOUNT
@click.pass_context
def export(context: click.Context, file: NewFile | None, version: int | None, account: str) -> None:
    """Write the mappings as TOML, to FILE or to standard output."""
    chosen = choices(context)
    answer = ask(chosen, MAPPINGS_EXPORT, MappingsOf(account=account, version=version))
    if file is not None:
        with writing(file, private=False) as part:
            part.write_text(answer.file, encoding="utf-8")
        say(f"Version {answer.version} of {answer.account} is in {file.path}.")
    if chosen.json:
        print_json(answer)
    elif file is None:
        click.echo(answer.file, nl=False)


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@WHY
@ACKNOWLEDGE
@ACCOUNT
@click.pass_context
def import_(context: click.Context, file: Path, why: str, acknowledge: bool, account: str) -> None:
    """Put the mappings of FILE (- for standard input) in place of all that count.

    All of the file is checked first; unless all of it is right, nothing is changed, nor where somebody has saved other
    mappings of the account since it was exported. What counted before is a version that `restore` brings back.
    """
    chosen = choices(context)
    text = text_of(file)
    checked = ask(chosen, MAPPINGS_VALIDATE, ValidateMappings(account=account, file=text))
    ask_first(chosen, checked)
    asked = ImportMappings(
        account=account,
        file=text,
        based_on=checked.based_on,
        why=why or f"Imported from {file.name}",
        acknowledge=acknowledge,
    )
    print_saved(chosen, ask(chosen, MAPPINGS_IMPORT, asked))


@click.command(cls=Command)
@ACCOUNT
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


@click.command(cls=Command)
@click.argument("before", type=click.IntRange(0))
@click.argument("after", type=click.IntRange(0), required=False)
@ACCOUNT
@click.pass_context
def diff(context: click.Context, before: int, after: int | None, account: str) -> int:
    """What leads from version BEFORE to AFTER, or to the one that counts: + added, - gone, ~ changed."""
    answer = ask(choices(context), MAPPINGS_DIFF, DiffMappings(account=account, before=before, after=after))
    if choices(context).json:
        print_json(answer)
    else:
        for each in answer.words:
            click.echo(plain(each))
        if not answer.words:
            say(f"Versions {answer.before} and {answer.after} are the same.")
    return int(Exit.CHANGES if answer.changes else Exit.DONE)


@click.command(cls=Command)
@click.argument("version", type=click.IntRange(0))
@WHY
@ACKNOWLEDGE
@ACCOUNT
@click.pass_context
def restore(context: click.Context, version: int, why: str, acknowledge: bool, account: str) -> None:
    """Let VERSION count again. What counts now stays a version."""
    _restore(choices(context), account, version, why, acknowledge)


@click.command(cls=Command)
@WHY
@ACKNOWLEDGE
@ACCOUNT
@click.pass_context
def reset(context: click.Context, why: str, acknowledge: bool, account: str) -> None:
    """Let the mappings count again with which every email account begins. What counts now stays a version."""
    _restore(choices(context), account, 0, why, acknowledge)


def _restore(chosen: Choices, account: str, version: int, why: str, acknowledge: bool) -> None:
    async def check(client: ServiceClient) -> MappingsChecked:
        found = await client.call(MAPPINGS_GET, MappingsOf(account=account, version=version))
        asked = ValidateMappings(account=account, mappings=found.version.mappings)
        return await client.call(MAPPINGS_VALIDATE, asked)

    checked = with_service(chosen, check)
    ask_first(chosen, checked)
    asked = RestoreMappings(
        account=account, version=version, based_on=checked.based_on, why=why, acknowledge=acknowledge
    )
    print_saved(chosen, ask(chosen, MAPPINGS_RESTORE, asked))


COMMANDS = (validate, export, import_, history, diff, restore, reset)
