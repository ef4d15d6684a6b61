"""Marketing lists and campaigns as people name them: by id, or by a name that is unique."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from difflib import get_close_matches
from typing import Generic, TypeVar

import msgspec

from dyntui.cli.output import say
from dyntui.model.counted import counted
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import as_stored, guid_of
from dyntui.service.client import ServiceClient
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import LISTS_PAGE, ListsQuery
from dyntui.service.contract.paging import Page

# No number of dotdigital has more digits than this; what has is a name.
_CAMPAIGN_ID = re.compile(r"\d{1,18}")

_AT_ONCE = 5000
_SUGGESTED = 5

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R")
T = TypeVar("T")


class Found(msgspec.Struct, Generic[T]):
    """Something with a name: what a call takes for it, and what tells it from others of that name."""

    of: T
    name: str
    about: str


async def list_id(client: ServiceClient, named: str) -> str:
    """A marketing list's id. Raises DyntuiError LIST_UNKNOWN or LIST_AMBIGUOUS, with what was found."""
    if known := guid_of(named.strip()):
        return known
    # All of them: a name that is a part of many others may stand after any number of those.
    found = await _lists(client, named.strip()) or await _lists(client, "")
    return _only("marketing list", "LIST", named, found)


async def campaign_ref(client: ServiceClient, named: str, account: str = "") -> CampaignRef:
    """A campaign's number with the email account of the campaign that bears the name: two accounts may have one number.
    Of a number the account that was given, where one was. Raises DyntuiError CAMPAIGN_UNKNOWN or CAMPAIGN_AMBIGUOUS,
    with what was found."""
    if _CAMPAIGN_ID.fullmatch(named):
        return CampaignRef(int(named), account or client.account)
    found = await _campaigns(client, account, named.strip()) or await _campaigns(client, account, "")
    return _only("email campaign", "CAMPAIGN", named, found, ", or its email account with `--account`")


async def _lists(client: ServiceClient, search: str) -> list[Found[str]]:
    query = ListsQuery(view="all", search=search)
    return [
        Found(row.id, row.name, f"{row.id} ({row.member_type}, {'dynamic' if row.dynamic else 'static'})")
        async for row in _every(client, LISTS_PAGE, query)
    ]


async def _campaigns(client: ServiceClient, account: str, search: str) -> list[Found[CampaignRef]]:
    query = CampaignsQuery(view="all", account=account, search=search)
    return [
        Found(CampaignRef(row.id, row.account), row.name, f"{row.id} ({_standing(row)}, {row.account})")
        async for row in _every(client, CAMPAIGNS_PAGE, query)
    ]


async def _every(client: ServiceClient, call: Call[Q, Page[R]], query: Q) -> AsyncIterator[R]:
    """All rows. What comes or goes between two pages is no matter: one page holds what most organisations have."""
    done = 0
    while True:
        page = await client.call(call, msgspec.structs.replace(query, offset=done, limit=_AT_ONCE))
        for row in page.rows:
            yield row
        done += len(page.rows)
        if not page.rows or done >= page.matching:
            return


def _standing(row: CampaignRow) -> str:
    return f"{row.status}, archived" if row.archived_on else row.status


def _only(kind: str, code: str, named: str, found: list[Found[T]], otherwise: str = "") -> T:
    """The one that bears the name: to the letter or, where none does, ignoring case. `otherwise`: how else than by its
    id one of several is named."""
    exact = [one for one in found if one.name == named] or [one for one in found if _same(one.name, named)]
    if len(exact) == 1:
        return exact[0].of
    if exact:
        listed = "; ".join(one.about for one in exact)
        raise DyntuiError(
            f"{code}_AMBIGUOUS",
            f"{len(exact)} {kind}s are called {named!r}: {listed}.",
            not_done="Nothing was done.",
            remedy=f"Name it by its id{otherwise}.",
            exit=Exit.USAGE,
        )
    names = [one.name for one in found]
    like = [name for name in names if named.casefold() in name.casefold()] or get_close_matches(named, names)
    near = "; ".join(f"{name!r}" for name in like[:_SUGGESTED])
    raise DyntuiError(
        f"{code}_UNKNOWN",
        f"No {kind} is called {named!r}.",
        not_done="Nothing was done.",
        remedy=f"Perhaps you mean {near}." if near else f"`dyntui {code.lower()}s list` shows what there is.",
        exit=Exit.USAGE,
    )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def say_of_others(named: Sequence[str], done: int) -> None:
    """Of people who were named besides those of whom something was decided nothing waits."""
    others = len(dict.fromkeys(map(as_stored, named))) - done
    if named and others > 0:
        say(f"Of {counted(others, 'other')} named nothing waits, and nothing was decided.")
