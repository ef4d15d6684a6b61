"""Address books of sends that this store knows nothing else of: another machine's, or those of a store that was lost.

Public:
    asked_on(c, account_id) -> str; keep(c, account_id, on, found)     which there are, as of when that was asked
    known(c, account_id) -> list[Strange]; forget(c, account_id, book_id)
    leaving_by(c, account_id, list_ids=()) -> list[Kept]      these and the store's own, by which people leave lists
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.model.sends import book_of_send
from dyntui.store import sends, watermarks
from dyntui.store.sends import Kept

# When it was asked which there are, and those of which something is to be learned or done:
# `TIME BOOK:SEND:LIST,LIST:STATE ...`; the state says which were handed over.
_FEED = "books-of-other-sends"
_HANDED = "handed"


class Strange(msgspec.Struct, frozen=True):
    """Such a book. `handed`: Dynamics says that dotdigital has its send, and mails it later."""

    kept: Kept
    handed: bool = False


def strange(account_id: str, send_id: str, book_id: int, list_ids: Sequence[str], *, handed: bool) -> Strange:
    """The book of a send to these lists."""
    name = book_of_send(send_id)
    kept = Kept(
        id=send_id, account_id=account_id, book_id=book_id, book_name=name, list_ids=tuple(list_ids), settled_on=""
    )
    return Strange(kept, handed)


def keep(c: Connection, account_id: str, on: str, found: Sequence[Strange]) -> None:
    """These there are."""
    watermarks.put(c, account_id, _FEED, " ".join([on, *map(_written, found)]))


def _written(of: Strange) -> str:
    state = _HANDED if of.handed else ""
    return f"{of.kept.book_id}:{of.kept.id}:{','.join(of.kept.list_ids)}:{state}"


def asked_on(c: Connection, account_id: str) -> str:
    """When it was asked last; `""`: never, or by an earlier version, without lists or state."""
    return _remembered(c, account_id)[0]


def known(c: Connection, account_id: str) -> list[Strange]:
    """Those that there were then."""
    return _remembered(c, account_id)[1]


def _remembered(c: Connection, account_id: str) -> tuple[str, list[Strange]]:
    on, *books = watermarks.get(c, account_id, _FEED).split(" ")
    parts = [each.split(":") for each in books]
    if any(len(each) != 4 for each in parts):
        return "", []
    return on, [
        strange(account_id, send, int(book), tuple(filter(None, of.split(","))), handed=state == _HANDED)
        for book, send, of, state in parts
    ]


def forget(c: Connection, account_id: str, book_id: int) -> None:
    """A book is gone."""
    on, there = _remembered(c, account_id)
    left = [each for each in there if each.kept.book_id != book_id]
    if len(left) < len(there):
        keep(c, account_id, on, left)


def leaving_by(c: Connection, account_id: str, list_ids: Collection[str] = ()) -> list[Kept]:
    """The books of sends by which people leave lists, this store's before the others; of those to any of the lists
    where these are named."""
    own = sends.with_books(c, account_id)
    ours = {each.book_id for each in own}
    others = [each.kept for each in known(c, account_id) if each.kept.list_ids and each.kept.book_id not in ours]
    return [each for each in (*own, *others) if not list_ids or set(list_ids) & set(each.list_ids)]
