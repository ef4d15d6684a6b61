"""Whom a decision is about: people whose removal from a list's address book waits, or whose undone change does.

They are shown as they stand, and not as a run named them: that run may be forgotten, or be the one before the undo.

Public: `window(c, asked, list_id=, undone=False) -> Page[PersonOutcome]`.
"""

from __future__ import annotations

from sqlalchemy import Connection, String, cast, literal, select, union_all

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.paging import Page, Window
from dyntui.store.gate_marks import split
from dyntui.store.held import REMOVALS_OF_STRANGERS, UNDONE, WAITING
from dyntui.store.schema import book_stranger, list_member, marketing_list
from dyntui.store.strangers import ENTITY
from dyntui.store.windows import page, shown

_m, _s = list_member.c, book_stranger.c
_SHOWN = ("entity", "name", "address", "reason", "detail")


def window(c: Connection, asked: Window, *, list_id: str, undone: bool = False) -> Page[PersonOutcome]:
    """Members first, in the order of reading, then whoever else is in the book; the search looks at name, address and
    detail."""
    kind = _m.reason == UNDONE if undone else _m.reason != UNDONE
    waiting = select(
        literal(0).label("place"),
        _m.seq,
        _m.person_id,
        *(_m[name] for name in _SHOWN),
        _m.also,
    ).where(_m.list_id == list_id, *WAITING, kind)
    others = select(
        literal(1),
        _s.contact_id,
        cast(_s.contact_id, String),
        literal(ENTITY, String),
        literal("", String),
        _s.address,
        _s.reason,
        _s.detail,
        literal("", String),
    ).where(_s.list_id == list_id, *REMOVALS_OF_STRANGERS)
    everybody = (waiting if undone else union_all(waiting, others)).subquery("waiting")
    w = everybody.c
    activated = select(marketing_list.c.activated).where(marketing_list.c.id == list_id).scalar_subquery()
    return page(
        c,
        asked,
        select(everybody).where(activated.is_(True)),
        (w.name, w.address, w.detail),
        {name: w[name] for name in _SHOWN},
        (w.place, w.seq),
        lambda row: shown(PersonOutcome, row, person=row.person_id, outcome=Outcome.HELD, also=split(row.also)),
    )
