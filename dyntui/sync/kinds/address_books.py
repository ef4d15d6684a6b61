"""Address books to Dynamics: values of changed contacts, by the mappings that lead there; and whoever is in the book
of a list and not on it, where the list's membership action takes them in."""

from __future__ import annotations

import functools

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import ListsCursor
from dyntui.model.membership_actions import TAKE_IN
from dyntui.model.sync_types import Narrowed
from dyntui.store import accounts, planned_changes
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.sync import inward, lists, new_in_books, planning, sight
from dyntui.sync.connections import Connections
from dyntui.sync.kinds.lists import learn_consent, one_list
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """One email account. A plan ends with what would be written, and changes nothing."""
    asked = ctx.asked(Narrowed)
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await sight.require_columns(ctx, dv, connections.columns)
    if ctx.at(ListsCursor).due is None:
        await inward.bring(ctx, dv, dd, inward.How(plan=asked.plan, apply=asked.apply))
        every = await ctx.read(lambda c: list_store.due(c, ctx.account_id))
        due = tuple(each.id for each in every if each.membership_action in TAKE_IN)
        if due:
            await learn_consent(ctx, dv, dd, asked.plan, connections.trust)
        await ctx.save(ListsCursor(due=due), stage="Looking at who is new in the address books", done=0, of=len(due))
    elif ctx.was_away and not asked.plan:
        await learn_consent(ctx, dv, dd, asked.plan, connections.trust)
    due = ctx.at(ListsCursor).due or ()
    for place in range(ctx.at(ListsCursor).place, len(due)):
        await one_list(ctx, connections, place, functools.partial(_strangers, ctx, dv, dd, connections))
        after = ctx.at(ListsCursor).next_list(place=place + 1)
        await ctx.save(after, stage="Looking at who is new in the address books", done=place + 1, of=len(due))
    if asked.plan:
        await ctx.write(lambda c: planning.close(c, ctx.run_id, ctx.moment()))
    if asked.apply:
        await ctx.write(lambda c: planned_changes.applied(c, asked.apply, ctx.run_id))


async def _strangers(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, connections: Connections, chosen: StoredList, title: str
) -> None:
    asked = ctx.asked(Narrowed)
    # A plan leaves the book unseen.
    book = None if asked.plan else await new_in_books.ask(dd, chosen)
    # A timer asks often, and the whole book is read where there is somebody in it: not without need.
    if asked.scheduled and book is not None and not await new_in_books.any_news(ctx, dd, chosen, book):
        return
    account = await ctx.read(lambda c: accounts.account(c, chosen.account_id))
    how = lists.How(
        item=chosen.id,
        plan=asked.plan,
        apply=asked.apply,
        rule=connections.trust,
        created=accounts.created_defaults(account, connections.created),
        everywhere=connections.everywhere,
        place=(ctx.at(ListsCursor).due or ()).index(chosen.id) + 1,
    )
    await lists.meet_strangers(ctx, dv, dd, chosen, title, how)
    if book is not None:
        await new_in_books.seen(ctx, chosen, book)
