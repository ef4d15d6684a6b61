"""Marketing lists as people look at them: a window, and some by their ids.

Public: `window(c, asked, view=) -> Page[ListRow]`, `rows(c, ids) -> list[ListRow]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, literal, select, true

from dyntui.model.lists import ListRow
from dyntui.model.paging import Page, Window
from dyntui.store import accounts
from dyntui.store.lists import with_people
from dyntui.store.schema import marketing_list
from dyntui.store.windows import contains, ordered, shown

_l = marketing_list.c

_SORTABLE: dict[str, ColumnElement[Any]] = {
    **{
        name: _l[name]
        for name in ("member_type", "dynamic", "active", "activated", "sync_status", "last_synced", "sync_order")
    },
    **{name: _l[name] for name in ("owner", "modified_on", "manual_only", "locked")},
    "name": func.lower(_l.name),
    "members": func.coalesce(_l.member_count, literal(-1)),
    "account": _l.account_id,
}


def rows(c: Connection, ids: Sequence[str]) -> list[ListRow]:
    """Lists by id, in that order; unknown ids are left out."""
    names = accounts.names(c)
    found = {row.id: _row(row, names) for row in c.execute(with_people().where(_l.id.in_(ids)))}
    return [found[each] for each in ids if each in found]


def window(
    c: Connection, asked: Window, *, view: str = "active", user_id: str = "", account_id: str = ""
) -> Page[ListRow]:
    """Lists by name; the search looks at name, owner and description. `view`: `active`, `inactive`, `my` (of
    `user_id`), `activated`, `problems` or `all`. `account_id`: without those that are activated for another email
    account."""
    views: dict[str, ColumnElement[bool]] = {
        "active": _l.active.is_(True),
        "inactive": _l.active.is_(False),
        "my": and_(_l.owner_id == user_id, _l.owner_id != ""),
        "activated": _l.activated.is_(True),
        "problems": and_(_l.activated.is_(True), _l.sync_problem.is_(True)),
        "all": true(),
    }
    scope = views[view]
    if account_id:
        scope = and_(scope, _l.account_id.in_((account_id, "")))
    matching = and_(scope, contains((_l.name, _l.owner, _l.description), asked.search)) if asked.search else scope
    page = ordered(with_people().where(matching), asked.sort, _SORTABLE, (func.lower(_l.name), _l.id))
    names = accounts.names(c)
    found = tuple(_row(row, names) for row in c.execute(page.offset(asked.offset).limit(asked.limit)))
    total, hits = c.execute(
        select(func.count(), func.count(case((matching, 1)))).select_from(marketing_list).where(scope)
    ).one()
    return Page(rows=found, matching=hits, total=total, offset=asked.offset)


def _row(row: Row[Any], names: dict[str, str]) -> ListRow:
    members = row.people if row.people is not None else row.member_count
    return shown(ListRow, row, members=members, account=names.get(row.account_id, ""))
