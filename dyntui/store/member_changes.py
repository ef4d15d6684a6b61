"""What is planned for the members of a marketing list, against what is known of consent and against an earlier plan.

The plan itself stands where those of an undo do (`dyntui.store.undoing`): people who join the list, or leave it.

Public:
    withhold(c, by, item, list_id)          who unsubscribed from the list does not join it; who opted out is marked so
    name_missing(c, by, item, plan)         who was planned and is not found any more
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, or_, select, update

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import JOIN
from dyntui.store import list_unsubscribes, outcomes, suppressed_people
from dyntui.store.chunks import in_chunks
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.schema import list_unsubscribe, outcome, planned_change, suppression

_p, _o = planned_change.c, outcome.c
OPTED_OUT = "opted out: on the list, and never mailed"


def withhold(c: Connection, by: str, item: str, list_id: str) -> None:
    """Who unsubscribed from this list stays off it until they ask for it themselves. Who opted out of mail altogether
    may be on a list, which is not only for mail: the plan says of them that they are not mailed."""
    scope = (_p.run_id == by, _p.item_id == item, _p.effect == JOIN)
    u, people = list_unsubscribe.c, list_unsubscribes.people().subquery("unsubscribed").c
    unsubscribed = or_(
        _p.address.in_(select(u.address).where(u.list_id == list_id)),
        _p.person_id.in_(select(people.person_id).where(people.list_id == list_id)),
    )
    found = c.execute(select(_p.person_id, _p.entity, _p.name, _p.address).where(*scope, unsubscribed)).all()
    outcomes.record(
        c,
        by,
        item,
        [
            PersonOutcome(
                entity=row.entity,
                person=row.person_id,
                name=row.name,
                address=row.address,
                outcome=Outcome.EXCLUDED,
                reason="UNSUBSCRIBED_LIST",
                detail="stays off the list",
            )
            for row in found
        ],
    )
    for some in in_chunks([row.person_id for row in found]):
        c.execute(delete(planned_change).where(*scope, _p.person_id.in_(some)))
    opted_out = or_(
        (_p.address != "") & _p.address.in_(select(suppression.c.address)),
        _p.person_id.in_(suppressed_people.person_ids()),
        is_opted_out(_p.person_id, _p.address),
    )
    c.execute(update(planned_change).where(*scope, opted_out).values(detail=OPTED_OUT))


def name_missing(c: Connection, by: str, item: str, plan: str) -> None:
    """Who was to be changed by the plan, and of whom nothing was decided this time: the query does not find them any
    more, or they are not on the list. They stay as they are, by name."""
    now = planned_change.alias("now").c
    again = exists().where(now.run_id == by, now.item_id == item, now.person_id == _p.person_id)
    named = exists().where(_o.run_id == by, _o.item_id == item, _o.person_id == _p.person_id)
    asked = select(_p.person_id, _p.entity, _p.name, _p.address).where(
        _p.run_id == plan, _p.item_id == item, ~again, ~named
    )
    gone = [
        PersonOutcome(
            entity=row.entity,
            person=row.person_id,
            name=row.name,
            address=row.address,
            outcome=Outcome.REJECTED,
            reason="STALE",
            detail="not as planned: not found any more",
        )
        for row in c.execute(asked)
    ]
    outcomes.record(c, by, item, gone)
