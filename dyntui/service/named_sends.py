"""A send as people name it: by its id, by the beginning of one, or by the run that carries it out."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sends import SendRow
from dyntui.service.resources import Resources
from dyntui.service.runs import SHORTEST_ID
from dyntui.store import send_window, sends


async def named_send(resources: Resources, named: str) -> SendRow:
    """The send. Raises SEND_UNKNOWN, SEND_AMBIGUOUS."""

    def look(c: Connection) -> SendRow | int:
        found = send_window.row(c, named) or send_window.of_run(c, named)
        if found is not None:
            return found
        ids = sends.ids_beginning(c, named) if len(named) >= SHORTEST_ID else []
        only = send_window.row(c, ids[0]) if len(ids) == 1 else None
        return len(ids) if only is None else only

    found = await resources.read(look)
    if isinstance(found, SendRow):
        return found
    raise DyntuiError(
        "SEND_AMBIGUOUS" if found else "SEND_UNKNOWN",
        f"More than one send begins with {named!r}." if found else f"There is no send {named!r}.",
        not_done="Nothing was read or changed.",
        remedy="See `dyntui sends list`.",
        exit=Exit.USAGE,
    )
