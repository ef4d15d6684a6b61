"""People in the audit, over all runs: found by name, address, record or what was said of them.

Public: `window(c, asked, account_id="") -> Page[Trace]`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, String, and_, func, select, union_all

from dyntui.model.guids import as_stored
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.model.traces import Trace
from dyntui.store.schema import marketing_list, outcome, plan, run, run_item, standing, standing_scope
from dyntui.store.windows import contains, ordered, shown

_PERSON = ("person_id", "seq", "entity", "name", "address", "reason", "detail")
_SORTABLE = ("started_on", "kind", "title", "name", "address", "outcome", "reason")


def window(c: Connection, asked: Window, *, account_id: str = "") -> Page[Trace]:
    """The outcomes that match the search, the newest run first; nobody without a search."""
    search = as_stored(asked.search)
    if not search:
        return Page(rows=(), matching=0, total=0, offset=asked.offset)
    found = union_all(_recorded(search, account_id), _standing(search, account_id)).subquery("found")
    f = found.c
    tie = (f.started_on.desc(), f.run, f.item, f.seq, f.person_id)
    page = ordered(select(found), asked.sort, {name: f[name] for name in _SORTABLE}, tie)
    rows = c.execute(page.offset(asked.offset).limit(asked.limit)).all()
    matching = int(c.execute(select(func.count()).select_from(found)).scalar_one())
    traces = tuple(shown(Trace, row, person=row.person_id, outcome=Outcome(row.outcome)) for row in rows)
    return Page(rows=traces, matching=matching, total=matching, offset=asked.offset)


def _of_run() -> tuple[Any, ...]:
    return (
        func.coalesce(run.c.id, "").label("run"),
        func.coalesce(run.c.kind, "").label("kind"),
        func.coalesce(run.c.title, "").label("title"),
        func.coalesce(run.c.started_on, "").label("started_on"),
        func.coalesce(run_item.c.name, "").label("item"),
    )


def _recorded(search: str, account_id: str) -> Select[Any]:
    o = outcome.c
    item = and_(run_item.c.run_id == o.run_id, run_item.c.item_id == o.item_id)
    rows = (
        select(*_of_run(), *(o[name] for name in _PERSON), o.outcome)
        .join(run_item, item)
        .join(run, run.c.id == o.run_id)
        .where(contains((o.name, o.address, o.detail, o.person_id), search))
        # What a plan would have done has not happened.
        .where(o.run_id.not_in(select(plan.c.run_id)))
    )
    return rows.where(run.c.account_id == account_id) if account_id else rows


def _standing(search: str, account_id: str) -> Select[Any]:
    """Of intervals the outcome with which they began: what it turned into afterwards is `unchanged`, or the same. Of
    one that is older than the runs that are kept the list is still known, and whose it is."""
    s, list_ = standing.c, marketing_list.c
    item = and_(run_item.c.scope == s.scope, run_item.c.edition == s.from_edition)
    # `list/ID`: its members; `strangers/ID`: who is in its book besides. One list for each row, found by its key.
    of_list = list_.id == func.replace(
        func.replace(standing_scope.c.name, "strangers/", "", type_=String), "list/", "", type_=String
    )
    where = func.coalesce(run_item.c.name, list_.name, "").label("item")
    rows = (
        select(*_of_run()[:-1], where, *(s[name] for name in _PERSON), s.first.label("outcome"))
        .join(standing_scope, standing_scope.c.no == s.scope)
        .join(marketing_list, of_list, isouter=True)
        .join(run_item, item, isouter=True)
        .join(run, run.c.id == run_item.c.run_id, isouter=True)
        .where(contains((s.name, s.address, s.detail, s.person_id), search))
    )
    return rows.where(func.coalesce(run.c.account_id, list_.account_id) == account_id) if account_id else rows
