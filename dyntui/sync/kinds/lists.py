"""Marketing lists to their address books, each list its own item: one that fails delays no other."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import ListsCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.list_status import NO_BOOK
from dyntui.model.sync_types import Narrowed
from dyntui.model.trust import Rule
from dyntui.store import accounts, planned_changes
from dyntui.store import lists as list_store
from dyntui.store import suppressions as suppression_store
from dyntui.store.lists import StoredList
from dyntui.sync import (
    adopted_unsubscribes,
    gone_meanwhile,
    inward,
    kept_books,
    list_feeds,
    list_rows,
    lists,
    one_person,
    opt_out_changes,
    parts,
    planned_consent,
    planning,
    record_changes,
    sight,
    strange_books,
    strange_sends,
    suppressions,
    taking_off,
    telling_unsubscribes,
)
from dyntui.sync.connections import Connections
from dyntui.sync.kinds.suppressions import both_ways
from dyntui.sync.run_context import RunContext
from dyntui.sync.telling_dynamics import tell_dynamics

log = logging.getLogger(__name__)

# What the run says of lists that it leaves out, behind all others.
_BY_HAND, _LAST = "by-hand", 1_000_000
# How the grid names what became of a list, where that is no mere failure.
_LIST_STATUS = {"BOOK_GONE": NO_BOOK, "LIST_GONE": "Not found in Dynamics", "LIST_INACTIVE": "Inactive in Dynamics"}


async def run(ctx: RunContext, connections: Connections) -> None:
    """Suppressions first, then every list due, each its own item: one that fails delays no other. A plan ends with what
    would be done, and changes nothing. For one person nothing is written but what their own contact gets."""
    asked = ctx.asked(Narrowed)
    others = not asked.plan and not asked.only
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    await sight.require_columns(ctx, dv, connections.columns)
    if ctx.at(ListsCursor).due is None:
        typed = await learn_consent(ctx, dv, dd, not others, connections.trust)
        if not asked.diff and not asked.only and (not asked.apply or await planning.brings(ctx, asked.apply)):
            # Before what goes out: a value that was changed in dotdigital is not to be overwritten unseen.
            await inward.bring(ctx, dv, dd, inward.How(plan=asked.plan, apply=asked.apply))
        # A plan names its lists: where it had none, those that came since are none of it.
        every = not asked.lists and not asked.apply
        if every:
            await list_rows.take_turns(ctx, dv)
            await _name_left_out(ctx)
        named = every or asked.lists
        due = await ctx.read(lambda c: list_store.due(c, ctx.account_id, asked.lists)) if named else []
        await _name_not_due(ctx, asked.lists, [each.id for each in due])
        untold = await ctx.read(lambda c: suppression_store.count_unwritten(c, ctx.account_id))
        start = ListsCursor(due=tuple(each.id for each in due), typed=tuple(typed), untold=untold)
        await ctx.save(start, stage="Preparing", done=0, of=len(due))
    elif ctx.was_away and not asked.plan:
        # Who has opted out since the run was interrupted is not imported by what is left of it.
        await learn_consent(ctx, dv, dd, not others, connections.trust)
    due_ids = ctx.at(ListsCursor).due or ()
    # All are read before the first is settled: which of several records keeps an address is decided over all of them,
    # and nobody keeps it through a list that the address has unsubscribed from.
    alone = len(due_ids) == 1
    if not alone:
        await _bring_up(ctx, dv, due_ids)
    for place in range(ctx.at(ListsCursor).read, 0 if alone else len(due_ids)):
        await one_list(ctx, connections, place, functools.partial(_read, ctx, dv, dd, connections.trust))
        after = ctx.at(ListsCursor).next_list(read=place + 1)
        await ctx.save(after, stage="Reading the lists", done=place + 1, of=len(due_ids))
    for place in range(ctx.at(ListsCursor).place, len(due_ids)):
        if due_ids[place] not in ctx.at(ListsCursor).failed:
            await one_list(ctx, connections, place, functools.partial(_synchronise, ctx, dv, dd, connections))
        await ctx.save(ctx.at(ListsCursor).next_list(place=place + 1), stage="Synchronising the lists")
    if others:
        await _tell_dynamics(ctx, dv)
        await telling_unsubscribes.tell(ctx, dv, ctx.account_id)
        await strange_sends.look_after(ctx, dv, dd, ctx.account_id, _LAST)
        if not asked.apply:
            await taking_off.take_off(ctx, dv, due_ids, len(due_ids))
    if asked.only:
        await one_person.require_somebody(ctx, asked.only)
    if asked.plan:
        suppressed = len(ctx.at(ListsCursor).typed)
        await ctx.write(lambda c: planning.close(c, ctx.run_id, ctx.moment(), suppressed=suppressed))
    if asked.apply:
        await ctx.write(lambda c: planned_changes.applied(c, asked.apply, ctx.run_id))


async def _name_left_out(ctx: RunContext) -> None:
    """The lists that wait for a person to synchronise or to activate them are named, once."""
    by_hand = await ctx.read(lambda c: list_store.by_hand_only(c, ctx.account_id))
    of_nobody = await ctx.read(list_store.of_no_account)
    notes = [f"Synchronised by hand only: {', '.join(by_hand)}"] if by_hand else []
    if of_nobody:
        whose = f"Activated in Dynamics for no email account that is connected here: {', '.join(of_nobody)}"
        notes.append(f"{whose} (`dyntui lists activate LIST` takes one over)")
    if notes:
        await ctx.begin_item(_BY_HAND, kind="note", name="Left out", place=_LAST)
        await ctx.write(lambda c: ctx.close_item(c, _BY_HAND, note="; ".join(notes)))


async def _name_not_due(ctx: RunContext, wanted: Sequence[str], due: Sequence[str]) -> None:
    """Lists that somebody asked for and that are not to be synchronised any more: each fails by its name."""
    for place, list_id in enumerate((each for each in wanted if each not in due), start=len(due)):
        found = await ctx.read(functools.partial(list_store.stored, ids=[list_id]))
        try:
            await lists.known(ctx, list_id)
        except DyntuiError as error:
            await ctx.fail_part(list_id, error, kind="list", name=found[0].name if found else list_id, place=place)


async def learn_consent(ctx: RunContext, dv: Dataverse, dd: Dotdigital, read_only: bool, trust: Rule) -> list[str]:
    """Who must not be mailed, as of now. Where nothing may be written (`read_only`): the addresses that dotdigital
    would be told of besides."""
    if read_only:
        await suppressions.pull(ctx, dd, ctx.account_id)
        typed = await suppressions.asked_in_dynamics(ctx, dv, ctx.account_id)
        if ctx.asked(Narrowed).plan and not ctx.asked(Narrowed).diff:
            await planned_consent.keep(ctx, dv, ctx.account_id, typed)
    else:
        await both_ways(ctx, dv, dd)
        typed = []
    await opt_out_changes.read(ctx, dv, trust)
    await adopted_unsubscribes.read(ctx, dv)
    await strange_books.find(ctx, dv, dd, ctx.account_id)
    await kept_books.learn(ctx, dd, ctx.account_id)
    return typed


async def _tell_dynamics(ctx: RunContext, dv: Dataverse) -> None:
    """Of whom only address books and contacts have said that they are suppressed: the next run has nothing to write."""
    untold = await ctx.read(lambda c: suppression_store.count_unwritten(c, ctx.account_id))
    if untold > ctx.at(ListsCursor).untold:
        await tell_dynamics(ctx, dv, ctx.account_id)


_Part = Callable[[StoredList, str], Awaitable[object]]


async def one_list(ctx: RunContext, connections: Connections, place: int, part: _Part) -> None:
    """A part of the work on one list; what fails it is named in its item, and delays no other."""
    due = ctx.at(ListsCursor).due or ()
    list_id, of = due[place], len(due)
    found = await ctx.read(functools.partial(list_store.stored, ids=[list_id]))
    name = found[0].name if found else list_id
    title = f"{name} ({place + 1} of {of})" if of > 1 else name
    try:
        await part(await lists.known(ctx, list_id), title)
    except DyntuiError as error:
        connections.columns.heed(error)
        dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
        if await parts.is_of_the_run(error, dv, dd):
            raise
        if found:
            error = await gone_meanwhile.of_list(dv, dd, found[0], error)
        await ctx.fail_part(list_id, error, kind="list", name=name, place=place)
        status = _LIST_STATUS.get(error.code, "")
        text = error.message
        if error.code != "LIST_OF_ANOTHER_ACCOUNT":
            # How it stands in the other one says nothing of it.
            await ctx.write(lambda c: list_store.failed(c, list_id, ctx.run_id, text, status=status))
        if error.code == "LIST_INACTIVE":
            await ctx.write(lambda c: list_store.found_inactive(c, list_id))
        at = ctx.at(ListsCursor)
        await ctx.save(replace(at, failed=(*at.failed, list_id)), stage=f"Finished {name}")


async def _bring_up(ctx: RunContext, dv: Dataverse, due: Sequence[str]) -> None:
    """What changed of the records is asked once for all lists. One that another run has in hand asks for itself later,
    as does every list where a table's question is refused: it is its own failure then."""
    found = await ctx.read(lambda c: list_store.stored(c, due))
    held = [each for each in found if await ctx.write(functools.partial(_take, ctx, each.id))]
    try:
        await record_changes.bring_up(ctx, dv, held)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        log.warning("changes of records could not be read for all lists: %s %s", error, error.detail)
    finally:
        await ctx.write(lambda c: list_store.release_all(c, ctx.run_id))


def _take(ctx: RunContext, list_id: str, c: Connection) -> bool:
    return list_store.take(c, list_id, ctx.run_id)


async def _read(ctx: RunContext, dv: Dataverse, dd: Dotdigital, trust: Rule, chosen: StoredList, title: str) -> None:
    await lists.read(ctx, dv, chosen, title, trust)
    await list_feeds.learn(ctx, dd, chosen, daily=True)


async def _synchronise(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, connections: Connections, chosen: StoredList, title: str
) -> None:
    due = ctx.at(ListsCursor).due or ()
    await ctx.begin_item(chosen.id, kind="list", name=chosen.name, place=due.index(chosen.id))
    asked = ctx.asked(Narrowed)
    account = await ctx.read(lambda c: accounts.account(c, chosen.account_id))
    how = lists.How(
        item=chosen.id,
        by_hand=not asked.scheduled,
        plan=asked.plan,
        apply=asked.apply,
        # A difference is to be found where something cheap would have missed it.
        rule=None if asked.diff else connections.trust,
        created=accounts.created_defaults(account, connections.created),
        everywhere=connections.everywhere,
        place=due.index(chosen.id),
        diff=asked.diff,
        only=asked.only,
    )
    await lists.synchronise(ctx, dv, dd, chosen, title, how)
