"""What an address book holds, read in pages before anything is decided about its people, and again for those who were
just imported: what dotdigital says of them is known only then."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Value
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.changes import AppliedChange
from dyntui.model.cursors import OneList
from dyntui.model.people import normalise
from dyntui.model.plans import REMOVE
from dyntui.model.reasons import reason_of_status
from dyntui.store import applied_changes, book_contents, channels, members, pending_members, staging
from dyntui.store import strangers as stranger_store
from dyntui.store.book_contents import BookContact, Reading
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Imported
from dyntui.store.strangers import Found
from dyntui.sync import before_images, list_resubscribes, odd_answers, suppressions
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext
from dyntui.sync.suppressions import Said

_PAGE = 5000
# Of whom a listing does not show yet so many are asked for; of more, the next reading of the book tells.
_MOST_ASKED = 10 * contacts.CHUNK


async def read(
    ctx: RunContext,
    dd: Dotdigital,
    chosen: StoredList,
    title: str,
    mark: str,
    reading: Reading,
    *,
    since: datetime | None = None,
    read_only: bool = False,
    strangers: Sequence[str] | None = None,
) -> None:
    """The contacts of the book, all or those that were changed `since`, against what is known of the list's people,
    those on it under the `mark`.

    Contacts that are no members and must not be mailed are taken out: suppressed, opted out, unsubscribed. Strangers of
    whom nothing is known stay. `strangers`: the data fields that are to be kept of every stranger; None: something is
    made of none of them.
    """
    done = 0

    def one_page(c: Connection, held: list[BookContact], values: dict[int, dict[str, Value]]) -> None:
        book_contents.compare(c, chosen.id, mark, held, reading)
        if strangers is not None:
            met = [
                Found(each.contact_id, each.address, each.channel, values.get(each.contact_id, {}))
                for each in reading.others
            ]
            stranger_store.found(c, chosen.id, ctx.run_id, met)

    async for page in odd_answers.contact_pages(
        ctx, dd, list_id=chosen.book_id, modified_since=since, data_fields=strangers or None
    ):
        held = [
            BookContact(normalise(each.email), each.contact_id, reason_of_status(each.email_status))
            for each in page.rows
        ]
        said = [Said(each.email, each.email_status, each.contact_id) for each in page.rows]
        await suppressions.learn_statuses(ctx, chosen.account_id, said)
        values = {each.contact_id: each.values for each in page.rows} if strangers else {}
        done += len(held)
        stage = f"Reading the address book of {title}"
        work = functools.partial(one_page, held=held, values=values)
        await ctx.save(ctx.cursor, stage=stage, done=done, work=work)
    await list_resubscribes.lift(ctx, dd, chosen, reading.left)
    if not read_only and strangers is None:
        forbidden = await ctx.read(lambda c: book_contents.forbidden(c, chosen.id, list(reading.strangers)))
        await take_out_strangers(ctx, dd, chosen, {each: reading.strangers[each] for each in forbidden}, consent=True)
        if forbidden:
            at = ctx.at(OneList)
            await ctx.save(replace(at, left=at.left + len(forbidden)), stage=f"Reading the address book of {title}")


async def take_out_strangers(
    ctx: RunContext, dd: Dotdigital, chosen: StoredList, strangers: Mapping[str, int], *, consent: bool
) -> None:
    """Contacts, by address, who are no members; `consent`: it forbids them in the book."""
    if not strangers:
        return
    place = before_images.book_place(ctx, chosen)
    rows = [
        AppliedChange(
            item_id=place.item_id,
            target=place.target,
            person=address,
            entity="",
            name="",
            address=address,
            effect=REMOVE,
            consent=consent,
            known=False,
            contact_id=contact_id,
        )
        for address, contact_id in strangers.items()
    ]
    await ctx.write(lambda c: applied_changes.begin(c, place, rows))
    await take_out(ctx, dd, chosen.book_id, list(strangers.values()))
    await ctx.write(lambda c: applied_changes.settle_all(c, place))


async def look_at_imported(ctx: RunContext, dd: Dotdigital, chosen: StoredList) -> None:
    """What dotdigital says of those whom this run has imported, such as that they have not confirmed their opt-in: by
    the book's listing, or, where that takes more calls, by their contacts alone, as is asked for who does not show in
    the listing yet. Where the synchronisation is about one person, nobody else is asked for."""
    if ctx.at(OneList).only:
        await _ask_for(ctx, dd, chosen)
        return
    many = await ctx.read(lambda c: pending_members.count_imported(c, chosen.id))
    if not many:
        return
    in_book = await ctx.read(lambda c: members.in_book(c, chosen.id))
    if -(-many // contacts.CHUNK) < -(-in_book // _PAGE):
        await _ask_for(ctx, dd, chosen)
        return
    # Of a million people who may be there only a byte each is kept.
    seen = bytearray(await ctx.read(lambda c: staging.places(c, chosen.id)))
    async for page in odd_answers.contact_pages(ctx, dd, list_id=chosen.book_id):
        said = {normalise(each.email): Said(each.email, each.email_status, each.contact_id) for each in page.rows}
        for each in await _learn(ctx, chosen, said):
            seen[each.seq] = 1
    await _ask_for(ctx, dd, chosen, seen)


async def _learn(ctx: RunContext, chosen: StoredList, said: Mapping[str, Said]) -> Sequence[Imported]:
    """What is said of addresses is kept of those who were imported: who they are."""
    found = await ctx.read(lambda c: pending_members.imported_among(c, chosen.id, list(said)))
    await suppressions.learn_statuses(ctx, chosen.account_id, [said[each.address] for each in found])
    news = {each.address: reason_of_status(said[each.address].status) for each in found}
    await ctx.write(lambda c: channels.record_imported(c, chosen.id, news))
    return found


async def _ask_for(ctx: RunContext, dd: Dotdigital, chosen: StoredList, seen: bytearray | None = None) -> None:
    """The contacts of those who were imported, one by one; without those who have been `seen`, and none where more than
    some of the others are left."""
    asked: list[str] = []
    after, only = -1, ctx.at(OneList).only
    while some := await ctx.read(
        lambda c: pending_members.imported(c, chosen.id, _PAGE, after, only)  # noqa: B023 - awaited here
    ):
        after = some[-1].seq
        asked += [each.address for each in some if seen is None or not seen[each.seq]]
        if seen is not None and len(asked) > _MOST_ASKED:
            return
    for start in range(0, len(asked), _PAGE):
        found = await contacts.retrieve_contacts(dd, emails=sorted(asked[start : start + _PAGE]))
        await _learn(
            ctx, chosen, {normalise(each.email): Said(each.email, each.status, each.id) for each in found.contacts}
        )
