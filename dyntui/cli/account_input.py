"""What `dyntui accounts add` is told: in a file, or on the terminal."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dyntui.cli import setup_questions
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.accounts import AccountRow
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.setup_environment import said_by


def account_in(source: str) -> EmailAccountInput:
    """The account that a file holds, or standard input (`-`). Raises DyntuiError ACCOUNT_INPUT_INVALID, which names
    unknown keys and never repeats a value."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(source, str(error)) from error
    try:
        try:
            found = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found = tomllib.loads(text)
        unknown = set(found) - set(EmailAccountInput.__struct_fields__) if isinstance(found, dict) else set()
        if unknown:
            raise _invalid(source, f"it has keys that are not known: {', '.join(sorted(map(str, unknown)))}")
        asked = msgspec.convert({"is_default": False, **found}, EmailAccountInput)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(source, f"neither JSON nor TOML: {error}") from error
    except (msgspec.MsgspecError, TypeError, RecursionError) as error:
        raise _invalid(source, str(error)) from error
    file = str(Path(asked.ca_file).expanduser().absolute()) if asked.ca_file else ""
    return msgspec.structs.replace(asked, ca_file=file)


def account_asked_for(known: Sequence[AccountRow]) -> EmailAccountInput:
    """The account from answers on the terminal; the password is typed unseen."""
    if not sys.stdin.isatty():
        raise DyntuiError(
            "ACCOUNT_INPUT_MISSING",
            "Nobody is there to be asked, and no file was given.",
            not_done="Nothing was connected.",
            remedy="Add --from FILE, or --from - and the answers on standard input.",
            exit=Exit.USAGE,
        )
    return setup_questions.one_more_account([(each.name, each.api_user) for each in known], said_by(os.environ))


def _invalid(source: str, why: str) -> DyntuiError:
    name = "standard input" if source == "-" else source
    return DyntuiError(
        "ACCOUNT_INPUT_INVALID",
        f"{name} is not an email account: {why}.",
        not_done="Nothing was connected.",
        remedy="Give name, api_user, api_password and dotdigital_url, as TOML or JSON.",
        exit=Exit.USAGE,
    )
