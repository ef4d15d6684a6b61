"""What `dyntui setup` is told in a file: TOML or JSON, or the sandbox's line; and what the environment adds to it."""

from __future__ import annotations

import contextlib
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from dyntui.cli import device_code
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.model.sign_in import SignInBy
from dyntui.service.certificate_file import pem_of
from dyntui.service.contract.credentials import SignInPlace
from dyntui.service.contract.setup import EmailAccountInput, OrganisationInput, SetupRequest
from dyntui.service.setup_environment import MANAGER, Said, Taken, in_connection_string
from dyntui.service.setup_questions import MANAGED, NONE, authority_of, next_question, of_account

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


# In [organisation], in place of the four keys that it stands for.
_STRING = "connection_string"
_NOTHING_SAID = Said(answers={}, taken=())
# Variables that answer a question which nothing else answers where nobody is there to be asked.
_VARIABLES = {
    "url": "DATAVERSE_CONNECTION_STRING",
    "tenant": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "client_secret": "AZURE_CLIENT_SECRET",
    of_account(1, "user"): "DOTDIGITAL_USER",
    of_account(1, "password"): "DOTDIGITAL_PASSWORD",
}


def read_setup(text: str, name: str, said: Said = _NOTHING_SAID) -> tuple[SetupRequest, Said]:
    """The request that a text holds, with or without a byte order mark, and what of the environment went into it: what
    the text leaves out. The sandbox's line may have `assign` beside it.

    Raises DyntuiError SETUP_INPUT_INVALID, which names unknown keys and never repeats a value.
    """
    try:
        found = _parsed(text.removeprefix("\ufeff"))
        if isinstance(found, dict) and "dataverse_url" in found:
            _refuse_unknown(name, _unknown(found, SandboxLine, _OF_THE_LINE))
            return from_sandbox(msgspec.convert(found, SandboxLine)), _NOTHING_SAID
        _refuse_unknown(name, _unknown_in_setup(found))
        whole, taken = _filled(found, said, name)
        return _with_absolute_files(msgspec.convert(whole, SetupRequest)), taken
    except tomllib.TOMLDecodeError as error:
        why = f"neither JSON nor TOML: {error}"
        raise _invalid(name, why) from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _invalid(name, str(error)) from error


def _standard_input() -> str:
    """All of it; or the first line where that is a whole JSON object, since a sandbox prints its line and goes on."""
    first = sys.stdin.readline().removeprefix("\ufeff")
    if first.lstrip().startswith("{"):
        with contextlib.suppress(msgspec.DecodeError):
            msgspec.json.decode(first)
            return first
    return first + sys.stdin.read()


def request_in(source: str, said: Said) -> tuple[SetupRequest, Said]:
    """What the file `source` holds, `-` being standard input, and what of the environment went into it.

    Raises DyntuiError SETUP_INPUT_UNREADABLE, SETUP_INPUT_INVALID.
    """
    if source == "-":
        return read_setup(_standard_input(), "standard input", said)
    try:
        return read_setup(Path(source).read_text(encoding="utf-8-sig"), source, said)
    except (OSError, UnicodeDecodeError) as error:
        raise DyntuiError(
            "SETUP_INPUT_UNREADABLE",
            f"{source} cannot be read: {error}.",
            not_done="Nothing was connected.",
            remedy="Check the file's name and rights; it has to be text in UTF-8.",
            exit=Exit.USAGE,
        ) from error


def with_person(request: SetupRequest) -> SetupRequest:
    """The request with the sign-in of the person as whom the service is to act, where it asks for one: they sign in.
    Raises DyntuiError SIGN_IN_NEEDS_A_PERSON, and what signing in raises."""
    asked = request.organisation
    if asked.sign_in is not SignInBy.DEVICE_CODE or asked.signed_in or asked.client_secret or asked.certificate:
        return request
    place = SignInPlace(
        url=asked.dataverse_url, authority=asked.authority, client_id=asked.client_id, ca_file=asked.ca_file
    )
    return msgspec.structs.replace(
        request, organisation=msgspec.structs.replace(asked, signed_in=device_code.signed_in(place))
    )


def completed(said: Said) -> dict[str, str]:
    """All answers where nobody can be asked: what the environment says, and what is usual. Raises DyntuiError
    SETUP_INPUT_MISSING, which names what nobody has said."""
    answers = dict(said.answers)
    missing: list[str] = []
    while (question := next_question(answers)) is not None:
        usual = NONE if question.key == "manager" else question.usual
        if not usual:
            missing.append(_VARIABLES.get(question.key, question.text.partition(" (")[0]))
        answers[question.key] = usual
    if missing:
        raise DyntuiError(
            "SETUP_INPUT_MISSING",
            f"Nobody is there to be asked, no file was given, and the environment lacks {', '.join(missing)}.",
            not_done="Nothing was connected.",
            remedy="Set what is missing; or add --from FILE, or --from - and the answers on standard input.",
            exit=Exit.USAGE,
        )
    return answers


def _filled(found: Any, said: Said, name: str) -> tuple[Any, Said]:
    """A setup with what the environment says in place of what it leaves out, and what that was."""
    if not isinstance(found, dict) or not isinstance(found.get("organisation", {}), dict):
        return found, _NOTHING_SAID
    organisation: dict[str, Any] = dict(found.get("organisation", {}))
    used: list[Taken] = []
    left: list[tuple[str, str]] = list(said.left)
    if (string := organisation.pop(_STRING, None)) is not None:
        of_the_string = in_connection_string(str(string), f"{_STRING} in {name}")
        if not of_the_string.taken:
            raise _invalid(name, f"its {_STRING} cannot be used: {'; '.join(why for _, why in of_the_string.left)}")
        used += _fill_organisation(organisation, of_the_string)
        left += of_the_string.left
    used += _fill_organisation(organisation, said)
    accounts: Any = found.get("accounts", [{}] if of_account(1, "user") in said.answers else [])
    if isinstance(accounts, list) and len(accounts) == 1 and isinstance(accounts[0], dict):
        account = dict(accounts[0])
        used += _fill_account(account, said)
        accounts = [account]
    whole = {**found, "organisation": organisation, "accounts": accounts}
    if MANAGER in {each.source for each in said.taken} and "assign" not in found and said.answers["manager"] != NONE:
        whole["assign"] = {Role.MANAGER.value: [said.answers["manager"]]}
        used += [each for each in said.taken if each.source == MANAGER]
    return whole, Said(answers={}, taken=tuple(used), left=tuple(left))


def _fill_organisation(organisation: dict[str, Any], said: Said) -> list[Taken]:
    given, used = said.answers, []
    others = organisation.get("client_id") not in (None, given.get("client_id"))
    signs_in = not {"client_secret", "certificate", "signed_in", "sign_in"}.isdisjoint(organisation)
    for each in said.taken:
        if each.key == "url" and "dataverse_url" not in organisation:
            organisation["dataverse_url"] = given["url"]
        elif each.key == "tenant" and "authority" not in organisation:
            organisation["authority"] = authority_of(given["tenant"])
        elif each.key == "client_id" and "client_id" not in organisation:
            organisation["client_id"] = given["client_id"]
        elif each.key == "client_secret" and not signs_in and not others:
            organisation["client_secret"] = given["client_secret"]
        elif each.key == "certificate" and not signs_in and not others:
            organisation["certificate"] = pem_of(given["certificate"], given.get("certificate_password", ""))
        elif each.key == "sign_in" and not signs_in:
            organisation["sign_in"] = given["sign_in"]
        elif each.key == "managed_identity" and organisation.get("sign_in") == MANAGED:
            organisation.setdefault("managed_identity", given["managed_identity"])
        else:
            continue
        used.append(each)
    return used


_OF_ACCOUNT = {"name": "name", "url": "dotdigital_url", "user": "api_user", "password": "api_password"}


def _fill_account(account: dict[str, Any], said: Said) -> list[Taken]:
    given, used = said.answers, []
    if account.get("api_user") not in (None, given.get(of_account(1, "user"), account.get("api_user"))):
        return []
    for each in said.taken:
        key = _OF_ACCOUNT.get(each.key.rpartition(".")[2]) if each.key.startswith("account.") else None
        if key is not None and key not in account:
            account[key] = given[each.key]
            used.append(each)
    if used and "api_user" in account:
        account.setdefault("name", "Main")
    return used


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
        *(f"organisation.{key}" for key in _unknown(found.get("organisation"), OrganisationInput, (_STRING,))),
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
