"""What became of the people of a marketing list, as intervals over its synchronisations: a row is written only where
something changes, so that a list in which nothing changes adds nothing to the store however often it is gone through.

A list is a *scope*; each synchronisation that is through is the scope's next *edition*. The people of an edition are
the intervals that hold it.

Public:
    keep(c, scope, run_id, item_id, people)         the people of a run's item are the next edition of the scope
    people(scope, edition) -> Select                 as they were in that edition
    over(c, scope, among)                            these people are about to be forgotten
    forget_unreferenced(c) -> int                    the intervals that no run's item refers to any more
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from dyntui.model.outcomes import Outcome
from dyntui.store import dialects
from dyntui.store.schema import run_item, standing, standing_scope

# The edition at which an interval ends that has not ended.
OPEN = 2**62

SHOWN = ("person_id", "seq", "entity", "name", "address", "outcome", "reason", "detail", "also")
_SAME = ("entity", "name", "address", "outcome", "reason", "detail", "also")
# What a change made of somebody holds for the one synchronisation that made it; then they are as before.
_LATER = {Outcome.ADDED.value: Outcome.UNCHANGED.value, Outcome.UPDATED.value: Outcome.UNCHANGED.value}

_s = standing.c


def keep(
    c: Connection, scope: str, run_id: str, item_id: str, people: Select[Any], among: Select[Any] | None = None
) -> None:
    """The people of a run's item that is through, with the columns `SHOWN`: the next edition of the scope. `among`: the
    ids of those of whom something can have changed since the last one; None: of everybody."""
    if among is None:
        dialects.count_anew(c, standing)
    no, edition = _next(c, scope)
    concerned = () if among is None else (_s.person_id.in_(among),)
    if among is not None:
        people = people.where(people.selected_columns.person_id.in_(among))
    now = people.subquery("now")
    same = exists().where(now.c.person_id == _s.person_id, *(now.c[name] == _s[name] for name in _SAME))
    ended = (_s.scope == no, _s.to_edition == OPEN, *concerned, ~same)
    c.execute(update(standing).where(*ended).values(to_edition=edition))
    known = standing.alias("known").c
    holds = exists().where(known.scope == no, known.person_id == now.c.person_id, known.to_edition == OPEN)
    gone = now.c.outcome == Outcome.REMOVED.value
    became = select(
        literal(no, Integer),
        literal(edition, Integer),
        case((gone, edition + 1), else_=OPEN),
        *(now.c[name] for name in SHOWN if name != "outcome"),
        now.c.outcome,
        case(_LATER, value=now.c.outcome, else_=now.c.outcome),
    )
    # Of a scope's first edition nothing is known; PostgreSQL would look for that among all that it inserts meanwhile.
    if edition > 1:
        became = became.where(~holds)
    columns = [
        "scope",
        "from_edition",
        "to_edition",
        *(name for name in SHOWN if name != "outcome"),
        "first",
        "outcome",
    ]
    c.execute(insert(standing).from_select(columns, became))
    c.execute(
        update(run_item)
        .where(run_item.c.run_id == run_id, run_item.c.item_id == item_id)
        .values(scope=no, edition=edition)
    )


def _next(c: Connection, scope: str) -> tuple[int, int]:
    """The scope's number and its next edition."""
    moved = (
        update(standing_scope)
        .where(standing_scope.c.name == scope)
        .values(edition=standing_scope.c.edition + 1)
        .returning(standing_scope.c.no, standing_scope.c.edition)
    )
    row = c.execute(moved).one_or_none()
    if row is None:
        begun = insert(standing_scope).values(name=scope, edition=1)
        row = c.execute(begun.returning(standing_scope.c.no, standing_scope.c.edition)).one()
    return row.no, row.edition


def over(c: Connection, scope: str, among: Select[Any]) -> None:
    """These people (ids) will not be in the next edition: they are about to be forgotten."""
    of = select(standing_scope.c.no).where(standing_scope.c.name == scope).scalar_subquery()
    edition = select(standing_scope.c.edition).where(standing_scope.c.name == scope).scalar_subquery()
    theirs = (_s.scope == of, _s.to_edition == OPEN, _s.person_id.in_(among))
    c.execute(update(standing).where(*theirs).values(to_edition=edition + 1))


def people(scope: int, edition: int) -> Select[Any]:
    """The people of an edition: the columns `SHOWN`, and `no`, which settles the order of equal `seq`."""
    became = case((_s.from_edition == edition, _s.first), else_=_s.outcome).label("outcome")
    shown = [became if name == "outcome" else _s[name] for name in SHOWN]
    return select(*shown, _s.no).where(_s.scope == scope, _s.from_edition <= edition, _s.to_edition > edition)


def forget_unreferenced(c: Connection) -> int:
    """Delete the intervals that ended before the first edition that a run's item still refers to; how many. What ended
    with that edition stays: it says that what began with it was a change."""
    first = func.min(run_item.c.edition)
    kept = select(run_item.c.scope, first.label("first")).where(run_item.c.scope != 0).group_by(run_item.c.scope)
    lowest = {row.scope: row.first for row in c.execute(kept)}
    scopes = c.execute(select(standing_scope.c.no)).scalars().all()
    gone = 0
    for no in scopes:
        over = _s.to_edition < lowest[no] if no in lowest else _s.to_edition < OPEN
        gone += c.execute(delete(standing).where(_s.scope == no, over)).rowcount
    return gone
