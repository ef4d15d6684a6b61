"""Conflicts of values, until somebody has looked at them. Of a person's label the last one is kept.

Public:
    keep(c, account_id, run_id, rows, now)
    met_by(c, account_id, run_id, people) -> {person: [Met]}
    window(c, asked, account_id="", settled=False) -> Page[Conflict]
    settle(c, account_id, people, by, now) -> int
    waiting(c, account_id, pairs) -> [Waiting]                  those of these (person, label) that wait
    take(c, account_id, pairs, by, now)                         somebody took the value that had lost
    forget_before(c, moment)                                    those that somebody has looked at
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, case, delete, select, update

from dyntui.model.conflicts import Conflict
from dyntui.model.paging import Page, Window
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import conflict, email_account
from dyntui.store.upserts import upsert
from dyntui.store.windows import page, shown

_c = conflict.c
_SHOWN = ("entity", "name", "address", "label", "dynamics", "dotdigital", "winner", "met_on", "settled_by", "taken")
_SORTABLE = {name: _c[name] for name in ("name", "address", "label", "winner", "met_on")}
WAITS = _c.settled_on == ""


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict that a run has met."""

    person: str
    entity: str
    name: str
    address: str
    label: str
    dynamics: str
    dotdigital: str
    winner: str


def keep(c: Connection, account_id: str, run_id: str, rows: Sequence[Met], now: str) -> None:
    """These were met; whoever had looked at an earlier one of the same value is asked again."""
    names = ("entity", "name", "address", "dynamics", "dotdigital", "winner")
    upsert(
        c,
        conflict,
        ("account_id", "person_id", "label", *names, "run_id", "met_on", "settled_by", "settled_on", "taken"),
        ("account_id", "person_id", "label"),
        [
            (account_id, each.person, each.label, *(getattr(each, name) for name in names), run_id, now, "", "", "")
            for each in rows
        ],
    )


def met_by(c: Connection, account_id: str, run_id: str, people: Sequence[str]) -> dict[str, list[Met]]:
    """What a run has met already of these people."""
    found: dict[str, list[Met]] = {}
    for some in in_chunks(people):
        here = (_c.account_id == account_id, _c.run_id == run_id, _c.person_id.in_(some))
        for row in c.execute(select(conflict).where(*here).order_by(_c.person_id, _c.label)):
            found.setdefault(row.person_id, []).append(shown(Met, row, person=row.person_id))
    return found


def window(c: Connection, asked: Window, *, account_id: str = "", settled: bool = False) -> Page[Conflict]:
    """Those that wait, or those that somebody has looked at, the newest first; the search looks at person, label and
    values."""
    everything = (
        select(
            email_account.c.name.label("account"),
            _c.person_id.label("person"),
            _c.run_id.label("run"),
            _c.settled_on,
            *(_c[name] for name in _SHOWN),
        )
        .join(email_account, email_account.c.id == _c.account_id)
        .where(~WAITS if settled else WAITS)
    )
    if account_id:
        everything = everything.where(_c.account_id == account_id)
    searched = (_c.name, _c.address, _c.label, _c.dynamics, _c.dotdigital)
    newest = (_c.met_on.desc(), _c.account_id, _c.person_id, _c.label)
    return page(c, asked, everything, searched, _SORTABLE, newest, lambda row: shown(Conflict, row))


def settle(c: Connection, account_id: str, people: Sequence[tuple[str, str]], by: str, now: str) -> int:
    """Somebody has looked at the conflicts of these (person, label), or at all of the account where none is named; how
    many it were."""
    change = update(conflict).where(_c.account_id == account_id, WAITS).values(settled_by=by, settled_on=now)
    if not people:
        return c.execute(change).rowcount
    labels: dict[str, list[str]] = {}
    for person, label in people:
        labels.setdefault(label, []).append(person)
    return sum(
        c.execute(change.where(_c.label == label, _c.person_id.in_(some))).rowcount
        for label, of_it in labels.items()
        for some in in_chunks(of_it)
    )


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict that waits, by the run that met it and when."""

    person: str
    entity: str
    name: str
    address: str
    label: str
    winner: str
    run_id: str
    met_on: str


def waiting(c: Connection, account_id: str, pairs: Sequence[tuple[str, str]]) -> list[Waiting]:
    """Those of these conflicts (person, label) of an account that wait."""
    wanted = set(pairs)
    found: list[Waiting] = []
    for some in in_chunks(sorted({person for person, _ in pairs})):
        here = select(conflict).where(_c.account_id == account_id, WAITS, _c.person_id.in_(some))
        for row in c.execute(here.order_by(_c.person_id, _c.label)):
            if (row.person_id, row.label) in wanted:
                found.append(shown(Waiting, row, person=row.person_id))
    return found


def take(c: Connection, account_id: str, pairs: Sequence[tuple[str, str]], by: str, now: str) -> None:
    """Somebody took the values of these conflicts that had lost."""
    if not pairs:
        return
    other = case((_c.winner == "Dynamics", "dotdigital"), else_="Dynamics")
    for person, label in pairs:
        this = (_c.account_id == account_id, _c.person_id == person, _c.label == label)
        c.execute(update(conflict).where(*this).values(taken=other))
    settle(c, account_id, pairs, by, now)


def forget_before(c: Connection, moment: str) -> int:
    """What somebody has looked at before a moment; how many."""
    return c.execute(delete(conflict).where(~WAITS, _c.settled_on < moment)).rowcount
