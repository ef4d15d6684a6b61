"""Where an address book and its marketing list differ in fields: found while the book is read, part of a plan then.

Until the plan is made they stand in `planned_change` under an item of their own.

Public:
    begin(c, run_id, list_id); compare(c, run_id, list_id, listing, page)    while the book is read
    offer(c, plan_id, list_id, listing, now="")    who differs is sent again, though nothing has changed since that
    refuse_moved(c, run_id, plan_id, list_id, listing)   whose contact differs otherwise by now than by the plan
    keep(c, run_id, list_id)                the values that the contacts carry become part of the plan
    one_sided_opt_outs(c, list_id, listing, account_id) -> [PersonOutcome]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, delete, exists, literal, or_, select, true, update

from dyntui.model.changes import differing, moved_fields
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import UPDATE
from dyntui.store import planned_changes
from dyntui.store.book_marks import BY_OTHERS
from dyntui.store.chunks import beside
from dyntui.store.gate_marks import split
from dyntui.store.schema import list_member, planned_change, suppression
from dyntui.store.upserts import json_text, upsert

_m, _p = list_member.c, planned_change.c


def _item(list_id: str) -> str:
    return f"{list_id}/fields"


def begin(c: Connection, run_id: str, list_id: str) -> None:
    """The book is read from its beginning."""
    planned_changes.begin(c, run_id)
    c.execute(delete(planned_change).where(_p.run_id == run_id, _p.item_id == _item(list_id)))


def compare(c: Connection, run_id: str, list_id: str, listing: str, page: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One page of the book, values by address, against what would be sent of the members; the addresses of contacts
    that are neither those of members nor in the book through us."""
    addresses = list(page)
    there = and_(
        beside(_m.list_id) == list_id,
        or_(_m.address.in_(addresses), and_(_m.sent_address != _m.address, _m.sent_address.in_(addresses))),
    )
    rows = c.execute(select(list_member).where(there)).all()
    # Who has left the list and is still in the book through us is part of the plan.
    members = {row.sent_address for row in rows} | {row.address for row in rows if row.listing == listing}
    found = []
    for row in rows:
        if row.listing == listing and row.address == row.sent_address and row.address in page:
            before, after = differing(page[row.address], row.fields)
            if after:
                found.append((row, before, after))
    upsert(
        c,
        planned_change,
        ("run_id", "item_id", "person_id", "seq", "address", "effect", "before", "after", "fingerprint"),
        ("run_id", "item_id", "person_id"),
        (
            (
                run_id,
                _item(list_id),
                row.person_id,
                row.seq,
                row.address,
                UPDATE,
                json_text(before),
                json_text(after),
                row.fingerprint,
            )
            for row, before, after in found
        ),
    )
    return [address for address in addresses if address not in members]


def offer(c: Connection, plan_id: str, list_id: str, listing: str, now: str = "") -> None:
    """Of a settled listing: whose contact differs, by a plan (or while that is being made), is to be sent again. `now`:
    the run that carries the plan out and has compared anew: by then it has to differ still."""
    items = (list_id, _item(list_id))
    differs: ColumnElement[bool] = exists().where(
        _p.run_id == plan_id,
        _p.item_id.in_(items),
        _p.person_id == _m.person_id,
        _p.effect == UPDATE,
        _p.fingerprint == _m.fingerprint,
    )
    if now:
        found = planned_change.alias("still").c
        still = exists().where(found.run_id == now, found.item_id == _item(list_id), found.person_id == _m.person_id)
        differs = and_(differs, still)
    unchanged = (_m.list_id == list_id, _m.listing == listing, _m.outcome == Outcome.UNCHANGED.value)
    c.execute(update(list_member).where(*unchanged, differs).values(outcome="", reason="", detail="", also=""))


def refuse_moved(c: Connection, run_id: str, plan_id: str, list_id: str, listing: str) -> None:
    """Of a settled listing of the run that carries out a plan, and has compared anew: whose contact was to be updated
    and holds other values by now than were planned over is refused. What was found is not needed any more."""
    here = (_p.run_id == run_id, _p.item_id == _item(list_id))
    found = planned_changes.all_images(c, run_id, _item(list_id), true())
    planned = planned_changes.all_images(c, plan_id, list_id, _p.effect == UPDATE)
    moved = [
        person for person, (before, _) in planned.items() if person in found and not _same(found[person][0], before)
    ]
    waits = (_m.list_id == list_id, _m.listing == listing, _m.outcome == "")
    waiting = set(c.execute(select(_m.person_id).where(*waits)).scalars())
    planned_changes.refuse(c, list_id, [person for person in moved if person in waiting])
    c.execute(delete(planned_change).where(*here))


def _same(now: Mapping[str, Any], planned: Mapping[str, Any]) -> bool:
    return set(now) == set(planned) and not moved_fields(now, planned)


def keep(c: Connection, run_id: str, list_id: str) -> None:
    """Who is to be sent is shown with the values that their contact carries, and those that differ alone."""
    f = planned_change.alias("found").c
    same = (f.run_id == run_id, f.item_id == _item(list_id), f.person_id == _p.person_id)
    mine = (_p.run_id == run_id, _p.item_id == list_id, _p.effect == UPDATE, exists().where(*same))
    images = {name: select(f[name]).where(*same).scalar_subquery() for name in ("before", "after")}
    c.execute(update(planned_change).where(*mine).values(images))
    c.execute(delete(planned_change).where(_p.run_id == run_id, _p.item_id == _item(list_id)))


def one_sided_opt_outs(c: Connection, list_id: str, listing: str, account_id: str) -> list[PersonOutcome]:
    """Members of whose opt-out only one of the systems knows: dotdigital suppresses them, and no flag is set in
    Dynamics; or Dynamics says so, and dotdigital would mail the contact in the book."""
    s = suppression.c
    here = (_m.list_id == list_id, _m.listing == listing)
    flagged = _m.own_reasons.contains("DO_NOT_", autoescape=True)
    status = s.status + literal(", no opt-out in Dynamics", String)
    joined = list_member.join(suppression, and_(s.address == _m.address, s.account_id == account_id, s.in_feed))
    in_dotdigital = select(
        _m.person_id, _m.entity, _m.name, _m.address, s.reason.label("reason"), status.label("detail")
    )
    in_dynamics = select(
        _m.person_id,
        _m.entity,
        _m.name,
        _m.address,
        _m.own_reasons.label("reason"),
        literal("dotdigital would mail the contact", String).label("detail"),
    )
    asked = (
        in_dotdigital.select_from(joined).where(*here, ~flagged),
        in_dynamics.where(*here, flagged, _m.sent_address != "", _m.sent_fingerprint != BY_OTHERS, _m.channel == ""),
    )
    return [
        PersonOutcome(
            person=row.person_id,
            entity=row.entity,
            name=row.name,
            address=row.address,
            outcome=Outcome.EXCLUDED,
            reason=next((each for each in split(row.reason) if each.startswith("DO_NOT_")), row.reason),
            detail=row.detail,
        )
        for statement in asked
        for row in c.execute(statement)
    ]
