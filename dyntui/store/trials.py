"""Deciding about the members of a list on trial: what is decided can be stored elsewhere, and then is as if nothing had
been decided. `on_trial(c, list_id, but=())` is a block within a write transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, or_, select, update
from sqlalchemy.schema import CreateTable, DropTable

from dyntui.store.schema import list_member

# What deciding writes; what was read of a member is a fact, and stays.
_DECIDED = ("outcome", "reason", "detail", "also", "gated_by", "retry_on", "decision", "decided_by", "decided_on")

_before = Table(
    "before_trial",
    MetaData(),
    Column("person_id", String, primary_key=True),
    *(Column(name, String) for name in _DECIDED),
    prefixes=["TEMPORARY"],
)


@contextmanager
def on_trial(c: Connection, list_id: str, but: Sequence[str] = ()) -> Iterator[None]:
    """What is decided about the list's members within the block does not outlive it, `but` of these people (ids)."""
    m, b = list_member.c, _before.c
    c.execute(CreateTable(_before))
    columns = ("person_id", *_DECIDED)
    c.execute(
        insert(_before).from_select(
            columns, select(*(m[name] for name in columns)).where(m.list_id == list_id, m.person_id.not_in(but))
        )
    )
    yield
    same_person = (m.list_id == list_id, m.person_id == b.person_id)
    differs = or_(*(m[name] != b[name] for name in _DECIDED))
    c.execute(update(list_member).where(*same_person, differs).values({name: b[name] for name in _DECIDED}))
    c.execute(DropTable(_before))
