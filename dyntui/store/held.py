"""Removals from address books that wait for a decision, and what was decided: to let them go, or to keep the contacts.

A decision is about a member as they stand: it ends when they belong into the book again, are out of it, or withdraw
their consent (`dyntui.store.leaving`). Of a list that is not activated nothing waits: no synchronisation would carry it
out.

Public: `waiting(c) -> int`, `lists(c, account_id="") -> [HeldRemovals]`,
`decide(c, list_id, people, decision, by, now) -> int`, `settle(c, list_id, listing)`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, String, and_, case, func, literal, or_, select, update

from dyntui.model.contact_numbers import contact_number
from dyntui.model.held import HeldRemovals
from dyntui.model.outcomes import Outcome
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import book_stranger, list_member, marketing_list
from dyntui.store.windows import shown

REMOVE, KEEP = "remove", "keep"
# The reason of people whose change was undone and would be made again: of them `dyntui.store.undone_holds` knows.
UNDONE = "UNDONE"

_m = list_member.c


def _waits(outcome: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    return outcome == Outcome.HELD.value, _m.decision == ""


WAITING = _waits(_m.outcome)
_s = book_stranger.c
REMOVALS_OF_STRANGERS = (_s.outcome == Outcome.HELD.value, _s.reason == "REMOVAL_HELD", _s.decision == "")


def waiting(c: Connection, account_id: str = "") -> int:
    """How many removals wait for a decision, over all lists, or over those of an email account."""
    found = 0
    for table, of_them in ((list_member, WAITING), (book_stranger, REMOVALS_OF_STRANGERS)):
        of_list = marketing_list.c.id == table.c.list_id
        joined = select(func.count()).select_from(table).join(marketing_list, of_list)
        people = joined.where(*of_them, marketing_list.c.activated)
        if account_id:
            people = people.where(marketing_list.c.account_id == account_id)
        found += int(c.execute(people).scalar_one())
    return found


def lists(c: Connection, account_id: str = "") -> list[HeldRemovals]:
    """The lists with removals that wait, by name; those with undone changes that wait stand behind. Of an
    email account, where one is named."""
    undone = case((_m.reason == UNDONE, 1), else_=0).label("undone")
    why = func.max(case((_m.reason.in_(("REMOVAL_HELD", UNDONE)), _m.detail), else_=""))
    # Of who has a closed gate it stands behind what is said of that (`dyntui.store.leaving.hold`).
    gated = func.max(case((_m.also.contains("REMOVAL_HELD", autoescape=True), _m.detail), else_=""))
    held = (
        select(
            _m.list_id,
            func.count().label("people"),
            why.label("why"),
            gated.label("gated"),
            undone,
        )
        .where(*WAITING)
        .group_by(_m.list_id, undone)
        .subquery("held")
    )
    there = list_member.alias("there").c
    in_book = (
        select(func.count())
        .where(there.list_id == held.c.list_id, there.sent_address != "")
        .correlate(held)
        .scalar_subquery()
    )
    rows = c.execute(
        select(
            held,
            held.c.list_id.label("list"),
            marketing_list.c.name,
            marketing_list.c.last_run_id.label("run"),
            in_book.label("in_book"),
        )
        .join(marketing_list, marketing_list.c.id == held.c.list_id)
        .where(marketing_list.c.activated)
        .order_by(marketing_list.c.name, held.c.list_id, held.c.undone)
    )
    of_account = _lists_of(c, account_id)
    waiting = [
        shown(HeldRemovals, row, why=row.why or row.gated.rpartition("; ")[2], undone=bool(row.undone))
        for row in rows
        if _counts(row.list, of_account)
    ]
    found = {each.list: each for each in waiting if not each.undone}
    for each in _of_strangers(c):
        if not _counts(each.list, of_account):
            continue
        known = found.get(each.list)
        if known is None:
            found[each.list] = each
            continue
        # Of strangers both are counted: members in the book, and they.
        people = known.people + each.people
        found[each.list] = replace(known, people=people, in_book=each.in_book, why=known.why or each.why)
    return sorted(
        (*found.values(), *(each for each in waiting if each.undone)),
        key=lambda each: (each.name, each.list, each.undone),
    )


def _lists_of(c: Connection, account_id: str) -> Collection[str] | None:
    l_ = marketing_list.c
    return set(c.execute(select(l_.id).where(l_.account_id == account_id)).scalars()) if account_id else None


def _counts(list_id: str, of_account: Collection[str] | None) -> bool:
    return of_account is None or list_id in of_account


def _of_strangers(c: Connection) -> list[HeldRemovals]:
    there = list_member.alias("there").c
    in_book = (
        select(func.count())
        .where(there.list_id == _s.list_id, there.sent_address != "")
        .correlate(book_stranger)
        .scalar_subquery()
    )
    rows = c.execute(
        select(
            _s.list_id.label("list"),
            marketing_list.c.name,
            func.count().label("people"),
            func.max(_s.detail).label("why"),
            func.max(_s.run_id).label("run"),
            (in_book + func.count()).label("in_book"),
        )
        .join(marketing_list, marketing_list.c.id == _s.list_id)
        .where(*REMOVALS_OF_STRANGERS, marketing_list.c.activated)
        .group_by(_s.list_id, marketing_list.c.name)
    )
    return [shown(HeldRemovals, row) for row in rows]


def decide(c: Connection, list_id: str, people: Sequence[str], decision: str, by: str, now: str) -> int:
    """`REMOVE` or `KEEP` for the removals of a list that wait: of these `people` (ids), or of all where none is named;
    how many it were."""
    scope: tuple[ColumnElement[bool], ...] = (_m.list_id == list_id, *WAITING, _m.reason != UNDONE)
    named = (_m.list_id == list_id, *_waits(beside(_m.outcome)), _m.reason != UNDONE)
    change = update(list_member).values(decision=decision, decided_by=by, decided_on=now)
    of_strangers = (_s.list_id == list_id, *REMOVALS_OF_STRANGERS)
    others = update(book_stranger).values(decision=decision, decided_by=by, decided_on=now)
    if not people:
        return c.execute(change.where(*scope)).rowcount + c.execute(others.where(*of_strangers)).rowcount
    ids = [number for each in people if (number := contact_number(each)) is not None]
    decided = sum(c.execute(others.where(*of_strangers, _s.contact_id.in_(some))).rowcount for some in in_chunks(ids))
    return decided + sum(c.execute(change.where(*named, _m.person_id.in_(some))).rowcount for some in in_chunks(people))


def settle(c: Connection, list_id: str, listing: str, among: Sequence[ColumnElement[bool]] = ()) -> None:
    """After a settled listing: decisions about who belongs into the book again, or is out of it, end; who has left the
    list and is to stay in the book is named."""
    belongs = and_(_m.listing == listing, _m.gated_by != listing)
    over = (_m.list_id == list_id, *among, _m.decision != "", or_(_m.sent_address == "", belongs))
    c.execute(update(list_member).where(*over).values(decision="", decided_by="", decided_on=""))
    kept = (_m.list_id == list_id, *among, _m.decision == KEEP, _m.listing != listing)
    said = literal("kept in the address book by ", String) + _m.decided_by + literal(", ", String) + _m.decided_on
    c.execute(
        update(list_member)
        .where(*kept)
        .values(outcome=Outcome.EXCLUDED.value, reason="LEFT_LIST", detail=said, also="", gated_by=listing, news=True)
    )
