"""Who may not be mailed by a send that this store knows nothing of, by the addresses in its address book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from dyntui.model.reasons import PRECEDENCE
from dyntui.store import strangers
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, list_unsubscribe
from dyntui.store.strangers import Refusal

_u = list_unsubscribe.c
_m = list_member.c


def refused(c: Connection, list_ids: Sequence[str], addresses: Sequence[str]) -> dict[str, Refusal]:
    """Of the addresses those that are suppressed for any account, opted out in Dynamics, or unsubscribed from one of
    the target lists without being on another one of them."""
    known = strangers.consent(c, "", addresses)
    for some in in_chunks(addresses):
        left: dict[str, dict[str, str]] = defaultdict(dict)
        unsubscribed = select(_u.address, _u.list_id, _u.unsubscribed_on).where(
            _u.list_id.in_(list_ids), _u.address.in_(some)
        )
        for address, list_id, on in c.execute(unsubscribed):
            left[address][list_id] = on
        on_lists = select(_m.address, _m.list_id).where(
            _m.list_id.in_(list_ids), _m.address.in_(list(left)), ~_m.has_left
        )
        mailed = {address for address, list_id in c.execute(on_lists) if list_id not in left[address]}
        for address in left.keys() - mailed - known.keys():
            known[address] = Refusal(PRECEDENCE["UNSUBSCRIBED_LIST"], "UNSUBSCRIBED_LIST", max(left[address].values()))
    return known
