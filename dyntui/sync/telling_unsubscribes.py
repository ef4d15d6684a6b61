"""Dynamics is told who unsubscribed from which marketing list: a row for each person and list, for every user to see.

What keeps somebody out of a list is in the store; another machine learns it from these rows
(`dyntui.sync.adopted_unsubscribes`). One that Dynamics refuses is named by the run, and tried again by the next one.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Sequence

import msgspec

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model import solution
from dyntui.model.errors import DyntuiError
from dyntui.model.mentioned import shown
from dyntui.model.people import Entity
from dyntui.store import told_unsubscribes
from dyntui.store.told_unsubscribes import Untold
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_ROUND = 5000
_STAGE = "Telling Dynamics who unsubscribed from lists"
_ITEM = "rows of list unsubscribes"
_BINDS = {
    Entity.CONTACT.value: ("dyntui_ContactId@odata.bind", "contacts"),
    Entity.LEAD.value: ("dyntui_LeadId@odata.bind", "leads"),
}

log = logging.getLogger(__name__)


async def tell(ctx: RunContext, dv: Dataverse, account_id: str) -> None:
    """Rows for whoever unsubscribed since, and none any more for who subscribed again."""
    try:
        refused = await _take_away(ctx, dv)
        refused += await _write(ctx, dv, account_id)
        await name_refused(ctx, _ITEM, "feed", "Rows of list unsubscribes in Dynamics", refused)
    except DyntuiError as error:
        if error.code != "SETUP_NEEDED":
            raise
        # The table comes with a later version. Lists are synchronised without it, and the doctor names what is missing.
        log.warning("Dynamics was not told who unsubscribed from lists: %s", error)


_Refused = list[tuple[str, DataverseError]]


async def _write(ctx: RunContext, dv: Dataverse, account_id: str) -> _Refused:
    waiting, done = await ctx.read(lambda c: told_unsubscribes.count_untold(c, account_id)), 0
    after, refused = ("", ""), list[tuple[str, DataverseError]]()
    while batch := await ctx.read(
        lambda c: told_unsubscribes.untold(c, account_id, _ROUND, after)  # noqa: B023 - awaited here
    ):
        results = await upsert_rows(dv, solution.LIST_UNSUBSCRIBE, [_row(each) for each in batch])
        written = []
        for each, result in zip(batch, results, strict=True):
            if result.error is None:
                written.append(each)
            else:
                refused.append((shown(each.address), result.error))
        done, after = done + len(batch), (batch[-1].list_id, batch[-1].address)
        work = functools.partial(told_unsubscribes.told, rows=written)
        await ctx.save(ctx.cursor, stage=_STAGE, done=done, of=waiting, work=work)
    return refused


def _row(each: Untold) -> dict[str, object]:
    row: dict[str, object] = {
        KEY: _key(each.list_id, each.address),
        "dyntui_address": each.address,
        "dyntui_unsubscribedon": each.unsubscribed_on or None,
        "dyntui_ListId@odata.bind": f"/lists({each.list_id})",
    }
    if each.entity in _BINDS:
        name, entity_set = _BINDS[each.entity]
        row[name] = f"/{entity_set}({each.person_id})"
    return row


def _key(list_id: str, address: str) -> str:
    """A hash, as key values may not hold every character (dataverse_api.md 5.2)."""
    return hashlib.sha256(f"{list_id}\n{address}".encode()).hexdigest()[:40]


class _Row(msgspec.Struct, frozen=True, rename={"id": "dyntui_listunsubscribeid", "address": "dyntui_address"}):
    id: str
    address: str | None = None


async def _take_away(ctx: RunContext, dv: Dataverse) -> _Refused:
    """Nothing is forgotten before all of them are gone."""
    ended = await ctx.read(told_unsubscribes.ended)
    refused = await _delete_rows(dv, [_key(*each) for each in ended]) if ended else []
    if ended and not refused:
        work = functools.partial(told_unsubscribes.forget_ended, rows=ended)
        await ctx.save(ctx.cursor, stage=_STAGE, work=work)
    return refused


async def _delete_rows(dv: Dataverse, keys: Sequence[str]) -> _Refused:
    spec = solution.LIST_UNSUBSCRIBE
    table = bulk.Table(spec.entity_set, spec.logical_name, f"{spec.logical_name}id")
    there: list[_Row] = []
    async for page in dv_rows.pages_where_any(dv, table.entity_set, _Row, KEY, keys, orderby=(table.key,)):
        there += page.rows
    results = await bulk.delete_many(dv, table, [row.id for row in there])
    return [
        (shown(row.address), result.error)
        for row, result in zip(there, results, strict=True)
        if result.error is not None
    ]
