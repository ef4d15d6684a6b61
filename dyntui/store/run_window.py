"""Runs as people look at them: a window, and one row.

Public: `window(c, asked, kind=, status=, account_id=, item=) -> Page[RunRow]`, `row(c, run_id) -> RunRow | None`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, and_, case, cast, exists, func, or_, select

from dyntui.model.outcomes import RunStatus, Tally
from dyntui.model.paging import Page, Window
from dyntui.model.runs import Progress, RunRow
from dyntui.model.sync_types import RUN_KINDS
from dyntui.store import accounts, outcomes, planned_changes
from dyntui.store.runs import tally_so_far
from dyntui.store.schema import run, run_item
from dyntui.store.windows import contains, ordered, shown

_STARTED = func.replace(run.c.queued_on, "T", " ", type_=String)
# As people read it.
_TYPE = case({kind.id: kind.title for kind in RUN_KINDS.values()}, value=run.c.kind, else_=run.c.kind)
_SORTABLE: dict[str, ColumnElement[Any]] = {
    name: run.c[name] for name in ("title", "status", "started_by", "queued_on", "started_on", "ended_on")
} | {"kind": _TYPE, "account": run.c.account_id, "people": run.c.people_read}


def row(c: Connection, run_id: str) -> RunRow | None:
    """A run by its id."""
    found = c.execute(select(run).where(run.c.id == run_id)).all()
    return next(iter(_rows(c, found)), None)


def window(
    c: Connection, asked: Window, *, kind: str = "", status: str = "", account_id: str = "", item: str = ""
) -> Page[RunRow]:
    """Runs, newest first, of a kind, status and account where given, and with an item where given, such as a marketing
    list; the search looks at title, status, starter, error, id and when it was started (`2026-03-02 10:15`, UTC)."""
    listing = select(run)
    for column, value in ((run.c.kind, kind), (run.c.status, status), (run.c.account_id, account_id)):
        if value:
            listing = listing.where(column == value)
    if item:
        there = exists().where(run_item.c.run_id == run.c.id, run_item.c.item_id == item)
        # One that has not begun has no items yet.
        asked_for = cast(run.c.request, String).contains(f'"{item}"', autoescape=True)
        listing = listing.where(or_(there, and_(run.c.status == RunStatus.QUEUED, asked_for)))
    matching = listing
    if asked.search:
        searched = (run.c.title, run.c.status, run.c.started_by, run.c.error, run.c.id, _STARTED)
        matching = listing.where(contains(searched, asked.search))
    page = ordered(matching, asked.sort, _SORTABLE, (run.c.queued_on.desc(), run.c.id.desc()))
    rows = c.execute(page.offset(asked.offset).limit(asked.limit)).all()
    total = _count(c, listing)
    hits = _count(c, matching) if asked.search else total
    return Page(rows=_rows(c, rows), matching=hits, total=total, offset=asked.offset)


def _count(c: Connection, listing: Select[Any]) -> int:
    return c.execute(select(func.count()).select_from(listing.with_only_columns(run.c.id).subquery())).scalar_one()


def _rows(c: Connection, rows: Sequence[Row[Any]]) -> tuple[RunRow, ...]:
    names = accounts.names(c)
    tallies = outcomes.tallies(c, [row.id for row in rows])
    plans = planned_changes.standing(c, [row.id for row in rows if row.request.get("plan")])
    return tuple(_row(row, tallies.get(row.id, Tally()), names, *plans.get(row.id, ("", False))) for row in rows)


def _row(row: Row[Any], tally: Tally, names: Mapping[str, str], applied_by: str, empty_plan: bool) -> RunRow:
    status = RunStatus(row.status)
    return shown(
        RunRow,
        row,
        account=names.get(row.account_id, ""),
        status=status,
        tally=tally_so_far(row, tally),
        progress=Progress(stage=row.stage, done=row.stage_done, of=row.stage_of),
        cancelling=row.desired == "cancel" and not status.ended,
        plan=bool(row.request.get("plan")),
        applied_by=applied_by,
        empty_plan=empty_plan,
    )
