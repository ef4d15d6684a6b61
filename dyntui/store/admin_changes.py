"""What administrators changed: who, when, what, before and after.

Public: `record(c, AdminChange)`, `window(c, asked, subject=, account_id=, about=) ->
Page[AdminChange]`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from dyntui.model.admin_changes import AdminChange
from dyntui.model.paging import Page, Window
from dyntui.store import accounts
from dyntui.store.dialects import folded
from dyntui.store.schema import admin_change
from dyntui.store.windows import page, shown

_c = admin_change.c
_SORTABLE = {name: folded(_c[name]) for name in ("changed_by", "thing", "before", "after")} | {
    name: _c[name] for name in ("changed_on", "subject")
}


def record(c: Connection, account_id: str, change: AdminChange) -> None:
    """Keep a change; its `account` is told from the id."""
    values = msgspec.structs.asdict(change)
    del values["account"]
    c.execute(insert(admin_change).values(values | {"account_id": account_id}))


def window(c: Connection, asked: Window, *, subject: str, account_id: str | None, about: str = "") -> Page[AdminChange]:
    """The changes to a subject (`""`: to all) of an email account (None: of all), newest first; where given, those
    `about` one thing. The search looks at subject, who, what, before and after. Raises DyntuiError SORT_UNKNOWN."""
    listing = select(admin_change)
    if subject:
        listing = listing.where(_c.subject == subject)
    if account_id is not None:
        listing = listing.where(_c.account_id == account_id)
    if about:
        listing = listing.where(_c.about == about)
    names = accounts.names(c)

    def made(row: Row[Any]) -> AdminChange:
        return shown(AdminChange, row, account=names.get(row.account_id, ""))

    searched = (_c.subject, _c.thing, _c.changed_by, _c.before, _c.after)
    return page(c, asked, listing, searched, _SORTABLE, (_c.id.desc(),), made)
