"""Who is in a list's address book just as they are to be, although nothing is known here of having sent them: another
machine has synchronised the list before this one. They are not sent again.

Public: `leave_out(ctx, dd, chosen, stage)`, `unchanged(c, ctx, chosen, people)`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dotdigital.contacts import ALL_DATA_FIELDS
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.people import normalise
from dyntui.store import pending_members
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Pending
from dyntui.sync import before_images, first_values, odd_answers, suppressions
from dyntui.sync.run_context import RunContext


async def leave_out(ctx: RunContext, dd: Dotdigital, chosen: StoredList, stage: str) -> None:
    """Of all who wait to be imported, by reading the book with its fields page by page: for so many that their contacts
    are not asked for one import after the other (`before_images.held`)."""
    async for page in odd_answers.contact_pages(ctx, dd, list_id=chosen.book_id, data_fields=ALL_DATA_FIELDS):
        said = [suppressions.Said(each.email, each.email_status, each.contact_id) for each in page.rows]
        await suppressions.learn_statuses(ctx, chosen.account_id, said)
        there = {normalise(each.email): each for each in page.rows if each.email}
        waiting = await ctx.read(functools.partial(pending_members.among, list_id=chosen.id, addresses=list(there)))
        same = before_images.there_already(waiting, there)
        await ctx.save(ctx.cursor, stage=stage, work=functools.partial(unchanged, ctx=ctx, chosen=chosen, people=same))


def unchanged(
    c: Connection, ctx: RunContext, chosen: StoredList, people: Sequence[Pending], kept: first_values.Kept | None = None
) -> None:
    """They are in the book as staged, but for what is `kept` as dotdigital has it. Within `work`."""
    rows = [first_values.acknowledged(each, each.contact_id, kept or {}) for each in people]
    pending_members.acknowledge(c, chosen.id, rows, ctx.now(), found_so=True)
    contacts = {each.address: each.contact_id for each in people if each.contact_id is not None}
    first_values.look_again(c, chosen.account_id, people, contacts, kept or {})
