"""Connecting an email account: proved first, then kept, under the id of its row in Dynamics.

That row is found by the account's number: another profile, machine or store may have made it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import metadata, rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import text
from dyntui.dotdigital import account as dd_account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.accounts import name_fault
from dyntui.model.campaign_results import LEVELS
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.plain import plain
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.resources import Resources
from dyntui.store import accounts, suppressions
from dyntui.store.accounts import EmailAccount
from dyntui.sync import double_opt_in
from dyntui.sync.connections import Patience, account_secret
from dyntui.sync.surroundings import Surroundings

# Somebody waits for the answer: what cannot be reached is said after seconds, where a run would be patient.
AT_FIRST = Patience(attempts=2, silence=30.0, limits=30.0)


class Connected(msgspec.Struct, frozen=True):
    """What was asked, and what account-info said of the account."""

    asked: EmailAccountInput
    platform_id: int
    region: str
    endpoint: str
    calls_in_last_hour: int | None = None
    calls_remaining: int | None = None


def wrong_with(asked: EmailAccountInput) -> list[str]:
    """What cannot be used of an account's settings."""
    wrong: list[str] = []
    if fault := name_fault(asked.name):
        wrong.append(f"{plain(asked.name).strip() or 'an email account'}: {fault}")
    if not asked.api_user or not asked.api_password:
        wrong.append(f"{asked.name or 'an email account'}: api_user and api_password are both needed")
    if asked.sync_level not in ("", *LEVELS):
        wrong.append(f"{asked.name}: sync_level is one of {', '.join(LEVELS)}")
    if asked.double_opt_in not in double_opt_in.ANSWERS:
        wrong.append(f"{asked.name}: double_opt_in is one of {', '.join(filter(None, double_opt_in.ANSWERS))}")
    if not asked.dotdigital_url.startswith("https://"):
        wrong.append(f"{asked.name}: dotdigital_url must begin with https://")
    return wrong + missing_file(asked.ca_file)


def missing_file(path: str) -> list[str]:
    """That there is no such file, where one is named: a name that cannot be one of a file as well."""
    if path and not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for such names
        return [f"there is no file {path}"]
    return []


async def prove(asked: EmailAccountInput, around: Surroundings) -> Connected:
    """Signs in to the account, wherever it lives. Raises DotdigitalError."""
    async with await connect(asked, around) as dd:
        info = await dd_account.account_info(dd)
    return Connected(asked, info.id, region(dd.origin), dd.origin, info.calls_in_last_hour, info.calls_remaining)


def named(proved: Sequence[Connected], known: Sequence[EmailAccount]) -> list[Connected]:
    """An account that is connected here keeps its name, whatever it was called at first: setup is run again with the
    same file. Raises ACCOUNT_NAME_TAKEN where a new one has the name of another one, ACCOUNT_TWICE where two API users
    are of one account."""
    _require_each_once(proved)
    here = {each.platform_id: each.name for each in known}
    names = list(here.values())
    found: list[Connected] = []
    for each in proved:
        name = here.get(each.platform_id, each.asked.name.strip())
        if each.platform_id not in here:
            require_free_name(name, names)
            names.append(name)
        found.append(msgspec.structs.replace(each, asked=msgspec.structs.replace(each.asked, name=name)))
    return found


def _require_each_once(proved: Sequence[Connected]) -> None:
    names: dict[int, str] = {}
    for each in proved:
        first = names.setdefault(each.platform_id, each.asked.name)
        if first != each.asked.name:
            raise DyntuiError(
                "ACCOUNT_TWICE",
                f"{first!r} and {each.asked.name!r} are one account of dotdigital, number {each.platform_id}.",
                not_done="Nothing was connected or changed.",
                remedy="Name it once: one API user of an account is enough.",
                exit=Exit.USAGE,
            )


def require_free_name(name: str, others: Iterable[str]) -> None:
    """Raises ACCOUNT_NAME_TAKEN."""
    if name.strip().casefold() in {each.strip().casefold() for each in others}:
        raise DyntuiError(
            "ACCOUNT_NAME_TAKEN",
            f"Another email account is called {name!r} already.",
            not_done="Nothing was connected or changed.",
            remedy="Correct what is named, and try again.",
            exit=Exit.USAGE,
        )


async def connect(asked: EmailAccountInput, around: Surroundings) -> Dotdigital:
    """The account as setup is told of it, at the address where it lives. Raises DotdigitalError."""
    return await dd_account.connect(
        asked.dotdigital_url,
        asked.api_user,
        asked.api_password,
        ca_file=Path(asked.ca_file) if asked.ca_file else None,
        attempts=AT_FIRST.attempts,
        slow_down_deadline=AT_FIRST.limits,
        sleep=around.sleep,
        transport=around.transport(),
    )


def region(endpoint: str) -> str:
    """`r1`, `r2`, `r3` by the host's name (dotdigital_api.md 1.1); `""` for a host that is named otherwise."""
    host = urlsplit(endpoint).hostname or ""
    first = host.partition("-")[0].partition(".")[0]
    return first if first in ("r1", "r2", "r3") else ""


class _AccountRow(
    msgspec.Struct, frozen=True, rename={"id": "dyntui_emailaccountid", "platform_id": "dyntui_platformid"}
):
    id: str
    platform_id: str = ""


class _WholeRow(
    _AccountRow,
    frozen=True,
    rename={
        "id": "dyntui_emailaccountid",
        "platform_id": "dyntui_platformid",
        "description": "dyntui_description",
        "is_default": "dyntui_isdefault",
        "sync_level": "dyntui_synclevel",
    },
):
    """With what people have set."""

    description: str | None = None
    is_default: bool | None = None
    sync_level: str | None = None


_Row = TypeVar("_Row", bound=_AccountRow)


async def ids(resources: Resources, dv: Dataverse, organisation_id: str, numbers: Sequence[int]) -> dict[int, str]:
    """Account number -> id of its row. One that has none yet gets the same everywhere: two setups at once make one
    row, and what an environment is to provide for it can be named before."""
    here = {each.platform_id: each.id for each in await resources.read(accounts.accounts)}
    installed = await metadata.column_kinds(dv, solution.EMAIL_ACCOUNT.logical_name)
    there: dict[int, str] = {}
    if solution.EMAIL_ACCOUNT.key.lower() in installed:
        there = {number: row.id for number, row in (await _rows_in_dynamics(dv, numbers, _AccountRow)).items()}
    new = {each: str(uuid.uuid5(uuid.UUID(organisation_id), f"dotdigital/{each}")) for each in numbers}
    return new | here | there


async def _rows_in_dynamics(dv: Dataverse, numbers: Sequence[int], kind: type[_Row]) -> dict[int, _Row]:
    """Account number -> its row, for those that have one."""
    table, key = solution.EMAIL_ACCOUNT, solution.EMAIL_ACCOUNT.key.lower()
    condition = " or ".join(f"{key} eq {text(str(number))}" for number in numbers)
    found = await rows.find_rows(dv, table.entity_set, kind, filter=condition)
    return {int(row.platform_id): row for row in found if row.platform_id.strip().isdecimal()}


async def keep_in_dynamics(
    resources: Resources, dv: Dataverse, organisation_id: str, proved: Sequence[Connected]
) -> list[EmailAccount]:
    """Keeps the accounts' rows in Dynamics; what the store is to `keep`. What was said of an account before, here or by
    another machine, stays where nothing is said now."""
    before = {each.platform_id: each for each in await resources.read(accounts.accounts)}
    numbers = [each.platform_id for each in proved]
    found = await ids(resources, dv, organisation_id, numbers)
    rows_there = await _rows_in_dynamics(dv, numbers, _WholeRow)
    here = {
        number: before[number] if number in before else _as_in_dynamics(rows_there.get(number)) for number in numbers
    }
    kept = [_account(each, found[each.platform_id], here[each.platform_id]) for each in proved]
    kept = _with_a_default(kept, proved, any(each.is_default for each in before.values()))
    for account in kept:
        await rows.upsert(dv, solution.EMAIL_ACCOUNT.entity_set, account.id, account_row(account))
    return kept


async def keep_passwords(resources: Resources, kept: Sequence[EmailAccount], proved: Sequence[Connected]) -> None:
    """Into the keyring; the store is told next who signs in with them."""
    for account, each in zip(kept, proved, strict=True):
        await resources.secrets.set(account_secret(account.id), each.asked.api_password)


async def tell_who_is_default(dv: Dataverse, others: Iterable[EmailAccount]) -> None:
    """Of those that were the default one and are not any more, in Dynamics as well: another machine takes it from
    there."""
    for each in others:
        if each.is_default:
            await rows.update(dv, solution.EMAIL_ACCOUNT.entity_set, each.id, {"dyntui_isdefault": False})


def _as_in_dynamics(row: _WholeRow | None) -> EmailAccount:
    """An account that is new here, as another machine or store has left it; or that is new altogether."""
    new = EmailAccount(id="", name="", api_user="", endpoint="", region="", platform_id=0)
    if row is None:
        return new
    return msgspec.structs.replace(
        new,
        description=row.description or "",
        is_default=bool(row.is_default),
        sync_level=row.sync_level if row.sync_level in LEVELS else new.sync_level,
    )


def _with_a_default(
    kept: Sequence[EmailAccount], proved: Sequence[Connected], one_was_known: bool
) -> list[EmailAccount]:
    """One of them at most is the default one: which setup says, else the one that was, else the first where none is."""
    said = [each.asked.is_default is True for each in proved]
    if not any(said):
        said = [each.is_default for each in kept]
    if not any(said) and not one_was_known:
        said = [each.asked.is_default is None for each in proved]
    first = said.index(True) if any(said) else None
    return [msgspec.structs.replace(each, is_default=place == first) for place, each in enumerate(kept)]


def _account(proved: Connected, row_id: str, before: EmailAccount) -> EmailAccount:
    asked = proved.asked
    copies = before.copies_suppressions
    return msgspec.structs.replace(
        before,
        id=row_id,
        name=before.name or asked.name.strip(),
        description=asked.description or before.description,
        is_default=before.is_default if asked.is_default is None else asked.is_default,
        region=proved.region,
        endpoint=proved.endpoint,
        api_user=asked.api_user,
        ca_file=asked.ca_file,
        sync_level=asked.sync_level or before.sync_level,
        platform_id=proved.platform_id,
        double_opt_in=asked.double_opt_in or before.double_opt_in,
        copies_suppressions=copies if asked.copies_suppressions is None else asked.copies_suppressions,
        suppression_flags=asked.suppression_flags or before.suppression_flags,
        new_respondents=asked.new_respondents or before.new_respondents,
    )


def account_row(account: EmailAccount) -> dict[str, object]:
    """An account as Dynamics holds it."""
    return {
        "dyntui_name": account.name,
        "dyntui_description": account.description or None,
        "dyntui_platformid": str(account.platform_id),
        "dyntui_region": account.region,
        "dyntui_isdefault": account.is_default,
        "dyntui_synclevel": account.sync_level,
    }


def keep(c: Connection, kept: Sequence[EmailAccount]) -> None:
    """Keeps the accounts; what was kept of one under another id goes with it."""
    here = {each.platform_id: each.id for each in accounts.accounts(c)}
    for account in kept:
        if here.get(account.platform_id, account.id) != account.id:
            accounts.rename_account(c, here[account.platform_id], account.id)
        known = accounts.account(c, account.id)
        if known is not None and not flags_of(account) <= flags_of(known):
            suppressions.tell_all_again(c, account.id)
        accounts.put_account(c, account)


def flags_of(account: EmailAccount) -> frozenset[str]:
    """What the account's suppressions set in Dynamics."""
    return SuppressionFlags(account.suppression_flags).columns


async def heed_budgets(resources: Resources, kept: Sequence[EmailAccount], proved: Sequence[Connected]) -> None:
    """What account-info said of the calls that the accounts are allowed counts from now on."""
    for account, told in zip(kept, proved, strict=True):
        if told.calls_in_last_hour is not None and told.calls_remaining is not None:
            await resources.connections.budgets.heard(account.id, told.calls_in_last_hour, told.calls_remaining)
