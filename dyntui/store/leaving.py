"""Who does not belong in a marketing list's address book any more, after a settled listing.

Whoever withdrew consent leaves at once. The others are counted first: too many of them, or a listing that proves
nothing, and they are held until somebody has looked.

Public:
    leavers(c, list_id, listing, after=-1, limit=5000) -> list[Leaver]; going(list_id, listing) -> Select
    to_be_guarded(c, list_id, listing) -> int
    hand_over(c, list_id, listing, leavers)
    remove(c, list_id, listing, person_ids) -> int; hold(c, list_id, listing, detail) -> int
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome
from dyntui.store import held as held_removals
from dyntui.store import list_unsubscribes, suppressed_people, unsettled
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.bound import Value, text
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.schema import list_member, list_unsubscribe, suppression
from dyntui.store.upserts import update_many

_m = list_member.c
_LIST, _LISTING = text("list"), text("listing")


class Leaver(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that does not belong in the book any more. `why`: `withdrawn` consent, `left` the list, `excluded` now,
    put there by `others` although excluded, or `moved` to another address. `in_use`: another member has taken over the
    address, so that the contact must stay in the book."""

    person_id: str
    seq: int
    name: str
    contact_id: int | None
    sent_address: str
    why: str
    in_use: bool


def _why(list_id: Value, listing: Value) -> ColumnElement[str]:
    """`""` for those who stay in the book."""
    unsubscribed = select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == list_id)
    people = list_unsubscribes.people().subquery("unsubscribed").c
    # By the record, by the address that is in the book, and by the one the record has now.
    withdrawn = or_(
        _m.own_reasons.contains("DO_NOT_", autoescape=True),
        is_opted_out(_m.person_id, _m.sent_address),
        is_opted_out(_m.person_id, _m.address),
        _m.person_id.in_(select(people.person_id).where(people.list_id == list_id)),
        _m.person_id.in_(suppressed_people.person_ids()),
        *(
            address.in_(known)
            for address in (_m.sent_address, _m.address)
            for known in (select(suppression.c.address), unsubscribed)
        ),
    )
    left = _m.listing != listing
    excluded = _m.outcome == Outcome.EXCLUDED.value
    # Even where the new address was refused: the old one is theirs no more, and may have been opted out of.
    moved = _m.sent_address != _m.address
    held = and_(_m.outcome == Outcome.HELD.value, _m.gated_by == listing)
    return case(
        (or_(_m.sent_address == "", held), ""),
        (and_(or_(left, excluded), withdrawn), "withdrawn"),
        (_m.decision == held_removals.KEEP, ""),
        (left, "left"),
        (and_(excluded, _m.sent_fingerprint == BY_OTHERS), "others"),
        (excluded, "excluded"),
        (moved, "moved"),
        else_=literal("", String),
    )


def _in_use(list_id: Value, listing: Value) -> ColumnElement[bool]:
    heir = list_member.alias("heir")
    return exists().where(
        heir.c.list_id == list_id,
        heir.c.listing == listing,
        heir.c.address == _m.sent_address,
        heir.c.person_id != _m.person_id,
        heir.c.outcome != Outcome.EXCLUDED.value,
        or_(heir.c.outcome != Outcome.REJECTED.value, heir.c.sent_address == heir.c.address),
    )


def going(list_id: str, listing: str) -> Select[Any]:
    """`person_id` and `why` (see `Leaver`) of everybody whom `leavers` names."""
    why = _why(list_id, listing)
    return select(_m.person_id, why.label("why")).where(*_may_leave(list_id), why != "")


def _may_leave(list_id: Value) -> tuple[ColumnElement[bool], ...]:
    """Whoever is on the list and unchanged stays in the book."""
    return (_m.list_id == list_id, unsettled.is_one_in_book(list_id), _m.sent_address != "")


def leavers(c: Connection, list_id: str, listing: str, after: int = -1, limit: int = 5000) -> list[Leaver]:
    """Contacts that were synchronised and do not belong in the book, by `seq` after `after`; nobody who is held."""
    values = {_LIST.key: list_id, _LISTING.key: listing, "b_after": after, "b_most": limit}
    return [Leaver(**row._mapping) for row in c.execute(_leavers(), values)]


@functools.cache
def _leavers() -> Select[Any]:
    why = _why(_LIST, _LISTING)
    return (
        select(
            _m.person_id,
            _m.seq,
            _m.name,
            _m.contact_id,
            _m.sent_address,
            why.label("why"),
            _in_use(_LIST, _LISTING).label("in_use"),
        )
        .where(*_may_leave(_LIST), _m.seq > bindparam("b_after", type_=Integer), why != "")
        .order_by(_m.seq)
        .limit(bindparam("b_most", type_=Integer))
    )


def to_be_guarded(c: Connection, list_id: str, listing: str) -> int:
    """How many would leave the book for another reason than consent withdrawn or an address that changed, and without
    anybody having decided that they do."""
    return c.execute(_to_be_guarded(), {_LIST.key: list_id, _LISTING.key: listing}).scalar_one()


@functools.cache
def _to_be_guarded() -> Select[int]:
    return select(func.count()).select_from(list_member).where(*_guarded(_LIST, _LISTING))


def _guarded(list_id: Value, listing: Value) -> tuple[ColumnElement[bool], ...]:
    leaves = _why(list_id, listing).in_(("left", "excluded"))
    return (*_may_leave(list_id), _m.decision == "", leaves, ~_in_use(list_id, listing))


def hold(c: Connection, list_id: str, listing: str, detail: str) -> int:
    """All of `to_be_guarded` stay in the book, and their removal waits for approval; how many. The reason stays the
    first one by precedence: that of a closed gate where there is one, REMOVAL_HELD for who merely left the list."""
    excluded = _m.outcome == Outcome.EXCLUDED.value
    values = {
        "outcome": Outcome.HELD.value,
        "reason": case((excluded, _m.reason), else_="REMOVAL_HELD"),
        "detail": case((and_(excluded, _m.detail != ""), _m.detail + literal("; " + detail, String)), else_=detail),
        "gated_by": listing,
        "news": True,
        "also": case(
            (and_(excluded, _m.also != ""), _m.also + ",REMOVAL_HELD"),
            (excluded, "REMOVAL_HELD"),
            else_=literal("", String),
        ),
    }
    people = select(_m.person_id).where(*_guarded(list_id, listing)).scalar_subquery()
    held = update(list_member).where(_m.list_id == list_id, _m.person_id.in_(people))
    return c.execute(held.values(values)).rowcount


def hand_over(c: Connection, list_id: str, listing: str, leavers: Iterable[Leaver]) -> None:
    """Contacts that stay in the book for another member are in it already when that member is imported. Whoever was in
    it with an address of their own before, as after a swap, is updated by that and not added; nothing of them was sent
    to this contact."""
    own = and_(_m.sent_fingerprint != "", _m.sent_fingerprint != BY_OTHERS)
    statement = (
        update(list_member)
        .where(
            _m.list_id == bindparam("b_list", type_=String),
            _m.address == bindparam("b_address", type_=String),
            _m.listing == bindparam("b_listing", type_=String),
            _m.outcome == "",
            _m.sent_address == "",
        )
        .values(
            sent_address=_m.address,
            sent_fingerprint=case((own, OVERWRITTEN), else_=BY_OTHERS),
            sent_fields=case((own, null()), else_=_m.sent_fields),
            contact_id=bindparam("b_contact", type_=_m.contact_id.type),
            news=True,
        )
    )
    rows = [(list_id, each.sent_address, listing, each.contact_id) for each in leavers if each.in_use]
    update_many(c, statement, ("b_list", "b_address", "b_listing", "b_contact"), rows)


def remove(c: Connection, list_id: str, listing: str, person_ids: Iterable[str]) -> int:
    """These leavers are out of the book (or their contact stays for another member). Who left the list ends as
    `removed`; who is excluded stays that; who moved to another address stays pending or rejected, and once imported
    is `updated`."""
    left = _m.listing != bindparam("b_listing", type_=String)
    moved = and_(_m.listing == bindparam("b_listing", type_=String), _m.outcome != Outcome.EXCLUDED.value)
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(
            outcome=case((left, Outcome.REMOVED.value), else_=_m.outcome),
            reason=case((left, ""), else_=_m.reason),
            detail=case((left, ""), else_=_m.detail),
            also=case((left, ""), else_=_m.also),
            sent_fingerprint=case((moved, _m.sent_fingerprint), else_=""),
            sent_address="",
            contact_id=null(),
            news=True,
            decision="",
            decided_by="",
            decided_on="",
        )
    )
    rows = [(listing, list_id, person_id) for person_id in person_ids]
    return update_many(c, statement, ("b_listing", "b_list", "b_person"), rows)
