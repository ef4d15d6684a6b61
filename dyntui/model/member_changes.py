"""How the members of a marketing list are changed by hand, and what that comes to for each person (spec section 10,
"Manage members")."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from dyntui.model.outcomes import Outcome
from dyntui.model.plans import JOIN, REMOVE

_Text = Annotated[str, msgspec.Meta(max_length=1000)]


class MemberChange(enum.StrEnum):
    """`add`: whoever is named comes onto the list; `remove`: leaves it; `keep`: everybody else leaves it, which
    Dynamics calls evaluating."""

    ADD = "add"
    REMOVE = "remove"
    KEEP = "keep"


class PeopleSlice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """People that a screen shows: of a `run` (of an `item`), of a target `count` (`sendable`: who would be mailed), of
    a marketing `list` as last read, each narrowed by `outcome` and `reason`; recipients of a `campaign` (dotdigital's
    number; of the email `account` with this id) who did what `did` says (opened, clicked, ...); `suppressed` ones; or
    whom `search` finds, over all lists where none of these is named."""

    run: _Text = ""
    item: _Text = ""
    count: _Text = ""
    list: _Text = ""
    outcome: _Text = ""
    reason: _Text = ""
    sendable: bool = False
    campaign: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    account: _Text = ""
    did: _Text = ""
    suppressed: bool = False
    search: _Text = ""


class Decided(msgspec.Struct, frozen=True):
    """What a change comes to for somebody; `effect`: join or remove, `""` where nothing is to be done."""

    outcome: Outcome
    effect: str = ""
    reason: str = ""
    detail: str = ""


def decide(change: MemberChange, *, named: bool, on_list: bool, active: bool = True) -> Decided:
    """`named`: they are among those that the change is about; `active`: their record is."""
    if change is MemberChange.ADD:
        if on_list:
            return Decided(Outcome.UNCHANGED, detail="on the list already")
        if not active:
            return Decided(
                Outcome.REJECTED, reason="INACTIVE", detail="Dynamics takes no inactive record onto a marketing list"
            )
        return Decided(Outcome.ADDED, JOIN)
    if not on_list:
        return Decided(Outcome.UNCHANGED, detail="not on the list")
    if named is (change is MemberChange.REMOVE):
        return Decided(Outcome.REMOVED, REMOVE)
    return Decided(Outcome.UNCHANGED, detail="stays on the list")
