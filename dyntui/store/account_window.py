"""Email accounts as people look at them.

Public: `rows(c) -> list[AccountRow]`, the default one first.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from dyntui.model.accounts import AccountRow
from dyntui.store import accounts, watermarks
from dyntui.store.schema import marketing_list, suppression

_FEED = "suppressed-since"


def rows(c: Connection) -> list[AccountRow]:
    """All of them."""
    of_list, of_suppression = marketing_list.c.account_id, suppression.c.account_id
    activated = marketing_list.c.activated.is_(True)
    lists = _counted(c, select(of_list, func.count()).where(activated).group_by(of_list))
    suppressed = _counted(c, select(of_suppression, func.count()).group_by(of_suppression))
    return [
        AccountRow(
            **{name: value for name, value in msgspec.structs.asdict(each).items() if name != "ca_file"},
            lists=lists.get(each.id, 0),
            suppressed=suppressed.get(each.id, 0),
            read_on=watermarks.get(c, each.id, _FEED),
        )
        for each in accounts.accounts(c)
    ]


def _counted(c: Connection, counts: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in c.execute(counts)}
