"""The calls of a run about one person, each named as a part of the run: `keep(c, run_id, calls)`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from dyntui.model.outcomes import RunStatus
from dyntui.model.runs import CALL
from dyntui.store import outcomes
from dyntui.store.outcomes import Item
from dyntui.store.schema import run_item

_NAMES = {"dataverse": "Dynamics"}
# So many are named; reading a large list and its book takes more. Behind all other parts of the run.
MOST, _LAST = 500, 2_000_000
_i = run_item.c


def keep(c: Connection, run_id: str, calls: Sequence[tuple[str, str, str]]) -> None:
    """Calls in their order, after those that are kept: system, `read` or `write`, and the route, which names no person.
    From the 500th on only those that write."""
    if not calls:
        return
    of_run = (_i.run_id == run_id, _i.kind == CALL)
    place = c.execute(select(func.count()).select_from(run_item).where(*of_run)).scalar_one()
    for system, kind, route in calls:
        if place >= MOST and kind != "write":
            continue
        place += 1
        name = f"{_NAMES.get(system, system)} {route}"
        item = Item(
            id=f"{CALL}-{place:05}",
            kind=CALL,
            name=name,
            status=RunStatus.COMPLETED,
            place=_LAST + place,
            note="wrote" if kind == "write" else "",
        )
        outcomes.put_item(c, run_id, item)
