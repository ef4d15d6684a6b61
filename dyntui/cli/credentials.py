"""`dyntui credentials`: what the service signs in with, and another in its place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from dyntui.cli import device_code
from dyntui.cli.lazy import Group, choices, named_account
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service import certificate_file
from dyntui.service.contract.credentials import (
    CREDENTIAL_PLACE,
    CREDENTIAL_REPLACE,
    CREDENTIALS_LIST,
    DYNAMICS,
    CredentialRow,
    ReplaceCredential,
)
from dyntui.service.contract.session import Nothing

_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105 - the variable's name


@click.group(cls=Group)
def command() -> None:
    """What the service signs in with to Dynamics and dotdigital. No secret is ever shown."""


@command.command("list")
@click.pass_context
def list_(context: click.Context) -> int:
    """What it is, whose, and until when where that is known."""
    answer = ask(choices(context), CREDENTIALS_LIST, Nothing())
    if choices(context).json:
        print_json(answer)
        return int(Exit.DONE)
    _print(answer.rows)
    return int(Exit.DONE)


@command.command()
@click.argument("of", callback=named_account)
@click.option("--certificate", metavar="FILE", help="Certificate with its key, PEM or PFX. For dynamics.")
@click.option("--api-user", default="", help="Where the API user is another one too. For an email account.")
@click.option("--from", "source", metavar="FILE", help="The first line is the secret; - is standard input.")
@click.pass_context
def replace(context: click.Context, of: str, certificate: str | None, api_user: str, source: str | None) -> int:
    """Replace the secret of OF: `dynamics`, or an email account by id or name.

    The new one is proved first. Runs go on: what they call next is called with it. Without --certificate or --from it
    is typed unseen. Where the service acts as a person who signed in by device code, they sign in again. Let the old
    secret end in Entra ID or dotdigital after that.
    """
    chosen = choices(context)
    if certificate is not None and source is not None:
        raise click.UsageError("Give --certificate or --from, not both.")
    of_dynamics = of.strip().casefold() == DYNAMICS
    if certificate is not None:
        asked = ReplaceCredential(of=of, certificate=_certificate(certificate), api_user=api_user)
    elif of_dynamics and source is None and (place := ask(chosen, CREDENTIAL_PLACE, Nothing())).by_person:
        asked = ReplaceCredential(of=of, signed_in=device_code.signed_in(place), api_user=api_user)
    else:
        secret = _secret(source, "Client secret" if of_dynamics else "API password")
        asked = ReplaceCredential(
            of=of,
            client_secret=secret if of_dynamics else "",
            api_password="" if of_dynamics else secret,
            api_user=api_user,
        )
    row = ask(chosen, CREDENTIAL_REPLACE, asked)
    if chosen.json:
        print_json(row)
    else:
        _print((row,))
        say("It was proved, and is in use from now on.")
    return int(Exit.DONE)


def _print(rows: tuple[CredentialRow, ...]) -> None:
    print_table(
        ["of", "signs in by", "as", "valid until", "kept in", "trouble"],
        (
            (
                each.of,
                each.kind,
                each.user,
                moment(each.valid_until) if each.valid_until else "not known",
                each.kept_in,
                each.trouble,
            )
            for each in rows
        ),
    )


def _secret(source: str | None, what: str) -> str:
    if source is None:
        if not sys.stdin.isatty():
            raise _missing("Nobody is there to be asked, and no file was given.")
        typed: str = click.prompt(what, hide_input=True, err=True)
        return typed
    try:
        text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _missing(f"{source} cannot be read.") from error
    secret = text.split("\n", 1)[0].strip()
    if not secret:
        raise _missing("Its first line is empty.")
    return secret


def _certificate(file: str) -> str:
    try:
        if not certificate_file.needs_password(file):
            return certificate_file.usable(file, "")
        password = os.environ.get(_PASSWORD, "")
        if not password:
            if not sys.stdin.isatty():
                raise _missing(f"The key in {file} is protected by a password: set {_PASSWORD}.")
            password = click.prompt("Password of the certificate's key", hide_input=True, err=True)
        return certificate_file.usable(file, password)
    except ValueError as wrong:
        raise _missing(f"{file}: {wrong}") from None


def _missing(why: str) -> DyntuiError:
    return DyntuiError(
        "CREDENTIAL_INPUT",
        why,
        not_done="Nothing was changed; the service signs in as before.",
        remedy="Give --certificate FILE, or --from FILE (- is standard input), or type it on a terminal.",
        exit=Exit.USAGE,
    )
