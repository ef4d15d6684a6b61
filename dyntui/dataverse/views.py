"""Saved views: everybody's (`savedquery`) and the personal ones that the service may see (`userquery`).

A view's FetchXML is run like any stored query (`dyntui.dataverse.fetchxml`). Facts: reference/dataverse_api.md 4.5.
"""

from __future__ import annotations

import msgspec

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid, literal
from dyntui.dataverse.rows import find_rows, get_row
from dyntui.model.errors import Exit

# A public view that people choose; other types serve look-ups, quick find and the like.
_PUBLIC = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view. `entity`: the table whose rows it finds; `query`: its FetchXML."""

    id: str
    name: str
    entity: str
    query: str
    personal: bool


class _Saved(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="savedqueryid", default="")
    name: str | None = None
    returnedtypecode: str | None = None
    fetchxml: str | None = None


class _Personal(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="userqueryid", default="")
    name: str | None = None
    returnedtypecode: str | None = None
    fetchxml: str | None = None


async def saved_views(dv: Dataverse, entity: str, *, caller: str | None = None) -> list[View]:
    """The views that find rows of a table, by name; those without a query are left out, and personal ones where none
    may be read. `caller`: as somebody sees them, with their own personal views."""
    of_table = f"returnedtypecode eq {literal(entity)} and querytype eq {_PUBLIC}"
    public = await find_rows(dv, "savedqueries", _Saved, filter=of_table, caller=caller)
    try:
        personal = await find_rows(dv, "userqueries", _Personal, filter=of_table, caller=caller)
    except DataverseError as error:
        if error.exit is not Exit.NOT_PERMITTED:
            raise
        personal = []
    found = [*map(_view, public), *map(_view, personal)]
    return sorted((each for each in found if each.query), key=lambda each: (each.name.casefold(), each.id))


async def saved_view(dv: Dataverse, view_id: str) -> View | None:
    """A view by its id, whichever kind it is; None where there is none, or none that the service may read."""
    public = await get_row(dv, "savedqueries", guid(view_id), _Saved)
    if public is not None:
        return _view(public)
    try:
        personal = await get_row(dv, "userqueries", guid(view_id), _Personal)
    except DataverseError as error:
        if error.exit is not Exit.NOT_PERMITTED:
            raise
        return None
    return _view(personal) if personal is not None else None


def _view(row: _Saved | _Personal) -> View:
    return View(
        id=guid(row.id),
        name=row.name or "",
        entity=row.returnedtypecode or "",
        query=row.fetchxml or "",
        personal=isinstance(row, _Personal),
    )
