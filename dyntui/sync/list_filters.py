"""Whom the subscription filter of a marketing list keeps out: asked after each reading of its members."""

from __future__ import annotations

import functools

import msgspec

from dyntui.dataverse import fetchxml
from dyntui.dataverse.errors import DYNAMICS, DataverseError
from dyntui.dataverse.fetchxml import fetch_pages, relative_to_caller
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.views import View, saved_view
from dyntui.model.errors import DyntuiError
from dyntui.remote.failures import unreadable
from dyntui.store import list_filters, staging
from dyntui.store.lists import StoredList
from dyntui.sync import list_state
from dyntui.sync.list_state import ListNow
from dyntui.sync.run_context import RunContext

_NOT_READ = "The list was not synchronised; its address book was left as it is."


class _Found(msgspec.Struct, frozen=True):
    accountid: str = ""
    contactid: str = ""
    leadid: str = ""


async def judge(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str) -> None:
    """Name everybody whom the filter of the list keeps out. Costs calls where it names a saved view: its query, with
    ids only. Raises LIST_VIEW_GONE, LIST_VIEW_REFUSED, LIST_OWNER_NOT_A_PERSON."""
    asked = now.settings.subscription_filter
    name, found = "", bytearray()
    if asked.view:
        view = await _view(dv, now, asked.view)
        name, found = view.name, await _find(ctx, dv, now, chosen, view, title)
    await ctx.write(lambda c: list_filters.judge(c, chosen.id, ctx.run_id, asked, bytes(found), name))


async def _view(dv: Dataverse, now: ListNow, view_id: str) -> View:
    view = await saved_view(dv, view_id)
    table = now.row.table.logical_name
    if view is not None and view.query and view.entity == table:
        return view
    fault = "does not exist any more, or the service may not read it" if view is None else f"finds no {table}s"
    raise DyntuiError(
        "LIST_VIEW_GONE",
        f"The saved view in the subscription filter of the marketing list {now.row.name!r} {fault}.",
        not_done=_NOT_READ,
        remedy=f"Choose another filter: `dyntui lists edit {now.row.id} --filter ...`; `dyntui lists views "
        f"{now.row.id}` shows the views there are.",
    )


async def _find(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, view: View, title: str) -> bytearray:
    """A byte for each place of the list: 1 where the view finds the person."""
    listed = await ctx.read(lambda c: staging.places(c, chosen.id))
    found, seen = bytearray(listed), 0
    table = now.row.table
    try:
        relative = relative_to_caller(view.query)
        caller = (await list_state.caller_of(dv, now.row, relative)).object_id if relative else None
        if caller is None:
            what = f"The saved view {view.name!r} in the filter"
            await ctx.read(lambda c: list_state.require_seen(c, now.row.name, view.query, what))
        query = fetchxml.with_columns(view.query, [table.key], table.key)
        async for page in fetch_pages(dv, table.entity_set, _Found, query, caller=caller):
            if page.odd:
                # Whom the view does not find is kept out of the book.
                raise unreadable(DYNAMICS, f"the view {view.name} found {page.odd} {table.entity_set} without an id")
            ids = [getattr(row, table.key) for row in page.rows]
            for place in await ctx.read(functools.partial(list_filters.places, list_id=chosen.id, person_ids=ids)):
                found[place] = 1
            seen += len(ids)
            await ctx.save(ctx.cursor, stage=f"Reading the view {view.name} for {title}", done=seen)
    except DataverseError as error:
        if not list_state.is_about_the_query(error):
            raise
        raise DyntuiError(
            "LIST_VIEW_REFUSED",
            f"The saved view {view.name!r}, the subscription filter of the marketing list {now.row.name!r}, cannot be "
            f"run: {error.message}",
            not_done=_NOT_READ,
            remedy="Mend the view in Dynamics, or choose another filter with `dyntui lists edit`.",
            detail=error.detail,
        ) from error
    return found
