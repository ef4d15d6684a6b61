"""Email campaigns as people look at them: a window, and one row.

Public: `window(c, asked, view=) -> Page[CampaignRow]`, `row(c, account_id, campaign_id) -> CampaignRow`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, true

from dyntui.model.campaigns import CampaignRow
from dyntui.model.paging import Page, Window
from dyntui.store import accounts
from dyntui.store.campaigns import total, with_targets
from dyntui.store.schema import campaign
from dyntui.store.windows import contains, ordered, shown

_c = campaign.c

_SORTABLE: dict[str, ColumnElement[Any]] = {
    **{name: func.lower(_c[name]) for name in ("name", "subject", "type")},
    **{name: _c[name] for name in ("id", "sent_on", "split_test", "archived_on")},
    # As it is shown.
    "status": case((_c.archived_on != "", "archived"), else_=func.lower(_c.status)),
    "account": _c.account_id,
}


def row(c: Connection, account_id: str, campaign_id: int) -> CampaignRow:
    """A campaign that is known. Raises NoResultFound for another one."""
    one = with_targets().where(_c.account_id == account_id, _c.id == campaign_id)
    return _row(c.execute(one).one(), accounts.names(c))


def window(c: Connection, asked: Window, *, view: str = "current", account_id: str = "") -> Page[CampaignRow]:
    """Campaigns, newest first, of one account where given; the search looks at name and subject. `view`: `current`,
    `unsent` or `sent` of those that are not archived, `archived`, or `all`. `as_of`: when the newest of the rows was
    read."""
    is_sent, current = func.lower(_c.status).in_(("sent", "sending")), _c.archived_on == ""
    views: dict[str, ColumnElement[bool]] = {
        "current": current,
        "unsent": and_(current, ~is_sent),
        "sent": and_(current, is_sent),
        "archived": ~current,
        "all": true(),
    }
    scope = views[view]
    if account_id:
        scope = and_(scope, _c.account_id == account_id)
    matching = and_(scope, contains((_c.name, _c.subject), asked.search)) if asked.search else scope
    page = ordered(with_targets().where(matching), asked.sort, _SORTABLE, (_c.id.desc(), _c.account_id))
    rows = c.execute(page.offset(asked.offset).limit(asked.limit)).all()
    names = accounts.names(c)
    in_scope, hits = c.execute(
        select(func.count(), func.count(case((matching, 1)))).select_from(campaign).where(scope)
    ).one()
    return Page(
        rows=tuple(_row(each, names) for each in rows),
        matching=hits,
        total=in_scope,
        offset=asked.offset,
        as_of=max((each.read_on for each in rows), default=""),
    )


def _row(row: Row[Any], names: Mapping[str, str]) -> CampaignRow:
    return shown(
        CampaignRow,
        row,
        account=names.get(row.account_id, ""),
        sent=total(row.summary, "numTotalSent"),
        delivered=total(row.summary, "numTotalDelivered"),
        unique_opens=total(row.summary, "numTotalUniqueOpens"),
        unique_clicks=total(row.summary, "numRecipientsClicked"),
    )
