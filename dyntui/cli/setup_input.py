"""What `dyntui setup` is told in a file: TOML or JSON, or the sandbox's line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from dyntui.model.errors import DyntuiError, Exit
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
