"""Address books of sends that this store knows nothing of: another machine's, or those of a store that was lost.

Who leaves "this list" by a mail of such a send leaves its book alone (`dyntui.sync.kept_books`). So these books are
read as well, for the lists that the campaign has as targets in Dynamics. Once a day it is asked which there are, and of
which lists, and for every send.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid
from dyntui.dotdigital import address_books
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.moments import due_again, moment_of, text_of
from dyntui.model.sends import HANDED_OVER, send_of_book
from dyntui.store import sends
from dyntui.store import strange_books as store
from dyntui.store.strange_books import Strange
from dyntui.sync.run_context import RunContext

_EVERY = timedelta(days=1)


class _Send(msgspec.Struct, frozen=True, rename={"campaign": "_dyntui_emailcampaignid_value", "state": "dyntui_state"}):
    campaign: str | None = None
    state: str | None = None


class _List(msgspec.Struct, frozen=True, rename={"id": "listid"}):
    id: str


async def find(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, *, anew: bool = False) -> list[Strange]:
    """Those of campaigns that have targets, and of sends that were handed over to dotdigital, as of the last day, or of
    now (`anew`). Raises DotdigitalError, DataverseError."""
    now = ctx.moment()
    asked_on = moment_of(await ctx.read(lambda c: store.asked_on(c, account_id)))
    if not anew and not due_again(asked_on, now, _EVERY):
        return await ctx.read(lambda c: store.known(c, account_id))
    there = {send: book.id for book in await address_books.address_books(dd) if (send := send_of_book(book.name))}
    own = {each.book_id for each in await ctx.read(lambda c: sends.with_books(c, account_id))}
    found = [
        store.strange(account_id, send, book, said.targets, handed=said.handed)
        for send, book in there.items()
        if book not in own and ((said := await _of_send(dv, send)).targets or said.handed)
    ]
    await ctx.write(lambda c: store.keep(c, account_id, text_of(now), found))
    return found


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
