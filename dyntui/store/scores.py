"""The score of every contact as dotdigital told it last, and whose records in Dynamics are still to be told.

Public:
    keep(c, account_id, rows)                    rows: (contact id, Score); those that say something else are news
    news(c, account_id, after, most) -> [address]      told(c, account_id, addresses)      again(c, addresses)
    newest(c, addresses) -> {address: Score}     over all email accounts
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select, update

from dyntui.model.scores import Score
from dyntui.model.scores import newest as newest_of
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import contact_score
from dyntui.store.upserts import upsert
from dyntui.store.windows import shown

_s = contact_score.c
_SAID = ("address", "score", "engagement", "suitability", "label")


def keep(c: Connection, account_id: str, rows: Iterable[tuple[int, Score]]) -> None:
    """Scores as they were read. One that came out the same only gets its new date."""
    upsert(
        c,
        contact_score,
        ("account_id", "contact_id", *_SAID, "scored_on", "news"),
        ("account_id", "contact_id"),
        [
            (account_id, contact_id, *(getattr(each, name) for name in _SAID), each.scored_on, True)
            for contact_id, each in rows
        ],
        update=(*_SAID, "scored_on"),
        computed=lambda new: {"news": or_(_s.news, *(_s[name].is_distinct_from(new[name]) for name in _SAID))},
    )


def news(c: Connection, account_id: str, after: str, most: int) -> list[str]:
    """Addresses whose records are still to be told, in order, from the one `after` which they come."""
    waiting = select(_s.address).where(_s.account_id == account_id, _s.news.is_(True), _s.address > after)
    return list(c.execute(waiting.distinct().order_by(_s.address).limit(most)).scalars())


def told(c: Connection, account_id: str, addresses: Sequence[str]) -> None:
    """The records with these addresses have been told."""
    _mark(c, addresses, False, beside(_s.account_id) == account_id)


def again(c: Connection, addresses: Sequence[str]) -> None:
    """The records with these addresses are told once more by the next run of each account."""
    _mark(c, addresses, True)


def _mark(c: Connection, addresses: Sequence[str], value: bool, *where: Any) -> None:
    for some in in_chunks(addresses):
        c.execute(update(contact_score).where(_s.address.in_(some), *where).values(news=value))


def newest(c: Connection, addresses: Sequence[str]) -> dict[str, Score]:
    """The score that counts for each address, as far as there is one."""
    columns = [_s[name] for name in Score.__struct_fields__]
    found: list[Score] = []
    for some in in_chunks(addresses):
        found += (shown(Score, row) for row in c.execute(select(*columns).where(_s.address.in_(some))))
    return newest_of(found)
