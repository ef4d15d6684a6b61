"""What setup has to be told: its questions in order, what is taken for an answer, and the request that answers make.

The command line and the console ask the same questions, each in its own way. Answers are texts by the question's key;
secrets among them are kept in memory and handed to the service, nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict
from urllib.parse import urlsplit

import msgspec

from dyntui.dataverse.kept_sign_in import user_of
from dyntui.model.environment import entry
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.model.sign_in import SignInBy
from dyntui.service import certificate_file
from dyntui.service.contract.credentials import SignInPlace
from dyntui.service.contract.session import Status
from dyntui.service.contract.setup import EmailAccountInput, OrganisationInput, SetupRequest

MICROSOFT = "https://login.microsoftonline.com/"
DYNAMICS, ACCOUNTS, MANAGER = "dynamics", "accounts", "manager"
YES, NO, NONE = "yes", "no", "-"
SECRET, CERTIFICATE, WORKLOAD, MANAGED, DEVICE_CODE = (each.value for each in SignInBy)

ADDRESS = "url"
# The answer to the question for the address of whoever wants to choose among their own.
FIND = "?"
WHERE_PEOPLE_SIGN_IN = ("tenant", "client_id", "ca_file")
# Answered by signing in, with the text of `person_sign_in`, and by no typing.
SIGNED_IN = "signed_in"

Answers = Mapping[str, str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `about`: the part of the setup that it belongs to; `choices`: what can be answered, where that is
    not free; `usual`: what Enter answers (`""`: nothing); `hint`: what to know before; `hidden`: a secret."""

    key: str
    text: str
    about: str
    choices: tuple[str, ...] = ()
    usual: str = ""
    hint: str = ""
    hidden: bool = False


# What an error's code begins with, and the answers that it is about.
_ABOUT = {
    "DATAVERSE_": DYNAMICS,
    "DISCOVERY_": DYNAMICS,
    "NO_ENVIRONMENTS": DYNAMICS,
    "AUTHORITY_": DYNAMICS,
    "SETUP_OTHER_": DYNAMICS,
    "SETUP_ORGANISATION_": DYNAMICS,
    "DOTDIGITAL_": ACCOUNTS,
    "ACCOUNT_": ACCOUNTS,
    "USER_": MANAGER,
    "ROLE_": MANAGER,
}


def about(error: DyntuiError) -> str:
    """The part of the setup that an error is about; `""` where it is about none."""
    return next((part for begin, part in _ABOUT.items() if error.code.startswith(begin)), "")


def no_place_for_secrets(status: Status) -> bool:
    """Whether the service says that no keyring works."""
    return any(check.name == "Keyring" and check.state != "ok" for check in status.checks)


def without_a_keyring() -> DyntuiError:
    """Said before the first question: every answer would be for nothing."""
    return DyntuiError(
        "KEYRING_UNAVAILABLE",
        "No keyring works in this session, so the secrets that you would be asked for cannot be kept.",
        not_done="Nothing was asked or connected; secrets are never written as plain text.",
        remedy=(
            "Unlock the system's keyring, or set DYNTUI_KEYRING_PASSPHRASE to a passphrase for an encrypted"
            " file, and run `dyntui setup` again. Where the environment provides the secrets, use --from FILE."
        ),
    )


def questions(answers: Answers) -> Iterator[Question]:
    """All questions in order, as far as the answers tell which there are."""
    yield from _of_dynamics(answers)
    number = 1
    yield from account_questions(number, answers)
    while answers.get(of_account(number, "more")) == YES:
        number += 1
        yield from account_questions(number, answers)
    yield Question(
        key="manager",
        text="User name in Dynamics of the first one (-: somebody holds the role already)",
        about=MANAGER,
        usual=user_of(answers.get(SIGNED_IN, "")),
        hint=f"Only holders of the role {Role.MANAGER} can administer dyntui and send.",
    )


def next_question(answers: Answers) -> Question | None:
    """The first question without an answer; None when there is none left."""
    return next((each for each in questions(answers) if each.key not in answers), None)


def of_account(number: int, what: str) -> str:
    """The key of a question about the email account with this number, from 1."""
    return f"account.{number}.{what}"


def without(part: str, answers: Answers) -> dict[str, str]:
    """The answers but those of a part, which are to be given anew; that there are several email accounts stays."""
    going = {each.key for each in questions(answers) if each.about == part}
    return {
        key: value for key, value in answers.items() if key not in going or (key.endswith(".more") and value == YES)
    }


def _of_dynamics(answers: Answers) -> Iterator[Question]:
    yield Question(
        key=ADDRESS,
        text="Dynamics 365 address (https://ORGANISATION.crm.dynamics.com)",
        about=DYNAMICS,
        hint=f"{FIND} finds it: you sign in, and choose among the environments in which you have a user.",
    )
    yield Question(key="tenant", text="Tenant (id or domain)", about=DYNAMICS)
    yield Question(key="client_id", text="Client id of the app registration", about=DYNAMICS)
    yield Question(
        key="sign_in",
        text="Signs in by",
        about=DYNAMICS,
        choices=(SECRET, CERTIFICATE, WORKLOAD, MANAGED, DEVICE_CODE),
        usual=SECRET,
        hint="By workload identity or managed identity the service's machine says who it is, and no secret is kept. By"
        " device code a person signs in: the service acts as them, until their sign-in is revoked.",
    )
    if answers.get("sign_in") == CERTIFICATE:
        yield Question(key="certificate", text="Certificate with its key (PEM or PFX file)", about=DYNAMICS)
        if certificate_file.needs_password(answers.get("certificate", "")):
            yield Question(
                key="certificate_password", text="Password of the certificate's key", about=DYNAMICS, hidden=True
            )
    elif answers.get("sign_in") == MANAGED:
        yield Question(
            key="managed_identity",
            text="Client id of the user-assigned managed identity (-: the machine's own)",
            about=DYNAMICS,
            usual=NONE,
        )
    elif answers.get("sign_in") not in (WORKLOAD, DEVICE_CODE):
        yield Question(key="client_secret", text="Client secret", about=DYNAMICS, hidden=True)
    yield Question(
        key="ca_file",
        text="File of your network's own certificate authority (-: it has none)",
        about=DYNAMICS,
        usual=NONE,
    )
    if answers.get("sign_in") == DEVICE_CODE:
        yield Question(
            key=SIGNED_IN, text="The sign-in of the person as whom the service acts", about=DYNAMICS, hidden=True
        )
    yield Question(
        key="production",
        text="Is this a production organisation?",
        about=DYNAMICS,
        choices=(YES, NO),
        usual=YES,
    )
    if answers.get("production") == NO:
        yield Question(
            key="allow",
            text="Who may be mailed (addresses or @domains, with spaces; -: nobody yet)",
            about=DYNAMICS,
            usual=NONE,
            hint="Then sends mail only addresses of an allow list; everybody else is left out by name.",
        )


def account_questions(number: int, answers: Answers, *, more: bool = True) -> Iterator[Question]:
    """The questions about one email account; with `more` whether there is another one."""

    def of(what: str) -> str:
        return of_account(number, what)

    usual = "Main" if number == 1 else ""
    yield Question(key=of("name"), text="Name of the email account", about=ACCOUNTS, usual=usual)
    yield Question(
        key=of("url"),
        text="dotdigital address (any region's)",
        about=ACCOUNTS,
        usual="https://r1-api.dotdigital.com",
    )
    yield Question(key=of("user"), text="API user (apiuser-...@apiconnector.com)", about=ACCOUNTS)
    yield Question(key=of("password"), text="API password", about=ACCOUNTS, hidden=True)
    yield Question(
        key=of("double_opt_in"),
        text="Double opt-in of the account",
        about=ACCOUNTS,
        choices=("off", "single", "all", "unknown"),
        usual="unknown",
        # dotdigital, "Account settings": nobody is imported before it is known.
        hint="With double opt-in for bulk uploads dotdigital mails everybody who is imported, to confirm. Unknown: run"
        " `dyntui canary ADDRESS` before the first list is synchronised.",
    )
    if more:
        yield Question(key=of("more"), text="Another email account?", about=ACCOUNTS, choices=(NO, YES), usual=NO)


def checked(question: Question, answer: str, answers: Answers) -> str:
    """An answer as it is kept. Raises ValueError, which says in words what is wanted instead."""
    given = answer if question.hidden else answer.strip()
    if not given:
        raise ValueError("This needs an answer.")
    if question.choices:
        if given.casefold() not in question.choices:
            raise ValueError(f"Answer one of {', '.join(question.choices)}.")
        return given.casefold()
    what = question.key.rpartition(".")[2]
    if what in ("name", "user"):
        return _free(question.key, given, answers)
    check = _CHECKS.get(what)
    if question.key == "certificate_password":
        certificate_file.usable(answers["certificate"], given)
    return check(given) if check is not None else given


def request_of(answers: Answers) -> SetupRequest:
    """The request that all answers make. Raises ValueError where the certificate's file has become unusable."""
    manager = answers["manager"]
    ca_file = _none(answers["ca_file"])
    accounts: list[EmailAccountInput] = []
    number = 1
    while of_account(number, "name") in answers:
        accounts.append(account_of(number, answers, ca_file))
        number += 1
    return SetupRequest(
        organisation=_organisation(answers),
        accounts=tuple(accounts),
        assign={} if manager == NONE else {Role.MANAGER.value: (manager,)},
    )


def account_of(number: int, answers: Answers, ca_file: str) -> EmailAccountInput:
    """The email account with this number."""
    double_opt_in = answers[of_account(number, "double_opt_in")]
    return EmailAccountInput(
        name=answers[of_account(number, "name")],
        dotdigital_url=answers[of_account(number, "url")],
        api_user=answers[of_account(number, "user")],
        api_password=answers[of_account(number, "password")],
        double_opt_in="" if double_opt_in == "unknown" else double_opt_in,
        ca_file=ca_file,
    )


def where_people_sign_in(answers: Answers) -> tuple[str, str, str]:
    """Authority, client id and file of a certificate authority (`""`: none), as `finding_environments` takes them."""
    return authority_of(answers["tenant"]), answers["client_id"], _none(answers["ca_file"])


def where_the_service_signs_in(answers: Answers) -> SignInPlace:
    """For `person_sign_in`."""
    authority, client_id, ca_file = where_people_sign_in(answers)
    return SignInPlace(url=answers[ADDRESS], authority=authority, client_id=client_id, ca_file=ca_file)


def authority_of(tenant: str) -> str:
    """The address of a tenant; one that is written out is taken as it is: national clouds have their own
    (learn.microsoft.com, "National clouds")."""
    return tenant if "://" in tenant else f"{MICROSOFT}{tenant}"


class _Environment(TypedDict):
    not_production: bool
    allow: tuple[str, ...]


def _organisation(answers: Answers) -> OrganisationInput:
    by = answers["sign_in"]
    marked = answers["production"] == NO
    environment: _Environment = {
        "not_production": marked,
        "allow": tuple(_none(answers.get("allow", NONE)).split()) if marked else (),
    }
    pem = ""
    if by == CERTIFICATE:
        pem = certificate_file.pem_of(answers["certificate"], answers.get("certificate_password", ""))
    return OrganisationInput(
        dataverse_url=answers["url"].rstrip("/"),
        authority=authority_of(answers["tenant"]),
        client_id=answers["client_id"],
        client_secret=answers["client_secret"] if by == SECRET else "",
        certificate=pem,
        signed_in=answers[SIGNED_IN] if by == DEVICE_CODE else "",
        sign_in=SignInBy(by) if by in (WORKLOAD, MANAGED) else None,
        managed_identity=_none(answers["managed_identity"]) if by == MANAGED else "",
        ca_file=_none(answers["ca_file"]),
        **environment,
    )


def _none(answer: str) -> str:
    return "" if answer == NONE else answer


def _free(key: str, given: str, answers: Answers) -> str:
    """Refuses what another email account has already."""
    what = key.rpartition(".")[2]
    for other, value in answers.items():
        taken = other != key and other.startswith("account.") and other.endswith(f".{what}")
        if taken and value.casefold() == given.casefold():
            raise ValueError("Another email account has that already.")
    return given


def _address(answer: str) -> str:
    try:
        parts = urlsplit(answer)
        fine = parts.scheme == "https" and parts.hostname and ("." in parts.hostname or parts.hostname == "localhost")
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("Write the whole address, such as https://contoso.crm4.dynamics.com.")
    return answer


def _tenant(answer: str) -> str:
    if "://" in answer:
        return _address(answer)
    if any(each in answer for each in " /\\"):
        raise ValueError("Write the tenant's id or domain, such as contoso.onmicrosoft.com.")
    return answer


def _allow_list(answer: str) -> str:
    return NONE if answer == NONE else " ".join(map(entry, answer.replace(",", " ").split()))


def _authority_file(answer: str) -> str:
    return NONE if answer == NONE else _file(answer)


def _file(answer: str) -> str:
    file = os.path.abspath(os.path.expanduser(answer))  # noqa: PTH100, PTH111 - any text may be typed
    if not os.path.isfile(file) or not os.access(file, os.R_OK):  # noqa: PTH113
        raise ValueError(f"There is no file {file} that can be read.")
    return file


def _certificate(answer: str) -> str:
    given = answer if certificate_file.is_text(answer) else _file(answer)
    if not certificate_file.needs_password(given):
        certificate_file.usable(given, "")
    return given


_CHECKS: dict[str, Callable[[str], str]] = {
    "url": _address,
    "tenant": _tenant,
    "ca_file": _authority_file,
    "certificate": _certificate,
    "allow": _allow_list,
}
