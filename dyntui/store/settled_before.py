"""Whether anything that decides about the members of a list has moved since they were settled: where nothing has,
those with a closed gate still have it, and are not looked at.

Triggers of a store in a file count it, whatever writes: a record, an address, a suppression, an opt-out, a merge, an
unsubscribe, a list that is activated, an exclusion that somebody changed (other outcomes close nobody's gate, and who
is not unchanged is looked at in any case). On a server, where transactions run side by side, a count could be older
than what it stands for: there nothing is counted, and everybody with a closed gate is looked at.

Public: `stands_still(c, list_id, listing) -> bool`, `keep(c, list_id, listing)`.
"""

from __future__ import annotations

from sqlalchemy import Connection, String, bindparam, select

from dyntui.store.schema import settled_list
from dyntui.store.upserts import upsert

_s = settled_list.c
# The row that says how often something has moved.
_STORE = ""
_TIMES = select(_s.times, _s.listing).where(_s.list_id == bindparam("a_list", type_=String))


def stands_still(c: Connection, list_id: str, listing: str) -> bool:
    """Whether the list was settled under this mark (`dyntui.store.staging`), and nothing has moved since."""
    moved = c.execute(_TIMES, {"a_list": _STORE}).one_or_none()
    return moved is not None and c.execute(_TIMES, {"a_list": list_id}).one_or_none() == (moved.times, listing)


def keep(c: Connection, list_id: str, listing: str) -> None:
    """The list is settled by what is so now."""
    moved = c.execute(_TIMES, {"a_list": _STORE}).one_or_none()
    if moved is not None:
        upsert(c, settled_list, ("list_id", "times", "listing"), ("list_id",), [(list_id, moved.times, listing)])
