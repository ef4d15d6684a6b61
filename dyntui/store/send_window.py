"""Sends of all campaigns as people look at them: a window.

Public: `window(c, asked, view=, account_id=, list_id=) -> Page[SendRow]`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, cast, or_, select

from dyntui.model.paging import Page, Window
from dyntui.model.sends import HANDED_OVER, LIVE, SendRow
from dyntui.store import sends, windows
from dyntui.store.dialects import folded
from dyntui.store.schema import send

_s = send.c

_SORTABLE: dict[str, ColumnElement[Any]] = {
    **{name: folded(_s[name]) for name in ("campaign_name", "state", "created_by")},
    **{name: _s[name] for name in ("created_on", "send_at", "sent_on", "potential", "sendable")},
}


def window(
    c: Connection, asked: Window, *, view: str = "all", account_id: str = "", list_id: str = ""
) -> Page[SendRow]:
    """The newest first; of those that are `held` the next one first: which wait for their hour, or for somebody to say
    what became of them. The search looks at campaign, state and who sends.
    `list_id`: those to this marketing list, without the single waves. Raises DyntuiError SORT_UNKNOWN."""
    everything = select(send)
    if account_id:
        everything = everything.where(_s.account_id == account_id)
    if list_id:
        to_it = cast(_s.list_ids, String).contains(f'"{list_id}"', autoescape=True)
        everything = everything.where(to_it, _s.waves_of == "")
    tie: tuple[ColumnElement[Any], ...] = (_s.created_on.desc(), _s.id)
    if view == "held":
        in_doubt = and_(_s.doubt != "", _s.decision == "")
        everything = everything.where(or_(_s.state.in_((*LIVE, HANDED_OVER)), in_doubt))
        tie = (_s.send_at, _s.created_on, _s.id)
    searched = (_s.campaign_name, _s.state, _s.created_by)
    return windows.page(c, asked, everything, searched, _SORTABLE, tie, lambda row: sends.shown_row(c, row))
