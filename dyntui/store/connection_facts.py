"""What the systems of this connection answered to what is assumed of them.

Public: `facts(c, now) -> list[Fact]`, `put(c, account_id, answers, asked_on, version)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from dyntui.model.first_connection import ASSUMPTIONS, Fact, Holds, Seen, is_old
from dyntui.store.schema import connection_fact, email_account
from dyntui.store.upserts import upsert

_f = connection_fact.c
_COLUMNS = ("account_id", "id", "holds", "seen", "asked_on", "version")


def facts(c: Connection, now: datetime) -> list[Fact]:
    """The answers, those of Dynamics first, then account by account. What no version of dyntui assumes any more is
    left out; what was asked too long ago is not known."""
    rows = c.execute(
        select(connection_fact, email_account.c.name)
        .join(email_account, email_account.c.id == _f.account_id, isouter=True)
        .order_by(_f.account_id != "", email_account.c.name, _f.account_id)
    ).all()
    places = {name: place for place, name in enumerate(ASSUMPTIONS)}
    known = [row for row in rows if row.id in places]
    return [
        _fact(row, now) for row in sorted(known, key=lambda row: (row.account_id != "", row.name or "", places[row.id]))
    ]


def _fact(row: object, now: datetime) -> Fact:
    about = ASSUMPTIONS[row.id]  # type: ignore[attr-defined]
    old = is_old(row.asked_on, now)  # type: ignore[attr-defined]
    return Fact(
        id=about.id,
        account_id=row.account_id,  # type: ignore[attr-defined]
        account=row.name or "",  # type: ignore[attr-defined]
        text=about.text,
        holds=Holds.UNKNOWN if old else Holds(row.holds),  # type: ignore[attr-defined]
        seen=row.seen,  # type: ignore[attr-defined]
        safe=about.safe,
        by_hand=about.by_hand,
        asked_on=row.asked_on,  # type: ignore[attr-defined]
        version=row.version,  # type: ignore[attr-defined]
        old=old,
    )


def put(c: Connection, account_id: str, answers: Mapping[str, Seen], asked_on: str, version: str) -> None:
    """What an account, or Dynamics (`""`), has just answered, in place of all that it answered before."""
    c.execute(delete(connection_fact).where(_f.account_id == account_id))
    rows = [(account_id, name, seen.holds.value, seen.text, asked_on, version) for name, seen in answers.items()]
    upsert(c, connection_fact, _COLUMNS, ("account_id", "id"), rows)
