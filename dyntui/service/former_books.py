"""The address book of a marketing list in another email account: who unsubscribed through it has unsubscribed from the
list, whichever account that belongs to by now."""

from __future__ import annotations

import functools

from sqlalchemy import Connection

from dyntui.dotdigital import suppressions
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.model.moments import EPOCH, text_of
from dyntui.service.resources import Resources
from dyntui.store import accounts, list_unsubscribes, members
from dyntui.store.lists import StoredList


async def learn_who_left(resources: Resources, known: StoredList, account_id: str) -> None:
    """Before a list is activated for this account: who unsubscribed through its book in the account that it belonged
    to, whose feed nobody reads for it any more. Raises DotdigitalError.

    Nothing can be learnt of a book that is gone, nor of an email account that was disconnected.
    """
    if not known.book_id or known.account_id == account_id:
        return
    if await resources.read(lambda c: accounts.account(c, known.account_id)) is None:
        return
    dd = await resources.connections.dotdigital(known.account_id)
    try:
        async for page in suppressions.unsubscribed_from_book_since(dd, known.book_id, EPOCH):
            await resources.write(functools.partial(_keep, known=known, rows=page.rows, now=resources.now()))
    except DotdigitalError as error:
        if error.status != 404:
            raise
    await resources.write(lambda c: list_unsubscribes.of_no_book(c, known.id))


def _keep(c: Connection, known: StoredList, rows: list[suppressions.Suppression], now: str) -> None:
    nameless = {row.contact_id: row for row in rows if not row.addresses and row.contact_id}
    sent_to = members.addresses_of_contacts(c, known.account_id, list(nameless))
    named = [
        *((address, row) for row in rows for address in row.addresses),
        *((address, nameless[contact_id]) for contact_id, address in sent_to),
    ]
    list_unsubscribes.add(
        c,
        known.id,
        [(address, text_of(row.removed_at)) for address, row in named],
        now,
        contact_ids={address: row.contact_id for address, row in named},
    )
