"""Who is suppressed leaves the static lists in Dynamics that a campaign was sent to, where the email account says so
(spec section 7: suppressions; decision 0033).

It is a withdrawal of consent: nothing undoes it. Taken off is who was left out of the send because the address is
suppressed; whom Dynamics will not take off leaves with the next send.
"""

from __future__ import annotations

from dyntui.dataverse.http import Dataverse
from dyntui.store import accounts, taken_off
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.sync import leaving_lists
from dyntui.sync.leaving_lists import Leaving
from dyntui.sync.run_context import RunContext


async def take_off(ctx: RunContext, dv: Dataverse, this: Send) -> None:
    """Of all targets of a send that is out; a list that is cleared loses them by that. Repeatable. Raises as
    `leaving_lists.take_off`."""
    account = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if account is None or not account.takes_off_suppressed:
        return
    # The items of lists that are cleared stand before these.
    first = len(this.list_ids) + 1
    for place, chosen in enumerate(await ctx.read(lambda c: list_store.stored(c, this.list_ids)), start=first):
        await leaving_lists.take_off(ctx, dv, chosen, place, _suppressed(this, chosen))


def _suppressed(this: Send, chosen: StoredList) -> Leaving:
    return Leaving(
        kind="suppressed",
        because="suppressed: taken off the list after the send",
        of=lambda row: not row.clear_on_send,
        due=lambda c, after, limit: taken_off.suppressed(c, chosen.id, this.waves_of or this.id, after, limit),
        gone=lambda _c, _item, _some: None,
        cancellable=False,
    )
