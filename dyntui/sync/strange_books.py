"""Address books of sends that this store knows nothing of: another machine's, or those of a store that was lost.

Who leaves "this list" by a mail of such a send leaves its book alone (`dyntui.sync.kept_books`). So these books are
read as well, for the lists that the campaign has as targets in Dynamics. Once a day it is asked which there are, and of
which lists.
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
from dyntui.model.moments import due_again, moment_of, text_of
from dyntui.model.sends import book_of_send, send_of_book
from dyntui.store import sends, watermarks
from dyntui.store.sends import Kept
from dyntui.sync import kept_books
from dyntui.sync.run_context import RunContext

# When it was asked which there are, and those of the campaigns that have targets: `TIME BOOK:SEND:LIST,LIST ...`.
_FEED = "books-of-other-sends"
_EVERY = timedelta(days=1)


class _Send(msgspec.Struct, frozen=True, rename={"campaign": "_dyntui_emailcampaignid_value"}):
    campaign: str | None = None


class _List(msgspec.Struct, frozen=True, rename={"id": "listid"}):
    id: str


async def learn(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> None:
    """Who unsubscribed through them counts for the targets of their campaigns. Raises DotdigitalError,
    DataverseError."""
    for each in await _books(ctx, dv, dd, account_id):
        await kept_books.learn_of(ctx, dd, each, daily=True)


async def _books(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> list[Kept]:
    now = ctx.moment()
    asked_on, known = _remembered(account_id, await ctx.read(lambda c: watermarks.get(c, account_id, _FEED)))
    if not due_again(asked_on, now, _EVERY):
        return known
    there = {send: book.id for book in await address_books.address_books(dd) if (send := send_of_book(book.name))}
    own = {each.book_id for each in await ctx.read(lambda c: sends.with_books(c, account_id))}
    strange = [
        _kept(account_id, send, book, targets)
        for send, book in there.items()
        if book not in own and (targets := await _targets(dv, send))
    ]
    value = " ".join([text_of(now), *(f"{each.book_id}:{each.id}:{','.join(each.list_ids)}" for each in strange)])
    await ctx.write(lambda c: watermarks.put(c, account_id, _FEED, value))
    return strange


def _remembered(account_id: str, value: str) -> tuple[datetime | None, list[Kept]]:
    """What was written without lists is asked again."""
    on, *books = value.split(" ")
    parts = [each.split(":") for each in books]
    if any(len(each) != 3 for each in parts):
        return None, []
    return moment_of(on), [_kept(account_id, send, int(book), tuple(of.split(","))) for book, send, of in parts]


def _kept(account_id: str, send_id: str, book_id: int, targets: tuple[str, ...]) -> Kept:
    return Kept(
        id=send_id,
        account_id=account_id,
        book_id=book_id,
        book_name=book_of_send(send_id),
        list_ids=targets,
        settled_on="",
    )


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
