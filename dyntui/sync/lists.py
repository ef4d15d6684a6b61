"""A marketing list to its address book: members read in pages, judged, taken out where they must leave, imported.

Everything acknowledged is stored with the cursor in one transaction, so a run that is killed goes on where it was;
imports and removals that run twice change nothing more.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid
from dyntui.dotdigital.address_books import AddressBook
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.cursors import ListsCursor, OneList, Told
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome, RunStatus, Tally, status_of
from dyntui.model.people import Entity
from dyntui.model.trust import Rule
from dyntui.store import (
    consent_news,
    differences,
    mappings,
    members,
    pending_members,
    planned_changes,
    reading_places,
    settling,
    trials,
    unanswered_imports,
    undone_holds,
)
from dyntui.store import lists as list_store
from dyntui.store import strangers as stranger_store
from dyntui.store import suppressions as suppression_store
from dyntui.store.lists import StoredList
from dyntui.sync import (
    before_images,
    book_comparison,
    book_reading,
    brought_values,
    first_values,
    list_feeds,
    list_filters,
    list_imports,
    list_reading,
    list_removals,
    list_state,
    lists_left,
    one_person,
    planned_values,
    reconciling,
    strangers,
    suppressions,
)
from dyntui.sync.book_comparison import Book
from dyntui.sync.list_state import ListNow
from dyntui.sync.run_context import PutBack, RunContext


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How a list is synchronised. `item` names the run item whose audit it is (`""`: none, as within a send).
    `by_hand`: a person asked for it, so that rows which dotdigital has refused are offered again at once. `plan`: it
    ends before anything is changed. `apply`: the run whose plan is carried out, and nothing else. `rule`: how cheap
    answers earn trust; None: nothing rests on them. `place`: of the item in the run. `diff`: what is in
    the book is compared field by field. Strangers of the book are a matter
    of items: a send leaves them alone. `created`: what records say that are made of them; `everywhere`: every email
    account, asked before. `only`: the address of the one person about whom it is (`dyntui.sync.one_person`)."""

    item: str = ""
    by_hand: bool = False
    plan: bool = False
    apply: str = ""
    rule: Rule | None = None
    place: int = 0
    created: CreatedDefaults = CreatedDefaults()
    everywhere: suppressions.Everywhere = suppressions.nowhere
    diff: bool = False
    only: str = ""


async def synchronise(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str, how: How
) -> RunStatus:
    """One list, from where the cursor says it was left; the status its outcomes earn. Its members are read unless this
    run has read them (`read`).

    Raises DyntuiError when the list cannot be read or its book is gone, PutBack, Cancelled, Fenced.
    """
    at = ctx.at(OneList)
    if at.list == chosen.id and at.step == "done":
        return RunStatus(at.status)
    await take(ctx, chosen)
    try:
        return await _synchronise(ctx, dv, dd, chosen, title, how)
    except DyntuiError:
        await ctx.write(lambda c: list_store.release(c, chosen.id, ctx.run_id))
        raise


async def known(ctx: RunContext, list_id: str) -> StoredList:
    """A list that is to be synchronised, as it is now. Raises LIST_GONE, LIST_NOT_ACTIVATED,
    LIST_OF_ANOTHER_ACCOUNT."""
    found = await ctx.read(lambda c: list_store.stored(c, [list_id]))
    if not found:
        raise list_state.gone(list_id)
    if not found[0].activated:
        raise list_state.not_activated(found[0].name)
    if found[0].account_id != ctx.account_id:
        raise list_state.of_another_account(found[0].name)
    return found[0]


async def take(ctx: RunContext, chosen: StoredList) -> None:
    """A list belongs to one run at a time: two would take each other's people for such as have left. Raises `PutBack`
    where another run has it in hand."""
    if not await ctx.write(lambda c: list_store.take(c, chosen.id, ctx.run_id)):
        await ctx.save(ctx.cursor, stage=f"Waiting for another run to be done with {chosen.name}")
        raise PutBack(chosen.id)


async def _synchronise(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str, how: How
) -> RunStatus:
    if ctx.at(OneList).list != chosen.id:
        start = replace(ctx.at(OneList), list=chosen.id, step="read", importing="")
        await ctx.save(start, stage=f"Reading {title}")
    if ctx.at(OneList).step == "read":
        await _compare(ctx, dv, dd, chosen, title, how)
    elif ctx.was_away and ctx.at(OneList).step in ("remove", "import"):
        await list_feeds.learn(ctx, dd, chosen)
    mark = await ctx.read(lambda c: reading_places.mark(c, chosen.id, ctx.run_id))
    if ctx.at(OneList).step == "plan":
        await _plan(ctx, dv, dd, chosen, how, mark)
    if ctx.at(OneList).step == "remove" and not ctx.at(OneList).guarded:
        await list_removals.guard_leavers(ctx, dv, chosen, title, mark)
    if ctx.at(OneList).step == "remove":
        await list_removals.take_out_leavers(ctx, dd, chosen, title, mark)
    if ctx.at(OneList).step == "import":
        await list_imports.bring_in(ctx, dd, chosen, title, mends=how.diff)
    if ctx.at(OneList).step == "channels":
        await _channels(ctx, dd, chosen, title)
    if ctx.at(OneList).step == "close" and ctx.at(OneList).only:
        await one_person.close(ctx, chosen, mark, functools.partial(_note, ctx=ctx, chosen=chosen))
    if ctx.at(OneList).step == "close":
        await _close(ctx, dv, chosen, how.item, mark)
    return RunStatus(ctx.at(OneList).status)


async def read(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str, rule: Rule | None = None) -> None:
    """All members of the list into the store, where this run has not read them yet, or another one has since.

    Of records that share an address one is taken over all lists of an account: so all lists of a run are read before
    the first is settled. `rule` as in `How`. Raises DyntuiError when the list is not to be read (`list_state`),
    PutBack, Cancelled, Fenced.
    """
    async with _in_hand(ctx, chosen):
        await _read(ctx, dv, chosen, title, rule)


@asynccontextmanager
async def _in_hand(ctx: RunContext, chosen: StoredList) -> AsyncIterator[None]:
    """Within the block the list belongs to this run; one that was cancelled or ended lets go of it as it ends."""
    await take(ctx, chosen)
    try:
        yield
    except DyntuiError:
        await ctx.write(lambda c: list_store.release(c, chosen.id, ctx.run_id))
        raise
    await ctx.write(lambda c: list_store.release(c, chosen.id, ctx.run_id))


async def _read(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str, rule: Rule | None) -> ListNow:
    now = await list_state.as_it_is(dv, chosen)
    await ctx.read(lambda c: list_state.require_all_seen(c, now))
    if not await ctx.read(lambda c: reading_places.read_by(c, chosen.id, ctx.run_id)):
        if ctx.at(OneList).reading != chosen.id:
            await ctx.save(replace(ctx.at(OneList), reading=chosen.id, listing=""), stage=f"Reading {title}")
        await list_reading.read(ctx, dv, now, chosen, title, rule)
    if not await ctx.read(lambda c: list_store.judged_by(c, chosen.id, ctx.run_id)):
        await list_filters.judge(ctx, dv, now, chosen, title)
    return now


async def meet_strangers(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str, how: How
) -> None:
    """Whoever is in the list's book and not on the list, to one outcome by its membership action; nothing else of the
    list is settled: its members are with its next synchronisation. Raises as `synchronise`."""
    async with _in_hand(ctx, chosen):
        await _meet(ctx, dv, dd, chosen, title, how)


class _Met(msgspec.Struct, frozen=True):
    """A list and its book, as both were read; `mark`: of those on the list; `strangers`: something was made of them."""

    now: ListNow
    book: AddressBook
    mark: str
    strangers: bool


async def _meet(ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str, how: How) -> _Met:
    """Who is on the list, what the book holds, and what becomes of who is in it and not on the list.

    Whoever is missing from the book may have unsubscribed a moment ago: consent is read after the book, never before.
    """
    now = await _read(ctx, dv, chosen, title, how.rule)
    mark = await ctx.read(lambda c: reading_places.mark(c, chosen.id, ctx.run_id))
    book = await list_state.book_as_it_is(dd, chosen)
    about_all = how.item and not how.only
    met = strangers.looked_at(now.settings.membership_action) if about_all else None
    compared = await book_comparison.compare(
        ctx,
        dd,
        Book(chosen=chosen, title=title, mark=mark, now=book, rule=how.rule, read_only=how.plan, strangers=met),
    )
    if compared.lost:
        await suppressions.pull(ctx, dd, chosen.account_id)
    await list_feeds.learn(ctx, dd, chosen, daily=True)
    await lists_left.ask(ctx, dd, chosen, compared.lost)
    if met is not None:
        asked = strangers.Asked(
            place=how.place,
            plan=how.plan,
            apply=how.apply,
            in_book=compared.contacts,
            mark=mark,
            created=how.created,
            everywhere=how.everywhere,
        )
        await strangers.deal_with(ctx, dv, dd, now, chosen, title, asked)
    elif about_all:
        await ctx.write(lambda c: stranger_store.forget(c, chosen.id))
    return _Met(now, book, mark, met is not None)


async def _compare(ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str, how: How) -> None:
    """What the book holds, then what is to be done with everybody, unless that is to be planned."""
    met = await _meet(ctx, dv, dd, chosen, title, how)
    now, mark = met.now, met.mark
    note = now.note if how.plan or how.only else await _rename(ctx, dd, chosen, now, met.book)
    if how.diff and (how.plan or how.apply):
        # When a plan is carried out only to see whether the contacts are still as they were planned over.
        elsewhere = met.strangers or bool(how.apply)
        await reconciling.compare(ctx, dd, chosen, title, mark, strangers=elsewhere)
    told = Told(now.row.sync_status or "", now.row.book_id or 0)
    note = "; ".join(each for each in (note, *await _left_out(ctx, chosen)) if each)

    consent = await ctx.read(consent_news.count)
    cursor = replace(ctx.at(OneList), note=note, told=told, consent=consent)
    stage = f"Comparing {title}"
    settle = functools.partial(_settle, ctx=ctx, dd=dd, chosen=chosen, how=how, mark=mark)
    if how.plan:
        await ctx.save(replace(cursor, step="plan"), stage=stage)
    elif how.only:
        await one_person.decide(ctx, dv, chosen, how.only, mark, cursor, settle)
    else:
        await ctx.save(replace(cursor, step="remove", guarded=False), stage=stage, work=settle)


async def _left_out(ctx: RunContext, chosen: StoredList) -> tuple[str, ...]:
    """The mappings that cannot be carried out at present: their data fields stay as they are."""
    feeds = await ctx.read(lambda c: mappings.feeds(c, chosen.account_id))
    return tuple(f"Not sent - {each}" for each in feeds[Entity(chosen.member_type)].left_out)


def _settle(c: Connection, ctx: RunContext, dd: Dotdigital, chosen: StoredList, how: How, mark: str) -> None:
    if how.by_hand:
        pending_members.offer_again(c, chosen.id)
    there = text_of(dd.connection.clock_of(ctx.moment()))
    settling.settle(c, chosen.id, mark, chosen.account_id, ctx.now(), whole=mark == ctx.run_id, there=there)
    undone_holds.settle(c, chosen.id, mark)
    if how.diff:
        differences.offer(c, how.apply or ctx.run_id, chosen.id, mark, now=ctx.run_id if how.apply else "")
    if how.apply:
        following = planned_values.following(c, ctx.run_id, how.apply, chosen)
        planned_changes.refuse_others(c, how.apply, chosen.id, mark, following)
    if how.apply and how.diff:
        differences.refuse_moved(c, ctx.run_id, how.apply, chosen.id, mark)


async def _rename(ctx: RunContext, dd: Dotdigital, chosen: StoredList, now: ListNow, book: AddressBook) -> str:
    """The book follows the list's name; what the audit is to say."""
    note = now.note
    try:
        name = await list_state.rename_book(dd, chosen, book, now.row.name)
    except DyntuiError as error:
        if not error.code.startswith("BOOK_NAME_"):
            raise
        name, note = chosen.book_name, f"{error.code}: {error.message} {error.remedy}"
    await ctx.write(lambda c: list_store.renamed(c, chosen.id, now.row.name, name))
    return note


async def _plan(ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, how: How, mark: str) -> None:
    """What would be done is decided as ever and stored, and here it ends. Whom a synchronisation would suppress in
    dotdigital first, because somebody in Dynamics asked for it, counts as suppressed; so does whom it would find to be
    suppressed when it imports them."""
    most = before_images.MOST_READ + 1
    new = await ctx.read(lambda c: pending_members.not_in_book(c, chosen.id, mark, most))
    there = await before_images.held(dd, new, len(new))
    await list_imports.suppressed_among(ctx, chosen, (there or {}).values())
    leave_out = await first_values.of_plan(ctx, dd, chosen, there, mends=how.diff)
    short = await list_removals.short_of(ctx, dv, chosen)
    typed = ctx.at(ListsCursor).typed

    def plan(c: Connection) -> None:
        with (
            suppression_store.supposed(c, chosen.account_id, typed, ctx.now()),
            trials.on_trial(c, chosen.id),
            planned_values.brought(c, ctx.run_id, chosen),
        ):
            _settle(c, ctx, dd, chosen, how, mark)
            list_removals.hold(c, chosen, short, mark)
            planned_changes.keep(c, ctx.run_id, chosen.id, chosen.id, mark)
            planned_values.leave_out_unchanged(c, ctx.run_id, chosen.id)
            if leave_out is not None:
                leave_out(c)
            # dotdigital takes out of every book whom it is asked to suppress.
            planned_changes.without_removal(c, ctx.run_id, chosen.id, typed)
            planned_changes.name_conflicts(c, ctx.run_id, brought_values.ITEM)
            if how.diff:
                reconciling.keep(c, ctx, chosen, mark)
            ctx.close_plan(c, how.item, chosen.id, mark, note=_note(c, ctx, chosen))
        list_store.release(c, chosen.id, ctx.run_id)

    done = replace(ctx.at(OneList), step="done", status=RunStatus.COMPLETED.value)
    await ctx.save(done, stage=f"Planned {chosen.name}", work=plan)


async def _channels(ctx: RunContext, dd: Dotdigital, chosen: StoredList, title: str) -> None:
    """Whom dotdigital would not mail although no feed of suppressions names them, such as those who have not confirmed
    their opt-in: of the others it is known since the book was read."""
    await book_reading.look_at_imported(ctx, dd, chosen)
    await ctx.save(replace(ctx.at(OneList), step="close"), stage=f"Finishing {title}")


async def _close(ctx: RunContext, dv: Dataverse, chosen: StoredList, item: str, mark: str) -> None:
    """The item's audit; the list's status, which Dynamics is told only when this run changed something or Dynamics says
    something else: a row that is written looks changed to everybody."""
    counts = await ctx.read(lambda c: members.counts(c, chosen.id, mark))
    tally = Tally(sum(each.people for each in counts), counts)
    status = status_of(tally)
    changed = sum(tally.of(each) for each in (Outcome.ADDED, Outcome.UPDATED, Outcome.REMOVED))
    if changed or ctx.at(OneList).told != Told(status.value, chosen.book_id):
        row = {"dyntui_lastsynced": ctx.now(), "dyntui_syncstatus": status.value, "dyntui_bookid": chosen.book_id}
        await dv_rows.update(dv, "lists", guid(chosen.id), row)

    def close(c: Connection) -> None:
        if item:
            ctx.close_list(c, item, chosen.id, mark, note=_note(c, ctx, chosen))
        unanswered_imports.left(c, chosen.id)
        members.forget_left(c, chosen.id, mark)
        undone_holds.forget_over(c, chosen.id)
        at = ctx.at(OneList)
        if at.in_book >= 0:
            reading_places.put(c, chosen.id, book_count=at.in_book + at.joined - at.left)
        list_store.record_sync(c, chosen.id, ctx.run_id, status.value, ctx.now())
        list_store.release(c, chosen.id, ctx.run_id)

    # The list's id stays in the cursor: who goes on from here must not take what was just added for unchanged.
    done = replace(ctx.at(OneList), step="done", status=status.value)
    await ctx.save(done, stage=f"Finished {chosen.name}", work=close)


def _note(c: Connection, ctx: RunContext, chosen: StoredList) -> str:
    """What the audit says of the list besides its people: what was out of the ordinary, and how it was read."""
    said = (ctx.at(OneList).note, reading_places.place(c, chosen.id).read_how)
    return "; ".join(each for each in said if each)
