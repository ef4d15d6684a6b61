"""What the systems of this connection answered to what is assumed of them.

Public: `facts(c, now) -> list[Fact]`, `put(c, account_id, answers, asked_on, version)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from dyntui.model.first_connection import ASSUMPTIONS, Fact, Holds, Seen, fact
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


def _fact(row: Row[Any], now: datetime) -> Fact:
    return fact(
        ASSUMPTIONS[row.id],
        Seen(Holds(row.holds), row.seen),
        asked_on=row.asked_on,
        version=row.version,
        now=now,
        account_id=row.account_id,
        account=row.name or "",
    )


def put(c: Connection, account_id: str, answers: Mapping[str, Seen], asked_on: str, version: str) -> None:
    """What an account, or Dynamics (`""`), has just answered, in place of all that it answered before."""
    c.execute(delete(connection_fact).where(_f.account_id == account_id))
    rows = [(account_id, name, seen.holds.value, seen.text, asked_on, version) for name, seen in answers.items()]
    upsert(c, connection_fact, _COLUMNS, ("account_id", "id"), rows)
