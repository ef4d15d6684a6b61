"""What `dyntui setup` is told: a file in TOML or JSON, the sandbox's line, or answers on the terminal."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.service.contract.setup import EmailAccountInput, OrganisationInput, SetupRequest

SANDBOX_ACCOUNT = "Sandbox"


class SandboxLine(msgspec.Struct, frozen=True):
    """The line that a ready sandbox prints (commands.md); it has more fields than setup needs."""

    dataverse_url: str
    authority: str
    client_id: str
    client_secret: str
    dotdigital_url: str
    api_user: str
    api_password: str
    ca_file: str
    double_opt_in: str = "off"
    assign: dict[str, tuple[str, ...]] = {}


# What else a sandbox says in its line.
_OF_THE_LINE = ("tenant", "control_url")


def read_setup(text: str, name: str) -> SetupRequest:
    """The request that a text holds, with or without a byte order mark; the sandbox's line may have `assign` beside it.

    Raises DyntuiError SETUP_INPUT_INVALID, which names unknown keys and never repeats a value.
    """
    try:
        found = _parsed(text.removeprefix("\ufeff"))
        if isinstance(found, dict) and "dataverse_url" in found:
            _refuse_unknown(name, _unknown(found, SandboxLine, _OF_THE_LINE))
            return from_sandbox(msgspec.convert(found, SandboxLine))
        _refuse_unknown(name, _unknown_in_setup(found))
        return _with_absolute_files(msgspec.convert(found, SetupRequest))
    except tomllib.TOMLDecodeError as error:
        why = f"neither JSON nor TOML: {error}"
        raise _invalid(name, why) from error
    except msgspec.MsgspecError as error:
        raise _invalid(name, str(error)) from error


def from_sandbox(line: SandboxLine) -> SetupRequest:
    """The setup of a sandbox, with one email account."""
    return SetupRequest(
        organisation=OrganisationInput(
            dataverse_url=line.dataverse_url,
            authority=line.authority,
            client_id=line.client_id,
            client_secret=line.client_secret,
            ca_file=line.ca_file,
        ),
        accounts=(
            EmailAccountInput(
                name=SANDBOX_ACCOUNT,
                dotdigital_url=line.dotdigital_url,
                api_user=line.api_user,
                api_password=line.api_password,
                ca_file=line.ca_file,
                double_opt_in=line.double_opt_in,
            ),
        ),
        assign=line.assign,
    )


def _unknown_in_setup(found: Any) -> list[str]:
    if not isinstance(found, dict):
        return []
    accounts = found.get("accounts")
    return [
        *_unknown(found, SetupRequest),
        *(f"organisation.{key}" for key in _unknown(found.get("organisation"), OrganisationInput)),
        *(
            f"accounts.{key}"
            for each in (accounts if isinstance(accounts, list) else [])
            for key in _unknown(each, EmailAccountInput)
        ),
    ]


def _unknown(table: Any, kind: type[msgspec.Struct], besides: Sequence[str] = ()) -> list[str]:
    known = {*kind.__struct_fields__, *besides}
    return [str(key) for key in table if key not in known] if isinstance(table, dict) else []


def _refuse_unknown(name: str, keys: Sequence[str]) -> None:
    if keys:
        raise _invalid(name, f"it has keys that setup does not know: {', '.join(dict.fromkeys(keys))}")


def _with_absolute_files(request: SetupRequest) -> SetupRequest:
    """The service works in another directory than the person who names a file."""

    def absolute(file: str) -> str:
        return str(Path(file).expanduser().absolute()) if file else ""

    return msgspec.structs.replace(
        request,
        organisation=msgspec.structs.replace(request.organisation, ca_file=absolute(request.organisation.ca_file)),
        accounts=tuple(msgspec.structs.replace(one, ca_file=absolute(one.ca_file)) for one in request.accounts),
    )


def asked_for() -> SetupRequest:
    """The request from answers on the terminal; secrets are typed unseen."""
    organisation = _organisation()
    accounts: list[EmailAccountInput] = []
    while not accounts or click.confirm("Another email account?", default=False, err=True):
        accounts.append(_account(is_default=not accounts))
    return SetupRequest(organisation=organisation, accounts=tuple(accounts), assign=_first_manager())


def _first_manager() -> dict[str, tuple[str, ...]]:
    click.echo(f"Only holders of the role {Role.MANAGER} can administer dyntui and send.", err=True)
    question = "User name in Dynamics of the first one (empty: somebody holds the role already)"
    name: str = click.prompt(question, default="", show_default=False, err=True)
    return {Role.MANAGER.value: (name.strip(),)} if name.strip() else {}


def _organisation() -> OrganisationInput:
    url = _asked("Dynamics 365 address (https://ORGANISATION.crm.dynamics.com)", _address)
    tenant = _asked("Tenant (id or domain)", _tenant)
    client_id = _asked("Client id of the app registration")
    how = click.prompt("Signs in by", type=click.Choice(["secret", "certificate"]), default="secret", err=True)
    return OrganisationInput(
        dataverse_url=url.rstrip("/"),
        # A full address is taken as it is: national clouds have their own (learn.microsoft.com, "National clouds").
        authority=tenant if "://" in tenant else f"https://login.microsoftonline.com/{tenant}",
        client_id=client_id,
        client_secret=_hidden("Client secret") if how == "secret" else "",
        certificate=_certificate() if how == "certificate" else "",
    )


def _account(*, is_default: bool) -> EmailAccountInput:
    return EmailAccountInput(
        name=_asked("Name of the email account"),
        api_user=_asked("API user (apiuser-...@apiconnector.com)"),
        api_password=_hidden("API password"),
        is_default=is_default,
        double_opt_in=_double_opt_in(),
    )


def _double_opt_in() -> str:
    """Whom the account asks to confirm: nobody is imported before that is known (dotdigital, Account settings)."""
    click.echo("With double opt-in for bulk uploads dotdigital mails everybody who is imported, to confirm.", err=True)
    known = click.Choice(["off", "single", "all", "unknown"])
    answer: str = click.prompt("Double opt-in of the account", type=known, default="unknown", err=True)
    if answer == "unknown":
        click.echo("Then run `dyntui canary ADDRESS` before the first list is synchronised.", err=True)
        return ""
    return answer


def _asked(question: str, check: Callable[[str], str] = str.strip) -> str:
    """An answer that passes the check; one that does not is asked for again at once."""
    answer: str = click.prompt(question, err=True, value_proc=check)
    return answer


def _address(answer: str) -> str:
    parts = urlsplit(answer.strip())
    if parts.scheme != "https" or not parts.hostname or not ("." in parts.hostname or parts.hostname == "localhost"):
        raise click.UsageError("Write the whole address, such as https://contoso.crm4.dynamics.com.")
    return answer.strip()


def _tenant(answer: str) -> str:
    tenant = answer.strip()
    if "://" in tenant:
        return _address(tenant)
    if not tenant or any(each in tenant for each in " /\\"):
        raise click.UsageError("Write the tenant's id or domain, such as contoso.onmicrosoft.com.")
    return tenant


def _hidden(question: str) -> str:
    answer: str = click.prompt(question, hide_input=True, err=True)
    return answer


def _certificate() -> str:
    file: Path = click.prompt(
        "Certificate with its key (PEM file)", type=click.Path(exists=True, dir_okay=False, path_type=Path), err=True
    )
    return file.read_text(encoding="ascii")


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return tomllib.loads(text)


def _invalid(name: str, why: str) -> DyntuiError:
    return DyntuiError(
        "SETUP_INPUT_INVALID",
        f"{name} is not a setup: {why}.",
        not_done="Nothing was connected.",
        remedy="Give an [organisation] table and one [[accounts]] table for each email account, or the sandbox's line.",
        exit=Exit.USAGE,
    )
