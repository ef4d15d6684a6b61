"""Who unsubscribes from a static list in dotdigital leaves it in Dynamics too, where the email account says so
(spec section 7: "removed from the marketing list").

It is a withdrawal of consent: neither held nor undone. Whom Dynamics will not take off is not mailed all the same, and
is tried again by the next run.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from dyntui.dataverse.http import Dataverse
from dyntui.store import accounts, taken_off
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.sync import leaving_lists
from dyntui.sync.leaving_lists import Leaving
from dyntui.sync.run_context import RunContext


async def take_off(ctx: RunContext, dv: Dataverse, list_ids: Sequence[str], places: int) -> None:
    """Of those of the lists that are static. `places`: items that the run has. Repeatable. Raises as
    `leaving_lists.take_off`."""
    account = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if account is None or not account.takes_off_unsubscribed:
        return
    news = set(await ctx.read(lambda c: taken_off.lists(c, ctx.account_id)))
    for chosen in await ctx.read(lambda c: list_store.stored(c, [each for each in list_ids if each in news])):
        if not await ctx.read(functools.partial(taken_off.begun, account_id=ctx.account_id, list_id=chosen.id)):
            begin = functools.partial(taken_off.begin, account_id=ctx.account_id, list_id=chosen.id, now=ctx.now())
            await ctx.write(begin)
        elif await leaving_lists.take_off(ctx, dv, chosen, places, _unsubscribed(ctx, chosen)):
            places += 1


def _unsubscribed(ctx: RunContext, chosen: StoredList) -> Leaving:
    return Leaving(
        kind="unsubscribed",
        because="unsubscribed: taken off the list",
        of=lambda _row: True,
        due=lambda c, after, limit: taken_off.due(c, chosen.id, after, limit),
        gone=lambda c, _item, some: taken_off.decided(c, chosen.id, [each.person_id for each in some], ctx.now()),
        cancellable=True,
    )
