"""Strangers: contacts of a marketing list's address book that are not on the list, and what becomes of each.

`judge` is the whole rule, a function of the membership action and of what is known of the stranger. Somebody whom
dyntui itself has put into the book and who has left the list is no stranger: LEFT_LIST.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence

import msgspec

from dyntui.model.addresses import fault
from dyntui.model.membership_actions import CREATES, MembershipAction
from dyntui.model.outcomes import Outcome

# `contact`, its id, its name.
_WORDS = 2
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
# As many candidates as a person chooses among.
_NAMED = 5
_MORE = re.compile(r"; and [\d,]+ more\Z")


class Effect(enum.StrEnum):
    """What is to be done with a stranger: nothing, out of the book, onto the list, a new record first."""

    STAY = ""
    REMOVE = "remove"
    JOIN = "join"
    CREATE = "create"


class Match(msgspec.Struct, frozen=True):
    """An active record of the list's type with the stranger's address. `opted_out`: the reason code, where it has."""

    id: str
    name: str
    opted_out: str = ""


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """`channel`: why dotdigital itself would not mail them, `""`: it would. `consent` and `detail`: whoever said no for
    the address - a suppression, an opt-out of a record, an unsubscribe from the list. `picked`: the record that
    somebody chose of several; `known_as`: in words, the record that has had the address, where none has it now."""

    address: str
    channel: str = ""
    consent: str = ""
    detail: str = ""
    matches: tuple[Match, ...] = ()
    picked: str = ""
    known_as: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What is to be done, and how it is named once it is; `person`: the record that joins the list."""

    effect: Effect
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    person: str = ""


def judge(action: MembershipAction, kind: str, stranger: Stranger) -> Verdict:
    """What becomes of a stranger of a list of `kind` (contact, lead, account)."""
    if stranger.consent:
        return Verdict(Effect.REMOVE, Outcome.EXCLUDED, stranger.consent, stranger.detail)
    if action is MembershipAction.IGNORE:
        return Verdict(Effect.STAY, Outcome.UNCHANGED, detail="not on the list")
    if action is MembershipAction.REMOVE:
        return Verdict(Effect.REMOVE, Outcome.REMOVED, detail="not on the list")
    if stranger.channel:
        return Verdict(Effect.STAY, Outcome.EXCLUDED, stranger.channel)
    if wrong := fault(stranger.address):
        return Verdict(Effect.STAY, Outcome.EXCLUDED, "BAD_EMAIL", wrong)
    said_no = next((each for each in stranger.matches if each.opted_out), None)
    if said_no is not None:
        return Verdict(Effect.REMOVE, Outcome.EXCLUDED, said_no.opted_out, f"{kind} {said_no.id}")
    return _matched(action, kind, stranger)


def _matched(action: MembershipAction, kind: str, stranger: Stranger) -> Verdict:
    chosen = [each for each in stranger.matches if each.id == stranger.picked] or list(stranger.matches)
    if len(chosen) == 1:
        known = chosen[0]
        return Verdict(Effect.JOIN, Outcome.ADDED, detail=f"joined as {kind} {known.id} {known.name}", person=known.id)
    if chosen:
        return Verdict(Effect.STAY, Outcome.REJECTED, "AMBIGUOUS_MATCH", _candidates(kind, chosen))
    if CREATES.get(action) == kind and stranger.known_as:
        return Verdict(Effect.STAY, Outcome.EXCLUDED, "UNKNOWN_PERSON", stranger.known_as)
    if CREATES.get(action) == kind:
        return Verdict(Effect.CREATE, Outcome.ADDED, detail=f"joined as a new {kind}")
    return Verdict(Effect.STAY, Outcome.EXCLUDED, "UNKNOWN_PERSON", f"no active {kind} has the address")


def candidates_in(detail: str) -> list[tuple[str, str]]:
    """The records (id, in words) that an AMBIGUOUS_MATCH names."""
    found = [each.split(" ", 2) for each in detail.split("; ")]
    return [(each[1], " ".join(each)) for each in found if len(each) >= _WORDS and _GUID.match(each[1])]


def more_in(detail: str) -> bool:
    """Whether an AMBIGUOUS_MATCH is of more records than it names."""
    return _MORE.search(detail) is not None


def _candidates(kind: str, found: Sequence[Match]) -> str:
    named = "; ".join(f"{kind} {each.id} {each.name}" for each in sorted(found, key=lambda each: each.id)[:_NAMED])
    return named + (f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else "")
