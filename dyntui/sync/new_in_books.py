"""Whether somebody is new in the address book of a list: its count, and the contacts that changed in it since
*Address books to Dynamics* read it last."""

from __future__ import annotations

import functools
from datetime import datetime

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import moment_of, text_of
from dyntui.model.people import normalise
from dyntui.store import strangers, watermarks
from dyntui.store.lists import StoredList
from dyntui.sync import feeds, list_state, odd_answers
from dyntui.sync.run_context import RunContext


class Asked(msgspec.Struct, frozen=True):
    """`at`: when the book was asked, by dotdigital's clock; `contacts`: how many it held."""

    at: datetime
    contacts: int


async def ask(dd: Dotdigital, chosen: StoredList) -> Asked:
    """The list's book now. Raises BOOK_GONE, and what dotdigital says."""
    at = await feeds.server_time(dd)
    book = await list_state.book_as_it_is(dd, chosen)
    return Asked(at, book.contacts)


async def any_news(ctx: RunContext, dd: Dotdigital, chosen: StoredList, asked: Asked) -> bool:
    """Whether there may be contacts in the book that were not looked at, or that wait for this run. Raises what
    dotdigital says."""
    mark = await ctx.read(lambda c: watermarks.get(c, chosen.account_id, _feed(chosen)))
    since, _, contacts = mark.partition(" ")
    before = moment_of(since)
    if before is None or contacts != str(asked.contacts):
        return True
    if await ctx.read(lambda c: strangers.one_waits(c, chosen.id)):
        return True
    async for page in odd_answers.contact_pages(ctx, dd, list_id=chosen.book_id, modified_since=before - feeds.OVERLAP):
        there = {each.contact_id: normalise(each.email) for each in page.rows}
        if await ctx.read(functools.partial(strangers.are_news, list_id=chosen.id, contacts=there)):
            return True
    return False


async def seen(ctx: RunContext, chosen: StoredList, asked: Asked) -> None:
    """Whoever was in the book then has been dealt with."""
    mark = f"{text_of(asked.at)} {asked.contacts}"
    await ctx.write(lambda c: watermarks.put(c, chosen.account_id, _feed(chosen), mark))


def _feed(chosen: StoredList) -> str:
    return f"new-in-book/{chosen.id}/{chosen.book_id}/{chosen.membership_action}"
