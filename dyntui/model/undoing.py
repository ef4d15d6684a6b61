"""What undoing a change comes to, by the change and by what is so now: one rule for the plan and for carrying it out.

A withdrawal of consent is never undone. Whatever is not any more what the run wrote is refused by name, unless it is as
before already; so is what cannot be put back because nobody knows what was there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dyntui.model.changes import PREFERENCES, AppliedChange, moved_fields
from dyntui.model.outcomes import Outcome
from dyntui.model.plans import ADD, FLAG, JOIN, REMOVE, SUPPRESS, UNFLAG, UPDATE


class ContactNow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of dotdigital as it is. `channel`: the reason code of its own status, `""` where it would be mailed;
    `elsewhere`: it is in other address books too; `mailed`: a campaign has reached it; `chose`: it has opted in to a
    marketing preference; `theirs`: the data fields with a value that no data mapping sends."""

    contact_id: int
    values: Mapping[str, Any] = {}
    channel: str = ""
    in_book: bool = False
    elsewhere: bool = False
    mailed: bool = False
    chose: bool = False
    theirs: frozenset[str] = frozenset()


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of somebody. With an `effect` (add, update, remove) something is to be done: `before` and `after` of
    the fields, None where nothing is written; `address` is the one that is in the book afterwards, or was; `take_out`:
    the contact that leaves the book; `delete`: it is deleted, because the run had made it and nothing else needs it;
    `put_in`: somebody comes into the book. Without an effect `reason` and `detail` say why."""

    outcome: Outcome
    effect: str = ""
    reason: str = ""
    detail: str = ""
    address: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    take_out: int | None = None
    delete: bool = False
    put_in: bool = False


def _stale(detail: str) -> Undoing:
    return Undoing(outcome=Outcome.REJECTED, reason="STALE", detail=detail)


def _as_before(detail: str) -> Undoing:
    return Undoing(outcome=Outcome.UNCHANGED, detail=detail)


def writes_again(
    effect: str, after: Mapping[str, Any] | None, later: str, later_after: Mapping[str, Any] | None
) -> bool:
    """Whether a later change of somebody (`later`, the fields that it wrote) has written again what a change had."""
    fields = set(after or {}) & set(later_after or {})
    if effect in (ADD, UPDATE) and later in (ADD, UPDATE) and fields:
        return True
    return effect == later != UPDATE


NOT_IN_BOOK = "not in the address book any more"


def consent(change: AppliedChange) -> Undoing:
    """A change of consent, which stays."""
    return Undoing(
        outcome=Outcome.EXCLUDED,
        reason=change.reason or "SUPPRESSED",
        detail="consent withdrawn is not undone" if change.consent else "what ended an opt-out is not undone",
    )


def elsewhere(change: AppliedChange) -> Undoing:
    """What undoing a change comes to that is never taken back."""
    if change.effect in (SUPPRESS, FLAG, UNFLAG):
        return consent(change)
    if change.target in PREFERENCES:
        detail = "a choice is changed where it was made, in Dynamics or in dotdigital"
        return Undoing(outcome=Outcome.REJECTED, reason="NOT_UNDONE", detail=detail)
    detail = "the record stays, as others may use it by now; delete it in Dynamics"
    return Undoing(outcome=Outcome.REJECTED, reason="NOT_UNDONE", detail=detail)


def undo_record(change: AppliedChange, now: Mapping[str, Any] | None) -> Undoing:
    """What undoing a change of a record in Dynamics comes to. `now`: its columns, None where it is gone."""
    if now is None:
        return _stale("the record is gone")
    if change.before and not moved_fields(now, change.before):
        return _as_before("the columns are as before already")
    moved = moved_fields(now, change.after)
    if moved:
        return _stale(f"{', '.join(moved)} changed since")
    if not change.known or change.before is None:
        return Undoing(outcome=Outcome.REJECTED, reason="NO_BEFORE_IMAGE", detail="what was there before is not known")
    return Undoing(
        outcome=Outcome.UPDATED, effect=UPDATE, address=change.address, before=change.after, after=change.before
    )


def put_there_later(made_on: datetime | None, ended_on: datetime | None) -> bool:
    """Whether a row that makes somebody a member was made after a run had ended, both by the clock of Dynamics: then it
    is not the one that the run made."""
    return made_on is not None and ended_on is not None and made_on > ended_on + _CLOCKS


# Dynamics keeps whole seconds, and how far its clock is from this machine's is known as well as an answer takes.
_CLOCKS = timedelta(seconds=15)


def undo_membership(change: AppliedChange, on_list: bool, again: bool = False) -> Undoing:
    """What undoing comes to of somebody who was put on a marketing list, or taken off it. `on_list`: they are on it
    now; `again`: somebody put them there after the run."""
    joined = change.effect == JOIN
    if joined is not on_list:
        return _as_before("off the marketing list already" if joined else "on the marketing list already")
    if joined and again:
        return _stale("taken off the marketing list and put on it again since")
    return Undoing(
        outcome=Outcome.REMOVED if joined else Outcome.ADDED,
        effect=REMOVE if joined else JOIN,
        detail="off the marketing list" if joined else "back onto the marketing list",
        address=change.address,
        put_in=not joined,
    )


def undo(change: AppliedChange, here: ContactNow | None, before: ContactNow | None = None) -> Undoing:
    """What undoing a change of an address book comes to. `here`: the contact with the change's address, `before`: that
    with the address before, where that was another one; None where there is none."""
    if change.consent:
        return consent(change)
    if change.effect == ADD:
        return _take_out(change, here)
    if change.effect == REMOVE:
        return _put_back(change, here)
    return (
        _set_back(change, here) if change.before_address in ("", change.address) else _move_back(change, here, before)
    )


def _not_as_written(change: AppliedChange, here: ContactNow | None) -> str:
    """Why the contact is not what the run left behind; `""` when it is."""
    if here is None or not here.in_book:
        return NOT_IN_BOOK
    moved = moved_fields(here.values, change.after)
    return f"{', '.join(moved)} changed since" if moved else ""


# A status in which a contact may be in an address book: who has not confirmed yet has withdrawn nothing.
_STAYS = ("", "PENDING_OPT_IN")


def _deletes(change: AppliedChange, here: ContactNow) -> bool:
    # A contact that has opted out is kept: one made anew with its address would be mailed again. So is one to which
    # others have given something since, which would go with it.
    given = here.chose or here.theirs - {name.upper() for name in change.after or {}}
    return change.created and here.channel in _STAYS and not (here.elsewhere or here.mailed or given)


def _take_out(change: AppliedChange, here: ContactNow | None) -> Undoing:
    if here is None or not here.in_book:
        if here is None or not change.before or moved_fields(here.values, change.after):
            return _as_before("out of the address book already")
        # An undo that broke off may have got so far.
        return Undoing(
            outcome=Outcome.UPDATED,
            effect=UPDATE,
            detail="out of the address book already",
            address=change.address,
            before=change.after,
            after=change.before,
        )
    stale = _not_as_written(change, here)
    if stale:
        return _stale(stale)
    delete = _deletes(change, here)
    return Undoing(
        outcome=Outcome.REMOVED,
        effect=REMOVE,
        detail="the contact is deleted, as the run had made it" if delete else "",
        address=change.address,
        before=change.after,
        after=change.before or None,
        take_out=here.contact_id,
        delete=delete,
    )


def _set_back(change: AppliedChange, here: ContactNow | None) -> Undoing:
    if here is not None and here.in_book and change.before and not moved_fields(here.values, change.before):
        return _as_before("the fields are as before already")
    stale = _not_as_written(change, here)
    if stale:
        return _stale(stale)
    if not change.known or change.before is None:
        return Undoing(outcome=Outcome.REJECTED, reason="NO_BEFORE_IMAGE", detail="what was there before is not known")
    return Undoing(
        outcome=Outcome.UPDATED, effect=UPDATE, address=change.address, before=change.after, after=change.before
    )


def _put_back(change: AppliedChange, here: ContactNow | None) -> Undoing:
    if here is not None and here.in_book:
        return _as_before("in the address book already")
    if change.deleted:
        if here is not None:
            return _stale("there is a contact with the address again")
    else:
        if here is None:
            return _stale("there is no contact with the address any more")
        if here.channel not in _STAYS:
            return Undoing(outcome=Outcome.EXCLUDED, reason=here.channel, detail="opted out since")
        moved = moved_fields(here.values, change.after)
        if moved:
            return _stale(f"{', '.join(moved)} changed since")
    # What leaving the book left alone is left alone by coming back.
    after = change.before if change.deleted or change.after is not None else None
    return Undoing(
        outcome=Outcome.ADDED, effect=ADD, address=change.address, before=change.after, after=after, put_in=True
    )


def _move_back(change: AppliedChange, here: ContactNow | None, before: ContactNow | None) -> Undoing:
    stale = _not_as_written(change, here)
    if stale or here is None:
        return _stale(stale)
    if change.deleted:
        if before is not None:
            return _stale(f"there is a contact {change.before_address} again")
    else:
        if before is None:
            return _stale(f"there is no contact {change.before_address} any more")
        if before.in_book:
            return _stale(f"{change.before_address} is in the address book already")
        if before.channel not in _STAYS:
            return Undoing(outcome=Outcome.EXCLUDED, reason=before.channel, detail="opted out since")
    return Undoing(
        outcome=Outcome.UPDATED,
        effect=UPDATE,
        address=change.before_address,
        before=change.after,
        after=change.before if change.deleted else None,
        take_out=here.contact_id,
        delete=_deletes(change, here),
        put_in=True,
    )
