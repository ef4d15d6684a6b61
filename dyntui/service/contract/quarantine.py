"""Refused rows: looked at by cause, offered again, or not heard of for a while."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.quarantine import RefusedRow
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.held import ON_HELD
from dyntui.service.contract.lists import LISTS_CHANGED
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.situations import Situation


class RefusedQuery(Window, frozen=True, kw_only=True):
    """A window on the refused rows of all lists, by cause: of one `list` (id), `account` or `reason` where given;
    `ignored`: those that somebody does not want to hear of at present, instead of the others."""

    list: Text = ""
    reason: Text = ""
    ignored: bool = False
    account: Text = ""


class RetryRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The refused rows of a list (id) are read again and offered again; of all lists of the `account` where none is
    named."""

    list: Text = ""
    account: Text = ""


class IgnoreRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is to be heard of the refused rows of these `people` (ids of records) on a list for so many `days`, or
    until the record changes."""

    list: Text
    people: tuple[Text, ...]
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
    why: Text = ""


class PickMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Of several records with the address of a stranger (the id of the contact, as the refused row names it) in the
    book of a list, `record` is the one who joins."""

    list: Text
    stranger: Text
    record: Text


class RefusedIgnored(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are ignored, until when (ISO 8601 UTC)."""

    people: int
    until: str


QUARANTINE_PAGE = Call("quarantine.page", RefusedQuery, Page[RefusedRow], Ability.SEE)
QUARANTINE_RETRY = Call("quarantine.retry", RetryRefused, RunRow, Ability.SYNCHRONISE)
QUARANTINE_IGNORE = Call(
    "quarantine.ignore", IgnoreRefused, RefusedIgnored, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,)
)
QUARANTINE_PICK = Call("quarantine.pick", PickMatch, RunRow, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))


def to_pick(situation: Situation) -> str:
    """A stranger whom several records match."""
    row = situation.one(RefusedRow)
    if row is None:
        return "No refused row is selected."
    return "" if row.reason == "AMBIGUOUS_MATCH" else "It is not refused for matching several records."


def refused(situation: Situation) -> str:
    """A refused row is in hand."""
    if situation.one(RefusedRow) or situation.marks(RefusedRow):
        return ""
    return "No refused row is selected."


def to_ignore(situation: Situation) -> str:
    """Refused rows of one list that are not ignored yet."""
    chosen = situation.chosen(RefusedRow)
    if any(each.ignored_until for each in chosen):
        return "It is ignored already; it is heard of again after its time, or when the record changes."
    return refused(situation)


ON_QUARANTINE = Scope("Refused rows")

ACTIONS = (
    Action(
        id="quarantine.open",
        title="Refused rows",
        scopes=(ON_HELD,),
        keys=("n",),
        hint="Refused rows",
        call=QUARANTINE_PAGE,
        command="dyntui quarantine list",
        tooltip="Rows that dotdigital refused, or that cannot be sent as they are, by cause",
    ),
    Action(
        id="quarantine.retry",
        title="Offer it again",
        scopes=(ON_QUARANTINE,),
        keys=("s",),
        hint="Offer again",
        call=QUARANTINE_RETRY,
        command="dyntui quarantine retry LIST",
        tooltip="Synchronises its list: every record is read again, and every refused row of the list offered again",
        row=True,
        rule=refused,
    ),
    Action(
        id="quarantine.pick",
        title="Choose the record that it is",
        scopes=(ON_QUARANTINE,),
        keys=("a",),
        hint="Choose",
        call=QUARANTINE_PICK,
        command="dyntui quarantine pick LIST STRANGER RECORD",
        tooltip="Of several records with its address one joins the list, with a synchronisation at once",
        row=True,
        rule=to_pick,
    ),
    Action(
        id="quarantine.ignore",
        title="Ignore it for 30 days",
        scopes=(ON_QUARANTINE,),
        keys=("i",),
        hint="Ignore",
        call=QUARANTINE_IGNORE,
        command="dyntui quarantine ignore LIST --person ID",
        tooltip="Nothing is heard of it for 30 days, or until the record changes; asks first",
        row=True,
        rule=to_ignore,
    ),
)
