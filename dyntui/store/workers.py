"""Who carries out the runs of a shared store. Each process has a lease, which it renews all the time; whose lease has
run out is taken for dead: its connections are ended, it loses every run, and can write nothing of them any more.

Nothing here waits for the turn of writers (`Database.beside`): a frozen process may hold it.

Public:
    register(c, NewWorker, lasts) -> None                raises `IntegrityError` where there is a service already
    renew(c, name, lasts) -> bool                        False: it was taken for dead
    hold(c, name) -> bool                                nobody does so until the transaction ends
    leave(c, name) -> None                               it ends in order; its runs are free
    run_out(c) -> list[Lapsed]; take_for_dead(c, name) -> list[str]
    all_of(c) -> list[WorkerRow]
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from dyntui.model.workers import WorkerRow
from dyntui.store.dialects import milliseconds
from dyntui.store.runs import ACTIVE
from dyntui.store.schema import run, worker
from dyntui.store.windows import shown

_w = worker.c


class NewWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A process that begins. `connections`: the name under which the server shows its connections."""

    name: str
    kind: str
    host: str
    process: int
    version: str
    connections: str
    started_on: str


class Lapsed(msgspec.Struct, frozen=True):
    """One whose lease has run out."""

    name: str
    host: str
    connections: str


def register(c: Connection, new: NewWorker, lasts: float) -> None:
    """A lease of `lasts` seconds. Raises `IntegrityError` for a second service."""
    c.execute(insert(worker).values(**msgspec.structs.asdict(new), until=_after(lasts)))


def renew(c: Connection, name: str, lasts: float) -> bool:
    """`lasts` seconds from now on. False: somebody has taken it for dead, and its runs are others'."""
    return c.execute(update(worker).where(_w.name == name).values(until=_after(lasts))).rowcount > 0


def hold(c: Connection, name: str) -> bool:
    """Until the transaction ends nobody takes it for dead. False: somebody has."""
    its = select(_w.name).where(_w.name == name).with_for_update(read=True, key_share=True)
    return c.execute(its).first() is not None


def leave(c: Connection, name: str) -> None:
    """It ends; whoever wants takes up its runs."""
    c.execute(delete(worker).where(_w.name == name))
    c.execute(update(run).where(run.c.worker == name, run.c.status.in_(ACTIVE)).values(worker=""))


def run_out(c: Connection) -> list[Lapsed]:
    """Those that have not renewed their lease in time."""
    rows = c.execute(select(_w.name, _w.host, _w.connections).where(_w.until < milliseconds()).order_by(_w.name))
    return [Lapsed(row.name, row.host, row.connections) for row in rows]


def take_for_dead(c: Connection, name: str) -> list[str]:
    """The runs that it had are free, and their fencing tokens void; their ids. None where it has renewed its lease
    after all, or somebody else was first."""
    over = c.execute(delete(worker).where(_w.name == name, _w.until < milliseconds()))
    if not over.rowcount:
        return []
    freed = update(run).where(run.c.worker == name, run.c.status.in_(ACTIVE))
    return list(c.execute(freed.values(worker="", attempt=run.c.attempt + 1).returning(run.c.id)).scalars())


def all_of(c: Connection) -> list[WorkerRow]:
    """The processes whose lease holds: the service first."""
    in_hand = select(func.count()).where(run.c.worker == _w.name, run.c.status.in_(ACTIVE)).scalar_subquery()
    rows = c.execute(
        select(worker, in_hand.label("runs"))
        .where(_w.until >= milliseconds())
        .order_by(_w.kind, _w.started_on, _w.name)
    )
    return [shown(WorkerRow, row) for row in rows]


def _after(seconds: float) -> object:
    return milliseconds() + int(seconds * 1000)
