"""Sends as people look at them: in a window, or those of one campaign, run or send.

Public:
    window(c, asked, view=, account_id=, list_id=) -> Page[SendRow]
    of_campaign(c, account_id, campaign_id) -> (SendRow, ...); row(c, send_id) -> SendRow | None
    of_run(c, run_id) -> SendRow | None; waves_of(c, send_id) -> (SendRow, ...); forecast(c, send_id) -> Forecast
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, String, and_, case, cast, func, or_, select

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.paging import Page, Window
from dyntui.model.sends import HANDED_OVER, LIVE, SendRow
from dyntui.model.waves import Waves
from dyntui.store import counts, sends, windows
from dyntui.store.dialects import folded
from dyntui.store.schema import send, send_waves
from dyntui.store.windows import shown

_s = send.c

_SORTABLE: dict[str, ColumnElement[Any]] = {
    **{name: folded(_s[name]) for name in ("campaign_name", "state", "created_by")},
    **{name: _s[name] for name in ("created_on", "send_at", "sent_on", "potential", "sendable")},
}


def window(
    c: Connection, asked: Window, *, view: str = "all", account_id: str = "", list_id: str = ""
) -> Page[SendRow]:
    """The newest first; of those that are `held` the next one first: which wait for their hour, or for somebody to say
    what became of them; of these those that are `undecided`, or that `missed` their hour, which come first. The search
    looks at campaign, state and who sends.
    `list_id`: those to this marketing list, without the single waves. Raises DyntuiError SORT_UNKNOWN."""
    everything = select(send)
    if account_id:
        everything = everything.where(_s.account_id == account_id)
    if list_id:
        to_it = cast(_s.list_ids, String).contains(f'"{list_id}"', autoescape=True)
        everything = everything.where(to_it, _s.waves_of == "")
    tie: tuple[ColumnElement[Any], ...] = (_s.created_on.desc(), _s.id)
    undecided, missed = and_(_s.doubt != "", _s.decision == ""), _s.state == "Missed"
    of_view = {"held": or_(_s.state.in_((*LIVE, HANDED_OVER)), undecided), "undecided": undecided, "missed": missed}
    if view in of_view:
        everything = everything.where(of_view[view])
        tie = (case((undecided, 0), (missed, 1), else_=2), _s.send_at, _s.created_on, _s.id)
    searched = (_s.campaign_name, _s.state, _s.created_by)
    return windows.page(c, asked, everything, searched, _SORTABLE, tie, lambda each: _shown(c, each))


def of_campaign(c: Connection, account_id: str, campaign_id: int) -> tuple[SendRow, ...]:
    """A campaign's sends as people look at them, newest first."""
    rows = c.execute(
        select(send)
        .where(_s.account_id == account_id, _s.campaign_id == campaign_id)
        .order_by(_s.created_on.desc(), _s.id.desc())
    ).all()
    return tuple(_shown(c, row) for row in rows)


def row(c: Connection, send_id: str) -> SendRow | None:
    """A send as people look at it, by its id."""
    found = c.execute(select(send).where(_s.id == send_id)).one_or_none()
    return None if found is None else _shown(c, found)


def of_run(c: Connection, run_id: str) -> SendRow | None:
    """The send that a run carries out, or has carried out."""
    found = c.execute(select(send).where(_s.run_id == run_id, _s.run_id != "")).first()
    return None if found is None else _shown(c, found)


def waves_of(c: Connection, send_id: str) -> tuple[SendRow, ...]:
    """The waves of a send that have begun, in order, as people look at them."""
    rows = c.execute(select(send).where(_s.waves_of == send_id).order_by(_s.wave)).all()
    return tuple(_shown(c, row) for row in rows)


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """A send's count of people: its id, what it said when somebody confirmed the send (nothing where nobody wrote it
    down), and what it says now."""

    count_id: str
    counted: tuple[ReasonCount, ...]
    now: tuple[ReasonCount, ...]


def forecast(c: Connection, send_id: str) -> Forecast:
    """The count of a send, then and now. Raises `KeyError` for an unknown one."""
    row = c.execute(select(_s.count_id, _s.counted).where(_s.id == send_id)).one_or_none()
    if row is None:
        raise KeyError(send_id)
    counted = tuple(ReasonCount(Outcome(outcome), reason, people) for outcome, reason, people in row.counted)
    return Forecast(count_id=row.count_id, counted=counted, now=counts.counts(c, row.count_id))


def _shown(c: Connection, row: Row[Any]) -> SendRow:
    """A row of the table as people look at it."""
    return shown(
        SendRow,
        row,
        campaign=row.campaign_id,
        run=row.run_id,
        lists=tuple(row.lists),
        split=sends.split_of(row),
        excluded=sends.left_out(c, row.count_id),
        **_waves(c, row),
    )


def _waves(c: Connection, row: Row[Any]) -> dict[str, object]:
    """What is shown of a send in waves, and of a wave."""
    planned = select(send_waves).where(send_waves.c.send_id == (row.waves_of or row.id))
    found = c.execute(planned).one_or_none()
    if found is None:
        return {}
    waves = msgspec.convert(found.waves, Waves, strict=False)
    if row.waves_of:
        return {"waves": waves}
    sent = and_(_s.state == "Sent", _s.decision != "not mailed")
    mailed = case((or_(sent, _s.decision == "mailed"), _s.sendable), else_=0)
    of_it = select(func.max(_s.wave), func.sum(mailed)).where(_s.waves_of == row.id)
    begun, people = c.execute(of_it).one()
    return {"waves": waves, "wave": begun or 0, "mailed": int(people or 0), "next_on": found.next_on}
