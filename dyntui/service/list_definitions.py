"""What a marketing list is to be - its name, its query - checked against Dynamics before anything is written there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.dataverse import fetchxml, list_queries
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.member_tables import BY_NAME
from dyntui.dataverse.views import View, saved_views
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.list_definitions import description_fault, name_fault, query_fault
from dyntui.service.contract.lists import EditList, NewList
from dyntui.store.lists import StoredList
from dyntui.sync.list_state import is_about_the_query

_NOT_DONE = "Nothing was written to Dynamics."


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A query that Dynamics has run: its FetchXML, how many `people` it finds, the `view` it is of (`""`: none), and
    its conditions that mean whoever runs it."""

    query: str
    people: int
    view: str = ""
    relative: tuple[str, ...] = ()


async def found(dv: Dataverse, member_type: str, view: str, query: str, caller: str | None) -> Found:
    """What a saved view or FetchXML finds for somebody. Raises VIEW_UNKNOWN, VIEW_AMBIGUOUS, LIST_MISFIT,
    QUERY_REFUSED."""
    if fault := query_fault(True, view, query):
        raise misfit(fault)
    chosen = (
        only_view(view, await saved_views(dv, member_type, caller=caller), member_type, _NOT_DONE) if view else None
    )
    asked = (chosen.query if chosen else query).strip()
    table = BY_NAME[member_type]
    try:
        people = await list_queries.count(dv, table, list_queries.of_table(asked, table), caller=caller)
        relative = tuple(sorted(fetchxml.relative_to_caller(asked)))
    except DataverseError as error:
        if not (error.code == "DATAVERSE_LIST_WRONG_TYPE" or is_about_the_query(error)):
            raise
        what = f"The saved view {chosen.name!r}" if chosen else "The query"
        raise DyntuiError(
            "QUERY_REFUSED",
            f"{what} cannot be run: {error.message}{f' ({error.detail})' if error.detail else ''}",
            not_done=_NOT_DONE,
            remedy=f"Write FetchXML that finds {member_type}s and whose columns exist, or choose a saved view.",
            exit=Exit.USAGE,
            detail=error.detail,
        ) from error
    return Found(query=asked, people=people, view=chosen.name if chosen else "", relative=relative)


def only_view(named: str, views: Sequence[View], member_type: str, not_done: str) -> View:
    """The view with this id or name. Raises VIEW_UNKNOWN, VIEW_AMBIGUOUS."""
    wanted = named.strip().casefold()
    fitting = [each for each in views if wanted == each.id] or [
        each for each in views if each.name.strip().casefold() == wanted
    ]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{each.id} {each.name}" for each in (fitting or views))
    raise DyntuiError(
        "VIEW_AMBIGUOUS" if fitting else "VIEW_UNKNOWN",
        f"{len(fitting) or 'No'} saved view{'s' if len(fitting) > 1 else ''} of {member_type}s "
        f"{'are' if len(fitting) > 1 else 'is'} called {named!r}.",
        not_done=not_done,
        remedy=f"Name one by its id: {listed}." if listed else "Save a view in Dynamics first.",
        exit=Exit.USAGE,
    )


async def new_columns(
    dv: Dataverse, request: NewList, others: Sequence[StoredList], caller: str | None
) -> dict[str, object]:
    """The row of a list that is to be made. Raises LIST_MISFIT, LIST_NAME_TAKEN, and what `found` raises."""
    for fault in (
        name_fault(request.name),
        description_fault(request.description),
        query_fault(request.dynamic, request.view, request.query),
    ):
        if fault:
            raise misfit(fault)
    _require_free(request.name, others)
    row: dict[str, object] = {
        "listname": request.name.strip(),
        "createdfromcode": BY_NAME[request.member_type].code,
        "type": request.dynamic,
    }
    if request.description:
        row["description"] = request.description
    if request.dynamic:
        row["query"] = (await found(dv, request.member_type, request.view, request.query, caller)).query
    return row


async def changed_columns(
    dv: Dataverse, known: StoredList, request: EditList, others: Sequence[StoredList], caller: str | None
) -> dict[str, object]:
    """The columns of a list's row that are to be others. Raises as `new_columns` does."""
    row: dict[str, object] = {}
    if request.name is not None:
        if fault := name_fault(request.name):
            raise misfit(fault)
        _require_free(request.name, [each for each in others if each.id != known.id])
        row["listname"] = request.name.strip()
    if request.description is not None:
        if fault := description_fault(request.description):
            raise misfit(fault)
        row["description"] = request.description or None
    if request.view or request.query:
        if fault := query_fault(known.dynamic, request.view or "", request.query or ""):
            raise misfit(fault)
        asked = await found(dv, known.member_type, request.view or "", request.query or "", caller)
        row["query"] = asked.query
    if request.locked is not None:
        if known.dynamic:
            raise misfit("A dynamic list cannot be locked: its query says who is on it.")
        row["lockstatus"] = request.locked
    return row


def _require_free(name: str, others: Sequence[StoredList]) -> None:
    """Dynamics would take a name twice; the lists could not be told apart, and dotdigital has one book of a name."""
    same = [each for each in others if each.active and each.name.strip().casefold() == name.strip().casefold()]
    if same:
        raise DyntuiError(
            "LIST_NAME_TAKEN",
            f"There is an active marketing list {same[0].name!r} already.",
            not_done=_NOT_DONE,
            remedy="Choose another name, or use that list.",
            exit=Exit.USAGE,
        )


def inactive(known: StoredList) -> DyntuiError:
    """Dynamics lets nobody change an inactive list."""
    return DyntuiError(
        "LIST_INACTIVE",
        f"The marketing list {known.name!r} is inactive in Dynamics, and can only be read.",
        not_done=_NOT_DONE,
        remedy="Activate the list in Dynamics, then read the lists again: `R` in the console, or "
        "`dyntui lists list --refresh`.",
        exit=Exit.USAGE,
    )


def misfit(fault: str) -> DyntuiError:
    """A list cannot be like this."""
    return DyntuiError(
        "LIST_MISFIT", fault, not_done=_NOT_DONE, remedy="Correct what is named and try again.", exit=Exit.USAGE
    )
