"""Who has left a list, by what contacts say of themselves.

A contact names the address books that it is in, and as `suppressed` those that it unsubscribed from (dotdigital_api.md
3.7). The feed of a book's unsubscribes may name it later. So whoever is missing from a list's book is asked before they
are imported again, and everybody in the book of a send is looked at when it is listed last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Person
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.people import normalise
from dyntui.store import book_contents, list_unsubscribes, strange_books
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.sync import odd_answers
from dyntui.sync.run_context import RunContext

INCLUDED = "lists"
# So many are asked for one by one, of more the whole account is listed.
_FEW = 20
_LEFT = "suppressed"

# By address book the lists that are left with it, each with the book whose feed will say so later: the list's own, or 0
# for that of a send.
Books = Mapping[int, Mapping[str, int]]


async def books(ctx: RunContext, account_id: str, list_ids: Sequence[str]) -> Books:
    """The books of these lists, and those of sends to them."""
    found: dict[int, dict[str, int]] = {}
    for chosen in await ctx.read(lambda c: list_store.stored(c, list_ids)):
        found.setdefault(chosen.book_id, {})[chosen.id] = chosen.book_id
    for kept in await ctx.read(lambda c: strange_books.leaving_by(c, account_id, list_ids)):
        found.setdefault(kept.book_id, {}).update(dict.fromkeys(set(list_ids) & set(kept.list_ids), 0))
    return found


async def learn(ctx: RunContext, of: Books, people: Iterable[Person]) -> bool:
    """Keeps who has left a list. `people` were read with their lists. Whether it was news of anybody."""
    left: dict[tuple[str, str], tuple[int, int]] = {}
    for each in people:
        gone = [book.id for book in each.lists or () if book.status.casefold() == _LEFT]
        for list_id, book_id in ((list_id, kept) for book in gone for list_id, kept in of.get(book, {}).items()):
            pair = (list_id, normalise(each.email))
            left[pair] = (each.contact_id, min(book_id, left.get(pair, (0, book_id))[1]))
    if not left:
        return False
    news = await ctx.read(lambda c: list_unsubscribes.not_known(c, left.keys()))
    if news:
        await ctx.write(lambda c: _keep(c, {pair: left[pair] for pair in news}, ctx.now()))
    return bool(news)


def _keep(c: Connection, left: Mapping[tuple[str, str], tuple[int, int]], now: str) -> None:
    for (list_id, address), (contact_id, book_id) in left.items():
        ids = {address: contact_id}
        list_unsubscribes.add(c, list_id, [(address, now)], now, book_id=book_id, contact_ids=ids)


async def ask(ctx: RunContext, dd: Dotdigital, chosen: StoredList, addresses: Sequence[str]) -> None:
    """Of these members, who are missing from the list's book, who has left the list, where nothing else is known to
    forbid them in it."""
    forbidden = await ctx.read(lambda c: book_contents.forbidden(c, chosen.id, addresses))
    open_ones = set(addresses) - set(forbidden)
    if not open_ones:
        return
    of = await books(ctx, chosen.account_id, [chosen.id])
    if len(open_ones) <= _FEW:
        for address in sorted(open_ones):
            person = await contacts.person_by(dd, "email", address)
            await learn(ctx, of, [] if person is None else [person])
        return
    async for page in odd_answers.contact_pages(ctx, dd, include=(INCLUDED,)):
        await learn(ctx, of, [each for each in page.rows if normalise(each.email) in open_ones])
