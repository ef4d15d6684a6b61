"""The questions of `dyntui setup` on a terminal: answers are checked when given, and kept when others are corrected."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

import click
import msgspec

from dyntui.model.environment import entry
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.service.contract.setup import EmailAccountInput, OrganisationInput, SetupRequest

_MICROSOFT = "https://login.microsoftonline.com/"
_DYNAMICS, _ACCOUNTS, _MANAGER, _NONE, _END = "dynamics", "accounts", "manager", "none", "end"
# What an error's code begins with, and the answers that it is about.
_ABOUT = {
    "DATAVERSE_": _DYNAMICS,
    "AUTHORITY_": _DYNAMICS,
    "SETUP_OTHER_": _DYNAMICS,
    "DOTDIGITAL_": _ACCOUNTS,
    "USER_": _MANAGER,
    "ROLE_": _MANAGER,
}


class _Environment(TypedDict):
    not_production: bool
    allow: tuple[str, ...]


def asked_for() -> SetupRequest:
    """The request from answers on the terminal; secrets are typed unseen."""
    organisation = _organisation(None)
    return SetupRequest(organisation=organisation, accounts=_accounts((), organisation), assign=_first_manager(""))


def corrected(request: SetupRequest, error: DyntuiError) -> SetupRequest | None:
    """The request with some answers given anew, where the others stay; None when that is the end of it."""
    parts = click.Choice([_DYNAMICS, _ACCOUNTS, _MANAGER, _NONE, _END])
    about = next((part for begin, part in _ABOUT.items() if error.code.startswith(begin)), _NONE)
    click.echo("Your answers are kept. Which of them do you want to correct before it is tried again?", err=True)
    part: str = click.prompt("Correct", type=parts, default=about, err=True)
    if part == _END:
        return None
    if part == _NONE:
        return request
    click.echo("Enter keeps what is there.", err=True)
    if part == _DYNAMICS:
        organisation = _organisation(request.organisation)
        accounts = tuple(msgspec.structs.replace(one, ca_file=organisation.ca_file) for one in request.accounts)
        return msgspec.structs.replace(request, organisation=organisation, accounts=accounts)
    if part == _ACCOUNTS:
        return msgspec.structs.replace(request, accounts=_accounts(request.accounts, request.organisation))
    return msgspec.structs.replace(request, assign=_first_manager(next(iter(*request.assign.values()), "")))


def _first_manager(before: str) -> dict[str, tuple[str, ...]]:
    click.echo(f"Only holders of the role {Role.MANAGER} can administer dyntui and send.", err=True)
    question = "User name in Dynamics of the first one (-: somebody holds the role already)"
    name = _asked(question, str.strip, before)
    return {} if name == "-" else {Role.MANAGER.value: (name,)}


def _organisation(before: OrganisationInput | None) -> OrganisationInput:
    url = _asked(
        "Dynamics 365 address (https://ORGANISATION.crm.dynamics.com)", _address, before.dataverse_url if before else ""
    )
    tenant = _asked("Tenant (id or domain)", _tenant, before.authority.removeprefix(_MICROSOFT) if before else "")
    client_id = _asked("Client id of the app registration", str.strip, before.client_id if before else "")
    ways = click.Choice(["secret", "certificate"])
    usual = "certificate" if before and before.certificate else "secret"
    how = click.prompt("Signs in by", type=ways, default=usual, err=True)
    return OrganisationInput(
        dataverse_url=url.rstrip("/"),
        # A full address is taken as it is: national clouds have their own (learn.microsoft.com, "National clouds").
        authority=tenant if "://" in tenant else f"{_MICROSOFT}{tenant}",
        client_id=client_id,
        client_secret=_hidden("Client secret", before.client_secret if before else "") if how == "secret" else "",
        certificate=_certificate(before.certificate if before else "") if how == "certificate" else "",
        ca_file=_authority_file(before.ca_file if before else ""),
        **_environment(before),
    )


def _environment(before: OrganisationInput | None) -> _Environment:
    """Whether it is production; where it is not, whom sends may mail all the same."""
    known = before is None or not before.not_production
    if click.confirm("Is this a production organisation?", default=known, err=True):
        return {"not_production": False, "allow": ()}
    click.echo("Then sends mail only addresses of an allow list; everybody else is left out by name.", err=True)
    usual = " ".join(before.allow) if before and before.allow else "-"
    given = _asked("Who may be mailed (addresses, or @ and a domain, with spaces; -: nobody yet)", _allow_list, usual)
    return {"not_production": True, "allow": () if given == "-" else tuple(given.split())}


def _allow_list(answer: str) -> str:
    try:
        return "-" if answer.strip() == "-" else " ".join(map(entry, answer.replace(",", " ").split()))
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None


def _accounts(before: tuple[EmailAccountInput, ...], organisation: OrganisationInput) -> tuple[EmailAccountInput, ...]:
    accounts: list[EmailAccountInput] = []
    for each in before:
        accounts.append(_account(each, organisation, accounts))
    while not accounts or click.confirm("Another email account?", default=False, err=True):
        accounts.append(_account(None, organisation, accounts))
    return tuple(accounts)


def one_more_account(others: Sequence[tuple[str, str]]) -> EmailAccountInput:
    """An account beside those that are connected already (name, API user)."""
    known = EmailAccountInput(name="", api_user="", api_password="", is_default=False, double_opt_in="unknown")
    answers = _answers(known, others)
    return msgspec.structs.replace(answers, ca_file=_authority_file(""))


def _account(
    before: EmailAccountInput | None, organisation: OrganisationInput, others: Sequence[EmailAccountInput]
) -> EmailAccountInput:
    known = before or EmailAccountInput(
        name="", api_user="", api_password="", is_default=not others, double_opt_in="unknown"
    )
    answers = _answers(known, [(each.name, each.api_user) for each in others])
    return msgspec.structs.replace(answers, ca_file=organisation.ca_file)


def _answers(known: EmailAccountInput, others: Sequence[tuple[str, str]]) -> EmailAccountInput:
    names, users = {name.casefold() for name, _ in others}, {user.casefold() for _, user in others}
    return msgspec.structs.replace(
        known,
        name=_asked("Name of the email account", _free(names), known.name),
        dotdigital_url=_asked("dotdigital address (any region's)", _address, known.dotdigital_url),
        api_user=_asked("API user (apiuser-...@apiconnector.com)", _free(users), known.api_user),
        api_password=_hidden("API password", known.api_password),
        double_opt_in=_double_opt_in(known.double_opt_in or "unknown"),
    )


def _double_opt_in(before: str) -> str:
    """Whom the account asks to confirm: nobody is imported before that is known (dotdigital, Account settings)."""
    click.echo("With double opt-in for bulk uploads dotdigital mails everybody who is imported, to confirm.", err=True)
    known = click.Choice(["off", "single", "all", "unknown"])
    answer: str = click.prompt("Double opt-in of the account", type=known, default=before, err=True)
    if answer == "unknown":
        click.echo("Then run `dyntui canary ADDRESS` before the first list is synchronised.", err=True)
        return ""
    return answer


def _asked(question: str, check: Callable[[str], str], before: str) -> str:
    """An answer that passes the check; one that does not is asked for again at once. `before`: what Enter keeps."""
    answer: str = click.prompt(question, default=before or None, err=True, value_proc=check)
    return answer


def _free(taken: Collection[str]) -> Callable[[str], str]:
    """Refuses what another email account has already."""

    def check(answer: str) -> str:
        if answer.strip().casefold() in taken:
            raise click.UsageError("Another email account has that already.")
        return answer.strip()

    return check


def _hidden(question: str, before: str) -> str:
    shown = f"{question} (Enter keeps it)" if before else question
    answer: str = click.prompt(shown, default=before or None, show_default=False, hide_input=True, err=True)
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


def _authority_file(before: str) -> str:
    question = "File of your network's own certificate authority (-: it has none)"
    return _asked(question, lambda answer: "" if answer.strip() == "-" else _file(answer), before or "-")


def _file(answer: str) -> str:
    file = os.path.abspath(os.path.expanduser(answer.strip()))  # noqa: PTH100, PTH111 - any text may be typed
    if not os.path.isfile(file) or not os.access(file, os.R_OK):  # noqa: PTH113
        raise click.UsageError(f"There is no file {file} that can be read.")
    return file


def _certificate(before: str) -> str:
    kept = "the one read before"
    question = "Certificate with its key (PEM file)"
    file = _asked(question, lambda answer: answer if answer == kept and before else _file(answer), before and kept)
    # What stands around the certificate's own lines may be in any encoding.
    return before if file == kept and before else Path(file).read_text(encoding="utf-8", errors="replace")
