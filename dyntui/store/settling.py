"""What is to be done with everybody of a listing: by the record, by the facts of the moment, by what the book holds.

Public: `settle(c, list_id, listing, account_id, now)`, `withhold(c, list_id, listing, account_id)`,
`mark_left(c, list_id, listing)`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, case, literal, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.store import held, list_unsubscribes, suppressed_people
from dyntui.store.gate_marks import code_mark, first_code, first_mark, further_codes, mark
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.schema import list_member, list_unsubscribe, suppression
from dyntui.store.staging import PREVIEW
from dyntui.store.standing import (
    Scope,
    materialised,
    own_reason_lists,
    shared_addresses,
    standing,
    with_duplicates,
)

_m = list_member.c
_EXCLUDED = literal(Outcome.EXCLUDED.value, String)
_REJECTED = literal(Outcome.REJECTED.value, String)
_PENDING = literal("", String)


def settle(c: Connection, list_id: str, listing: str, account_id: str, now: str) -> None:
    """Decide what is to be done with everybody of a complete listing, by the facts of this moment. Once per listing:
    what the import has acknowledged since would be taken for unchanged.

    The first closed gate by precedence is the reason (outcome excluded; rejected for VALUE_REJECTED), the others are
    `also`. Of several records with one address on the account's lists one is taken (`dyntui.store.standing`); the
    others are excluded, their detail names it. Who has no closed gate is unchanged, still rejected (`retry_on` lies
    after `now` and nothing changed), or pending: outcome `""`; what dotdigital itself has against them is `also`.
    """
    mark_left(c, list_id, listing)
    list_unsubscribes.given_up(c, list_id, now)
    scope = (_m.list_id == list_id, _m.listing == listing)
    # Everybody is looked at anew, also who has left the list since.
    c.execute(update(list_member).where(_m.list_id == list_id, _m.gated_by == listing).values(gated_by=""))
    _name_gates(c, list_id, listing, account_id, scope)
    waiting = and_(_m.fingerprint == _m.rejected_fingerprint, _m.retry_on > now)
    becomes = case(
        (and_(_m.fingerprint == _m.sent_fingerprint, _m.address == _m.sent_address), Outcome.UNCHANGED.value),
        (waiting, _REJECTED),
        else_=_PENDING,
    )
    values: dict[str, ColumnElement[Any]] = {
        "outcome": becomes,
        "reason": case((becomes == _REJECTED, _m.rejected_reason), else_=""),
        "detail": case((becomes == _REJECTED, _m.rejected_detail), else_=""),
        "also": _m.channel,
    }
    differs = or_(*(_m[name] != value for name, value in values.items()))
    c.execute(update(list_member).where(*scope, _m.gated_by != listing, differs).values(values))
    held.settle(c, list_id, listing)


def withhold(c: Connection, list_id: str, listing: str, account_id: str) -> None:
    """Of those who wait to be imported nobody is who has opted out since the listing was settled: the gate that has
    closed is their outcome."""
    waiting = (_m.list_id == list_id, _m.listing != PREVIEW, _m.outcome == "")
    _name_gates(c, list_id, listing, account_id, waiting)


def mark_left(c: Connection, list_id: str, listing: str) -> None:
    """A listing is complete: whom it did not see is not on the list."""
    gone = _m.listing != listing
    c.execute(update(list_member).where(_m.list_id == list_id, _m.has_left != gone).values(has_left=gone, news=True))


def _name_gates(c: Connection, list_id: str, listing: str, account_id: str, scope: Scope) -> None:
    """The outcome and the reasons of everybody who has a closed gate."""
    shared = shared_addresses(account_id, [list_id])
    unsubscribed = list_unsubscribes.people().subquery("unsubscribed").c
    # Few of a million have any: the others are not looked at one by one.
    concerned = or_(
        _m.own_reasons != "",
        _m.filtered != "",
        is_opted_out(_m.person_id, _m.address),
        _m.address.in_(select(suppression.c.address)),
        _m.address.in_(select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == list_id)),
        _m.person_id.in_(select(unsubscribed.person_id).where(unsubscribed.list_id == list_id)),
        _m.person_id.in_(suppressed_people.person_ids()),
        _m.address.in_(shared),
    )
    channel = (_m.channel.label("channel"),)
    facts = standing(account_id, (*scope, concerned), own_reason_lists(c, scope), channel)
    stands = with_duplicates(facts, account_id, [list_id]).c
    closed = code_mark(stands.channel).bitwise_or(stands.mask)
    named = materialised(
        select(
            stands.person_id,
            first_mark(stands.mask).label("first"),
            first_code(stands.mask).label("reason"),
            stands.detail,
            # What dotdigital has against the person is no gate of a synchronisation: it stands behind those that are.
            case(
                (first_mark(closed) == first_mark(stands.mask), further_codes(closed)),
                else_=stands.channel
                + case((further_codes(stands.mask) == "", ""), else_="," + further_codes(stands.mask)),
            ).label("also"),
        ).where(stands.mask != 0),
        "named",
    ).c
    c.execute(
        update(list_member)
        .where(_m.list_id == list_id, _m.person_id == named.person_id)
        .values(
            outcome=case((named.first == mark("VALUE_REJECTED"), _REJECTED), else_=_EXCLUDED),
            reason=named.reason,
            detail=named.detail,
            also=named.also,
            gated_by=listing,
        )
    )
