"""Everything that waits for a decision of a person: held removals, undone changes, refused rows, strangers whom several
records match, conflicts of values, plans that can be carried out.

Public: `waiting(c, now, account_id="") -> [Decision]`, `counted(c, now) -> Waiting`.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from dyntui.model.held import Decision, Kind, Waiting
from dyntui.store import conflicts, held, quarantine, waiting_plans
from dyntui.store.schema import conflict, email_account

_c = conflict.c


def waiting(c: Connection, now: str, account_id: str = "") -> list[Decision]:
    """All of it, what takes people out first, then by name. `now`: ISO 8601 UTC; what is ignored at present is left
    out. Of an email account, where one is named."""
    removals = [
        Decision(
            kind=Kind.UNDONE if each.undone else Kind.REMOVALS,
            about=each.list,
            name=each.name,
            people=each.people,
            why=each.why,
            in_book=each.in_book,
            run=each.run,
        )
        for each in held.lists(c, account_id)
    ]
    refused = [
        Decision(
            kind=Kind.AMBIGUOUS if each.ambiguous else Kind.REFUSED,
            about=each.list_id,
            name=each.list_name,
            people=each.people,
            why=", ".join(each.reasons),
        )
        for each in quarantine.by_list(c, now, account_id)
    ]
    plans = [
        Decision(
            kind=Kind.PLAN,
            about=each.run,
            name=each.name,
            people=each.people,
            why=f"planned {each.on} by {each.by}, not carried out",
            run=each.run,
        )
        for each in waiting_plans.waiting(c, account_id)
    ]
    return [*removals, *refused, *_conflicts(c, account_id), *plans]


def _conflicts(c: Connection, account_id: str) -> list[Decision]:
    one = case((func.count(_c.label.distinct()) == 1, func.min(_c.label)), else_="")
    of_them = (conflicts.WAITS, _c.account_id == account_id) if account_id else (conflicts.WAITS,)
    rows = c.execute(
        select(_c.account_id, email_account.c.name, func.count().label("people"), one.label("label"))
        .join(email_account, email_account.c.id == _c.account_id)
        .where(*of_them)
        .group_by(_c.account_id, email_account.c.name)
        .order_by(email_account.c.name, _c.account_id)
    )
    return [
        Decision(
            kind=Kind.CONFLICTS,
            about=row.account_id,
            name=row.name,
            people=row.people,
            why=f"changed on both sides: {row.label or 'several data labels'}",
        )
        for row in rows
    ]


def counted(c: Connection, now: str) -> Waiting:
    """How many people, by what it is about."""
    refused = quarantine.by_list(c, now)
    return Waiting(
        removals=held.waiting(c),
        refused=sum(each.people for each in refused if not each.ambiguous),
        ambiguous=sum(each.people for each in refused if each.ambiguous),
        conflicts=sum(each.people for each in _conflicts(c, "")),
        plans=len(waiting_plans.waiting(c)),
    )
