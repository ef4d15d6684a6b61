"""Who unsubscribed from a list and has subscribed to it again, by dotdigital's own evidence.

Nothing but the person's own doing brings a contact back into a book that it unsubscribed from: imports and additions
leave it out (dotdigital_api.md 12.8). So a contact that is there all the same is asked about: where the book's whole
feed of unsubscribes does not name it any more, and it is the contact that had unsubscribed, its unsubscribe has ended.
A contact that others made anew with the address proves nothing, whatever its id.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import EPOCH
from dyntui.model.same_contact import is_the_same
from dyntui.store import lifts, list_unsubscribes
from dyntui.store.lifts import Lift
from dyntui.store.lists import StoredList
from dyntui.sync import nameless_rows
from dyntui.sync.run_context import RunContext


async def lift(ctx: RunContext, dd: Dotdigital, chosen: StoredList, in_book: Mapping[str, int]) -> None:
    """Ends the unsubscribes of those contacts `in_book` (address -> contact id) who are back."""
    if not in_book:
        return
    left = await ctx.read(lambda c: list_unsubscribes.left_by_book(c, chosen.id, chosen.book_id, list(in_book)))
    back = {address: in_book[address] for address, known in left.items() if known.contact_id in (0, in_book[address])}
    if not back:
        return
    still: set[str | int] = set()
    async for page in dd_suppressions.unsubscribed_from_book_since(dd, chosen.book_id, EPOCH):
        still.update(address for address, _ in await nameless_rows.named(ctx, dd, chosen.account_id, page.rows))
        still.update(each.contact_id for each in page.rows)
    back = {address: contact_id for address, contact_id in back.items() if still.isdisjoint((address, contact_id))}
    there = (await contacts.retrieve_contacts(dd, ids=sorted(back.values()), takes_odd=True)).contacts
    made_on = {each.id: each.made_on for each in there}
    evidence = {
        address: f"dotdigital: contact {contact_id} is in the address book of {chosen.name!r} again, and its "
        "unsubscribes do not name the contact any more"
        for address, contact_id in back.items()
        if is_the_same(contact_id, made_on.get(contact_id), *left[address])
    }
    if evidence:
        await ctx.write(lambda c: _end(c, chosen, evidence, ctx.now()))


def _end(c: Connection, chosen: StoredList, evidence: Mapping[str, str], now: str) -> None:
    ended = [
        Lift(
            kind=lifts.LIST_UNSUBSCRIBE,
            account_id=chosen.account_id,
            address=address,
            reason="UNSUBSCRIBED_LIST",
            evidence=said,
        )
        for address, said in evidence.items()
    ]
    list_unsubscribes.lift(c, chosen.id, list(evidence))
    lifts.record(c, ended, now)
