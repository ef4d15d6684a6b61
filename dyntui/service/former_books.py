"""The address book of a marketing list in another email account: who unsubscribed through it has unsubscribed from the
list, whichever account that belongs to by now."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dotdigital import suppressions
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.model.moments import EPOCH, text_of
from dyntui.service.resources import Resources
from dyntui.store import accounts, list_unsubscribes
from dyntui.store.lists import StoredList
from dyntui.store.odd_rows import OddRow
from dyntui.sync import list_feeds, nameless_rows


async def learn_who_left(resources: Resources, known: StoredList, account_id: str) -> None:
    """Before a list is activated for this account: who unsubscribed through its book in the account that it belonged
    to, whose feed nobody reads for it any more. Raises DotdigitalError.

    Of an email account that was disconnected it was read as that was done.
    """
    if not known.book_id or known.account_id == account_id:
        return
    if await resources.read(lambda c: accounts.account(c, known.account_id)) is not None:
        await read(resources, known)
    await resources.write(lambda c: list_unsubscribes.of_no_book(c, known.id))


async def read(resources: Resources, known: StoredList) -> None:
    """Who unsubscribed through the book of a list. A row that names nobody is kept as an odd one. Raises
    DotdigitalError; nothing can be learnt of a book that is gone."""
    dd = await resources.connections.dotdigital(known.account_id)
    odd: list[OddRow] = []
    try:
        async for page in suppressions.unsubscribed_from_book_since(dd, known.book_id, EPOCH):
            named = await nameless_rows.named(resources, dd, known.account_id, page.rows)
            odd += nameless_rows.odd(page.rows, named)
            await resources.write(functools.partial(_keep, known=known, named=named, now=resources.now()))
    except DotdigitalError as error:
        if error.status != 404:
            raise
    await nameless_rows.keep(resources, list_feeds.feed_of(known), known.account_id, odd, whole=False)


def _keep(c: Connection, known: StoredList, named: Sequence[tuple[str, suppressions.Suppression]], now: str) -> None:
    list_unsubscribes.add(
        c,
        known.id,
        [(address, text_of(row.removed_at)) for address, row in named],
        now,
        contact_ids={address: row.contact_id for address, row in named},
    )
