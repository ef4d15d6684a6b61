"""Who unsubscribed from which list as another machine, or a store that was lost, has told Dynamics.

Of who left a list by the mail of a send, the send's own address book alone says so, and it is gone after two weeks. So
the rows of Dynamics are read before the first list is, and what was added since once a day and for every send. What is
known here stays.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import query
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model import solution
from dyntui.model.mentioned import addresses_in
from dyntui.model.moments import dated, due_again, moment_of, text_of, to_come
from dyntui.store import list_unsubscribes, told_unsubscribes, watermarks
from dyntui.store.told_unsubscribes import Untold
from dyntui.sync import feeds
from dyntui.sync.asked import Asked
from dyntui.sync.connector_rows import UNKNOWN_NAME
from dyntui.sync.run_context import RunContext

_FEED = "unsubscribes-in-dynamics"
_EVERY = timedelta(days=1)

log = logging.getLogger(__name__)


class _Row(
    msgspec.Struct,
    frozen=True,
    rename={
        "id": "dyntui_listunsubscribeid",
        "list_id": "_dyntui_listid_value",
        "address": "dyntui_address",
        "on": "dyntui_unsubscribedon",
    },
):
    id: str
    list_id: str | None = None
    address: str | None = None
    on: datetime | None = None


async def read(ctx: RunContext, dv: Dataverse, *, anew: bool = False) -> None:
    """Keeps who has left a list by these rows, as of the last day, or of now (`anew`). Nothing where the table was not
    installed yet."""
    known, now = moment_of(await ctx.read(lambda c: watermarks.get(c, "", _FEED))), ctx.moment()
    if not anew and not due_again(known, now, _EVERY):
        return
    question = Asked(dv, now)
    since = None if known is None or to_come(known, now) else f"modifiedon ge {query.moment(known - feeds.OVERLAP)}"
    try:
        async for page in dv_rows.pages(
            dv,
            solution.LIST_UNSUBSCRIBE.entity_set,
            _Row,
            filter=since,
            orderby=("dyntui_listunsubscribeid",),
        ):
            work = functools.partial(_keep, rows=page.rows, now=now)
            await ctx.save(ctx.cursor, stage="Reading who unsubscribed from lists", work=work)
    except DataverseError as error:
        if error.code != UNKNOWN_NAME:
            raise
        log.info("the table of list unsubscribes is not installed yet")
        return
    await ctx.write(lambda c: watermarks.put(c, "", _FEED, text_of(question.on)))


def _keep(c: Connection, rows: Sequence[_Row], now: datetime) -> None:
    found = {
        (row.list_id.lower(), address): text_of(dated(row.on, now))
        for row in rows
        if row.list_id
        for address in addresses_in(row.address)
    }
    # One that ended here has its row until the next synchronisation of lists takes it away.
    news = list_unsubscribes.not_known(c, found.keys() - told_unsubscribes.all_ended(c))
    for list_id, address in sorted(news):
        on = found[list_id, address]
        list_unsubscribes.add(c, list_id, [(address, on)], text_of(now))
        told_unsubscribes.told(c, [Untold(list_id, address, on)])
