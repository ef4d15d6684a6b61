"""Who is put on a static marketing list, and taken off it.

    add_members(dv, ml, ids) -> Changed                  remove_members(dv, ml, ids) -> Changed

Facts: reference/dataverse_api.md section 7.4. Whether adding a member again is refused is not described.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from dyntui.dataverse import batch
from dyntui.dataverse.errors import ALREADY_THERE, GONE, LIST_REFUSES, NOT_A_MEMBER, DataverseError, UnknownOutcome
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList, Membership
from dyntui.dataverse.query import guid
from dyntui.dataverse.rows import pages

CHUNK: Final = 1000
_BATCH: Final = 100
# As many ids as a URL takes.
_ASKED: Final = 300


class Refused(msgspec.Struct, frozen=True):
    """A member that Dynamics would not add or remove, with its reason."""

    id: str
    error: DataverseError


class Changed(msgspec.Struct, frozen=True):
    """What became of a change of members: every id given is in exactly one of the two."""

    done: list[str]
    refused: list[Refused]


async def add_members(dv: Dataverse, ml: MarketingList, ids: Sequence[str], *, caller: str | None = None) -> Changed:
    """Add members to a static list, 1,000 a call; whoever is one already counts as done.

    A call that fails because of one member is halved until that member stands alone; the others are added. A call whose
    answer was lost is settled by looking who is a member. Raises DataverseError when the list itself refuses (locked,
    inactive, dynamic, wrong type) or for sign-in, limits and connections, where nobody was added before; otherwise the
    rest counts as refused: what was done is not to be forgotten.
    """
    return await _change(dv, ml, ids, "AddListMembersList", ALREADY_THERE, caller)


async def remove_members(dv: Dataverse, ml: MarketingList, ids: Sequence[str], *, caller: str | None = None) -> Changed:
    """Remove members from a static list, 1,000 a call; whoever is none counts as done. Errors as `add_members`.

    Not every environment has the action; there, the links are removed one by one, 100 in a batch.
    """
    try:
        return await _change(dv, ml, ids, "RemoveListMembersList", NOT_A_MEMBER, caller)
    except DataverseError as error:
        if error.status != 404 or error.platform_code in GONE:
            raise
    return await _unlink(dv, ml, list(dict.fromkeys(guid(each) for each in ids)), caller)


async def _unlink(dv: Dataverse, ml: MarketingList, ids: Sequence[str], caller: str | None) -> Changed:
    done: list[str] = []
    refused: list[Refused] = []
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        links = [f"lists({guid(ml.id)})/{ml.table.association}({each})/$ref" for each in some]
        try:
            answers = await batch.run(
                dv, [batch.Part("DELETE", link) for link in links], repeatable=True, caller=caller
            )
        except DataverseError as error:
            there = await _members_after(dv, ml, some, caller, error)
            done += [each for each in some if each not in there]
            if not done:
                raise
            return Changed(done, [*refused, *(Refused(each, error) for each in ids[start:] if each not in set(done))])
        for each, answer in zip(some, answers, strict=True):
            if answer.error is None or answer.error.platform_code in GONE | NOT_A_MEMBER:
                done.append(each)
            elif _about_one_member(answer.error) or done:
                refused.append(Refused(each, answer.error))
            else:
                raise answer.error
    return Changed(done=done, refused=refused)


async def _change(
    dv: Dataverse, ml: MarketingList, ids: Sequence[str], action: str, fine: frozenset[str], caller: str | None
) -> Changed:
    done: list[str] = []
    refused: list[Refused] = []
    distinct = list(dict.fromkeys(guid(each) for each in ids))
    waiting = [distinct[start : start + CHUNK] for start in range(0, len(distinct), CHUNK)]
    waiting.reverse()
    while waiting:
        some = waiting.pop()
        try:
            await _act(dv, ml, some, action, caller)
        except UnknownOutcome as error:
            there = await _members_after(dv, ml, some, caller, error)
            made = [each for each in some if (each in there) is (fine is ALREADY_THERE)]
            done.extend(made)
            left = [each for each in some if each not in set(made)]
            if left and not done:
                raise
            refused += [Refused(each, error) for each in left]
        except DataverseError as error:
            if error.platform_code in fine and len(some) == 1:
                done.extend(some)
            elif error.platform_code in fine & ALREADY_THERE and (there := await _members_among(dv, ml, some, caller)):
                done.extend(each for each in some if each in there)
                waiting += [left] if (left := [each for each in some if each not in there]) else []
            elif not _about_one_member(error):
                if not done:
                    raise
                others = [each for more in waiting for each in more]
                return Changed(done, [*refused, *(Refused(each, error) for each in (*some, *others))])
            elif len(some) == 1:
                refused.append(Refused(some[0], error))
            else:
                half = len(some) // 2
                waiting.append(some[half:])
                waiting.append(some[:half])
        else:
            done.extend(some)
    return Changed(done=done, refused=refused)


async def _members_among(dv: Dataverse, ml: MarketingList, ids: Sequence[str], caller: str | None) -> set[str]:
    """Those of the ids that are on the list already."""
    found: set[str] = set()
    for start in range(0, len(ids), _ASKED):
        # `In` is described for plain columns alone.
        named = " or ".join(f"_entityid_value eq {each}" for each in ids[start : start + _ASKED])
        condition = f"_listid_value eq {guid(ml.id)} and ({named})"
        async for page in pages(dv, "listmembers", Membership, filter=condition, caller=caller, keyless=True):
            found |= {row.record for row in page.rows}
    return found


async def _members_after(
    dv: Dataverse, ml: MarketingList, ids: Sequence[str], caller: str | None, error: DataverseError
) -> set[str]:
    """Who of them is a member after a call that failed; raises its error where that is not to be told."""
    try:
        return await _members_among(dv, ml, ids, caller)
    except DataverseError:
        raise error from None


def _about_one_member(error: DataverseError) -> bool:
    """Whether splitting the call may help: the list's own state and everything around the call concern all of them."""
    if error.platform_code in LIST_REFUSES - {"0x8004033b"}:
        return False
    return (
        error.platform_code in GONE | NOT_A_MEMBER | ALREADY_THERE | {"0x8004033b", "0x8004020d"} or error.status == 400
    )


async def _act(dv: Dataverse, ml: MarketingList, ids: Sequence[str], action: str, caller: str | None) -> None:
    table = ml.table
    kind = f"Microsoft.Dynamics.CRM.{table.logical_name}"
    await dv.request(
        "POST",
        action,
        body={
            "List": {"@odata.type": "Microsoft.Dynamics.CRM.list", "listid": guid(ml.id)},
            "Members": [{"@odata.type": kind, table.key: each} for each in ids],
        },
        repeatable=True,
        caller=caller,
    )
