"""How the members of a marketing list are changed by hand, and what that comes to for each person (spec section 10,
"Manage members")."""

from __future__ import annotations

import enum
from typing import Annotated, Final

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


# By where people come from, what else narrows them down; what is searched for does so everywhere.
_NARROWED_BY: Final = {
    "run": ("item", "outcome", "reason"),
    "count": ("sendable", "reason"),
    "list": ("outcome", "reason"),
    "campaign": ("account", "did"),
    "suppressed": ("account",),
}


def misfit(asked: PeopleSlice) -> str:
    """Why these are no people that a screen shows, as a sentence; `""` where they are. What would be passed over is no
    matter of taste: more people would be named than somebody has asked for."""
    given = [name for name in asked.__struct_fields__ if getattr(asked, name) and name != "search"]
    sources = [name for name in given if name in _NARROWED_BY]
    if len(sources) > 1:
        return f"People of one place are taken, and {' and '.join(sources)} are named."
    if not sources and not (given or asked.search):
        return "It is not said which people are meant."
    narrowing = _NARROWED_BY[sources[0]] if sources else ()
    others = [name for name in given if name not in (*sources, *narrowing)]
    of = f"people of a {sources[0]}" if sources and sources[0] != "suppressed" else "these people"
    return f"{of[0].upper()}{of[1:]} are not narrowed down by {' or '.join(others)}." if others else ""


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
