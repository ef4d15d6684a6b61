"""Who has opted out of an email account since it was read last, or left one of its lists, when it is about to be
disconnected: what is known by then counts in the other accounts, and nobody asks it again."""

from __future__ import annotations

import functools
import logging

from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, to_come
from dyntui.service import former_books
from dyntui.service.resources import Resources
from dyntui.store import lists, suppressions, watermarks
from dyntui.sync import feeds, nameless_rows
from dyntui.sync.suppressions import FEED, as_stored

log = logging.getLogger(__name__)


async def learn_who_opted_out(resources: Resources, account_id: str) -> str:
    """Keeps them; why they could not be read, in words, `""` where they were. An account that cannot be asked any
    more, as it was closed there, is disconnected all the same."""
    try:
        await _read(resources, account_id)
    except DyntuiError as error:
        log.warning("the suppressions of account %s could not be read a last time: %s", account_id, error)
        return f"who has opted out since they were read last could not be read: {error.code}"
    return ""


async def _read(resources: Resources, account_id: str) -> None:
    known = moment_of(await resources.read(lambda c: watermarks.get(c, account_id, FEED)))
    dd = await resources.connections.dotdigital(account_id)
    now = dd.connection.clock_of(resources.clock())
    since = EPOCH if known is None or known == EPOCH or to_come(known, now) else known - feeds.CONSENT_OVERLAP
    async for page in dd_suppressions.suppressed_since(dd, since):
        named = await nameless_rows.named(resources, dd, account_id, page.rows)
        rows = [as_stored(address, row) for address, row in named]
        keep = functools.partial(suppressions.record, account_id=account_id, rows=rows, now=resources.now())
        await resources.write(keep)
        await nameless_rows.keep(resources, FEED, account_id, nameless_rows.odd(page.rows, named), whole=False)
    for each in await resources.read(lists.everything):
        # Activated for it no more; another account may take it over.
        if each.account_id == account_id and each.book_id:
            await former_books.read(resources, each)
