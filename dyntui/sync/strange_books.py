"""Address books of sends that this store knows nothing of: another machine's, or those of a store that was lost.

Who leaves "this list" by a mail of such a send leaves its book alone (`dyntui.sync.kept_books`). So these books are
read as well, for the lists that the campaign has as targets in Dynamics. Once a day it is asked which there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid
from dyntui.dotdigital import address_books
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.moments import moment_of, text_of
from dyntui.model.sends import book_of_send, send_of_book
from dyntui.store import sends, watermarks
from dyntui.store.sends import Kept
from dyntui.sync import kept_books
from dyntui.sync.run_context import RunContext

# When it was asked which there are, and those: `TIME BOOK:SEND BOOK:SEND`.
_FEED = "books-of-other-sends"
_EVERY = timedelta(days=1)


class _Send(msgspec.Struct, frozen=True, rename={"campaign": "_dyntui_emailcampaignid_value"}):
    campaign: str | None = None


class _List(msgspec.Struct, frozen=True, rename={"id": "listid"}):
    id: str


async def learn(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> None:
    """Who unsubscribed through them counts for the targets of their campaigns. Raises DotdigitalError,
    DataverseError."""
    for send_id, book_id in (await _books(ctx, dd, account_id)).items():
        targets = await _targets(dv, send_id)
        if targets:
            kept = Kept(
                id=send_id,
                account_id=account_id,
                book_id=book_id,
                book_name=book_of_send(send_id),
                list_ids=targets,
                settled_on="",
            )
            await kept_books.learn_of(ctx, dd, kept, daily=True)


async def _books(ctx: RunContext, dd: Dotdigital, account_id: str) -> dict[str, int]:
    """Send -> book."""
    now = ctx.moment()
    asked_on, known = _remembered(await ctx.read(lambda c: watermarks.get(c, account_id, _FEED)))
    if asked_on is not None and timedelta() <= now - asked_on < _EVERY:
        return known
    there = {send: book.id for book in await address_books.address_books(dd) if (send := send_of_book(book.name))}
    own = {each.book_id for each in await ctx.read(lambda c: sends.with_books(c, account_id))}
    strange = {send: book for send, book in there.items() if book not in own}
    value = " ".join([text_of(now), *(f"{book}:{send}" for send, book in strange.items())])
    await ctx.write(lambda c: watermarks.put(c, account_id, _FEED, value))
    return strange


def _remembered(value: str) -> tuple[datetime | None, dict[str, int]]:
    on, *books = value.split(" ")
    return moment_of(on), {send: int(book) for book, _, send in (each.partition(":") for each in books)}


async def _targets(dv: Dataverse, send_id: str) -> tuple[str, ...]:
    """The lists that are targets of the send's campaign now; none where Dynamics does not have the send or campaign."""
    spec = solution.CAMPAIGN_SEND
    try:
        this = await dv_rows.get_row(dv, spec.entity_set, guid(send_id), _Send)
        if this is None or this.campaign is None:
            return ()
        of = f"{solution.EMAIL_CAMPAIGN.entity_set}({guid(this.campaign)})/{solution.CAMPAIGN_LISTS.schema_name}"
        return tuple(row.id for row in await dv_rows.find_rows(dv, of, _List))
    except DataverseError as error:
        if error.status != 404:
            raise
        return ()
