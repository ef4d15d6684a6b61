"""What the store itself knows to be wrong.

Public: `of_lists(c, before) -> list[ListOfConcern]`, `never_synchronised(c) -> {account id: lists}`,
`refused(c) -> int`, `sent_before(c, account_id) -> bool`; its file: `dyntui.store.dialects.damage`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, exists, func, select

from dyntui.model.outcomes import Outcome
from dyntui.model.sync_types import TEST_SEND
from dyntui.store.schema import list_member, marketing_list, run, send

_l, _m = marketing_list.c, list_member.c


class ListOfConcern(msgspec.Struct, frozen=True):
    """An activated list that somebody should look at: `status` of its last synchronisation where that is why."""

    id: str
    name: str
    last_synced: str
    status: str
    account_id: str


def of_lists(c: Connection, before: str) -> list[ListOfConcern]:
    """Activated lists with a problem, and those that run by themselves and were not synchronised since `before`."""
    rows = c.execute(
        select(_l.id, _l.name, _l.last_synced, _l.sync_problem, _l.sync_status, _l.manual_only, _l.account_id)
        .where(_l.activated.is_(True), _l.active.is_(True))
        .order_by(_l.name)
    )
    return [
        ListOfConcern(row.id, row.name, row.last_synced, row.sync_status if row.sync_problem else "", row.account_id)
        for row in rows
        if row.sync_problem or (row.last_synced < before and not row.manual_only)
    ]


def never_synchronised(c: Connection) -> dict[str, int]:
    """The email accounts none of whose activated lists was ever synchronised, with how many lists those are."""
    rows = c.execute(
        select(_l.account_id, func.count().label("lists"))
        .where(_l.activated.is_(True), _l.active.is_(True))
        .group_by(_l.account_id)
        .having(func.max(_l.last_synced) == "")
    )
    return {row.account_id: row.lists for row in rows}


def refused(c: Connection) -> int:
    """How many members were refused in the last synchronisation of their list."""
    return int(
        c.execute(
            select(func.count()).select_from(list_member).where(_m.outcome == Outcome.REJECTED.value)
        ).scalar_one()
    )


def sent_before(c: Connection, account_id: str) -> bool:
    """Whether anything was sent through the email account, as a test or to people."""
    tests = exists().where(run.c.kind == TEST_SEND.id, run.c.account_id == account_id)
    sends = exists().where(send.c.account_id == account_id, send.c.sent_on != "")
    return bool(c.execute(select(tests | sends)).scalar())
