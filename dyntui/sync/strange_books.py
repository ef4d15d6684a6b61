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
from dyntui.model.sends import HANDED_OVER, book_of_send, send_of_book
from dyntui.store import sends, watermarks
from dyntui.store.sends import Kept
from dyntui.sync import kept_books
from dyntui.sync.run_context import RunContext

# When it was asked which there are, and those of which something is to be learned or done:
# `TIME BOOK:SEND:LIST,LIST:STATE ...`; the state says which were handed over.
_FEED = "books-of-other-sends"
_HANDED = "handed"
_EVERY = timedelta(days=1)


class _Send(msgspec.Struct, frozen=True, rename={"campaign": "_dyntui_emailcampaignid_value", "state": "dyntui_state"}):
    campaign: str | None = None
    state: str | None = None


class _List(msgspec.Struct, frozen=True, rename={"id": "listid"}):
    id: str


class Strange(msgspec.Struct, frozen=True):
    """Such a book. `handed`: Dynamics says that dotdigital has its send, and mails it later."""

    kept: Kept
    handed: bool = False


async def learn(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> None:
    """Who unsubscribed through them counts for the targets of their campaigns. Raises DotdigitalError,
    DataverseError."""
    for each in await books(ctx, dv, dd, account_id):
        if each.kept.list_ids:
            await kept_books.learn_of(ctx, dd, each.kept, daily=True)


async def books(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> list[Strange]:
    """Those of campaigns that have targets, and of sends that were handed over to dotdigital, as of the last day.
    Raises DotdigitalError, DataverseError."""
    now = ctx.moment()
    asked_on, known = _remembered(account_id, await ctx.read(lambda c: watermarks.get(c, account_id, _FEED)))
    if not due_again(asked_on, now, _EVERY):
        return known
    there = {send: book.id for book in await address_books.address_books(dd) if (send := send_of_book(book.name))}
    own = {each.book_id for each in await ctx.read(lambda c: sends.with_books(c, account_id))}
    found = [
        Strange(_kept(account_id, send, book, said.targets), said.handed)
        for send, book in there.items()
        if book not in own and ((said := await _of_send(dv, send)).targets or said.handed)
    ]
    value = " ".join([text_of(now), *map(_written, found)])
    await ctx.write(lambda c: watermarks.put(c, account_id, _FEED, value))
    return found


def _written(of: Strange) -> str:
    state = _HANDED if of.handed else ""
    return f"{of.kept.book_id}:{of.kept.id}:{','.join(of.kept.list_ids)}:{state}"


def _remembered(account_id: str, value: str) -> tuple[datetime | None, list[Strange]]:
    """What an earlier version has written, without lists or state, is asked again."""
    on, *books = value.split(" ")
    parts = [each.split(":") for each in books]
    if any(len(each) != 4 for each in parts):
        return None, []
    known = [
        Strange(_kept(account_id, send, int(book), tuple(filter(None, of.split(",")))), state == _HANDED)
        for book, send, of, state in parts
    ]
    return moment_of(on), known


def _kept(account_id: str, send_id: str, book_id: int, targets: tuple[str, ...]) -> Kept:
    return Kept(
        id=send_id,
        account_id=account_id,
        book_id=book_id,
        book_name=book_of_send(send_id),
        list_ids=targets,
        settled_on="",
    )


class _Said(msgspec.Struct, frozen=True):
    """What Dynamics says of a send: the lists that are targets of its campaign now, and whether it was handed over."""

    targets: tuple[str, ...] = ()
    handed: bool = False


async def _of_send(dv: Dataverse, send_id: str) -> _Said:
    """Nothing where Dynamics does not have the send or its campaign."""
    spec = solution.CAMPAIGN_SEND
    try:
        this = await dv_rows.get_row(dv, spec.entity_set, guid(send_id), _Send)
        if this is None or this.campaign is None:
            return _Said()
        of = f"{solution.EMAIL_CAMPAIGN.entity_set}({guid(this.campaign)})/{solution.CAMPAIGN_LISTS.schema_name}"
        targets = tuple(row.id for row in await dv_rows.find_rows(dv, of, _List))
        return _Said(targets, this.state == HANDED_OVER)
    except DataverseError as error:
        if error.status != 404:
            raise
        return _Said()
