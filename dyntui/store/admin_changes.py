"""What administrators changed: who, when, what, before and after.

Public: `record(c, AdminChange)`, `window(c, asked, subject=, account_id=, about=) ->
Page[AdminChange]`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, insert, select

from dyntui.model.admin_changes import AdminChange
from dyntui.model.paging import Page, Window
from dyntui.store import accounts
from dyntui.store.schema import admin_change
from dyntui.store.windows import contains, shown

_c = admin_change.c


def record(c: Connection, account_id: str, change: AdminChange) -> None:
    """Keep a change; its `account` is told from the id."""
    values = msgspec.structs.asdict(change)
    del values["account"]
    c.execute(insert(admin_change).values(values | {"account_id": account_id}))


def window(c: Connection, asked: Window, *, subject: str, account_id: str | None, about: str = "") -> Page[AdminChange]:
    """The changes to a subject (`""`: to all) of an email account (None: of all), newest first; where given, those
    `about` one thing. The search looks at who, what, before and after."""
    listing = select(admin_change)
    if subject:
        listing = listing.where(_c.subject == subject)
    if account_id is not None:
        listing = listing.where(_c.account_id == account_id)
    if about:
        listing = listing.where(_c.about == about)
    matching = listing
    if asked.search:
        matching = listing.where(contains((_c.thing, _c.changed_by, _c.before, _c.after), asked.search))
    total, hits = (
        c.execute(select(func.count()).select_from(each.with_only_columns(_c.id).subquery())).scalar_one()
        for each in (listing, matching)
    )
    rows = c.execute(matching.order_by(_c.id.desc()).offset(asked.offset).limit(asked.limit))
    names = accounts.names(c)
    found = tuple(shown(AdminChange, row, account=names.get(row.account_id, "")) for row in rows)
    return Page(rows=found, matching=hits, total=total, offset=asked.offset)
