"""What is to be done with everybody of a listing: by the record, by the facts of the moment, by what the book holds.

Public: `settle(c, list_id, listing, account_id, now)`, also reached as `members.settle`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, case, func, literal, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.store.gate_marks import first_code, first_mark, further_codes, mark
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.schema import list_member, list_unsubscribe, suppression
from dyntui.store.standing import Scope, materialised, own_reason_lists, standing, with_duplicates

_m = list_member.c
_EXCLUDED = literal(Outcome.EXCLUDED.value, String)
_REJECTED = literal(Outcome.REJECTED.value, String)
_PENDING = literal("", String)


def settle(c: Connection, list_id: str, listing: str, account_id: str, now: str) -> None:
    """Decide what is to be done with everybody of a complete listing, by the facts of this moment. Once per listing:
    what the import has acknowledged since would be taken for unchanged.

    The first closed gate by precedence is the reason (outcome excluded; rejected for VALUE_REJECTED), the others are
    `also`. Of several records with one address one is taken: already synchronised under it, else the oldest, else the
    lowest id; the others are excluded, their detail names it. Who has no closed gate is unchanged, still rejected
    (`retry_on` lies after `now` and nothing changed), or pending: outcome `""`.
    """
    scope = (_m.list_id == list_id, _m.listing == listing)
    c.execute(update(list_member).where(*scope, _m.gated_by == listing).values(gated_by=""))
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
        "also": literal("", String),
    }
    differs = or_(*(_m[name] != value for name, value in values.items()))
    c.execute(update(list_member).where(*scope, _m.gated_by != listing, differs).values(values))


def _name_gates(c: Connection, list_id: str, listing: str, account_id: str, scope: Scope) -> None:
    """The outcome and the reasons of everybody who has a closed gate."""
    shared = select(_m.address).where(*scope, _m.address != "").group_by(_m.address).having(func.count() > 1)
    # Few of a million have any: the others are not looked at one by one.
    concerned = or_(
        _m.own_reasons != "",
        is_opted_out(_m.person_id, _m.address),
        _m.address.in_(select(suppression.c.address)),
        _m.address.in_(select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == list_id)),
        _m.address.in_(shared),
    )
    stands = with_duplicates(standing(account_id, (*scope, concerned), own_reason_lists(c, scope))).c
    named = materialised(
        select(
            stands.person_id,
            first_mark(stands.mask).label("first"),
            first_code(stands.mask).label("reason"),
            stands.detail,
            further_codes(stands.mask).label("also"),
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
