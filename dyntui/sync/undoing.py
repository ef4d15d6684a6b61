"""Undoing what a run wrote to an address book: read what is so now, decide, take out, put back.

What is to be done is stored before the first of it is done, and taken away as it is done: a run that is killed goes on
with the rest. Everything may be asked for twice: contacts that are out already, deleted already, imported already.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import contacts, deletions
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportContact, ImportResult, fitting
from dyntui.model.changes import AppliedChange, changed_since, same_value
from dyntui.model.cursors import UndoCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.people import Entity, normalise
from dyntui.model.plans import ADD, REMOVE, UPDATE
from dyntui.model.reasons import reason_of_status
from dyntui.model.sync_types import UndoOf
from dyntui.model.undoing import ContactNow, Undoing, elsewhere, undo
from dyntui.store import (
    applied_changes,
    mappings,
    members_undone,
    needed_contacts,
    runs,
    shadows,
    undoing,
    undone_holds,
)
from dyntui.store import lists as list_store
from dyntui.store.applied_changes import Part, Place
from dyntui.store.lists import StoredList
from dyntui.store.members_undone import InBook
from dyntui.store.shadows import Carried
from dyntui.store.undoing import Step
from dyntui.store.undone_holds import Hold
from dyntui.sync import double_opt_in, list_feeds, list_state, lists, suppressions
from dyntui.sync.imports import POLL_SECONDS, ROWS, Fate, carry_out, fates
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext

_PAGE = 5000
_INCLUDED = ("channelProperties", "lists", "preferences")
# dotdigital keeps it itself.
_KEPT_THERE = frozenset({"LASTSUBSCRIBED"})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The changes of one address book that are undone. `item`: of the run that undoes; `synchronised`: they are those
    of a synchronisation, which would make them again."""

    part: Part
    chosen: StoredList
    item: str
    title: str
    synchronised: bool


async def undo_book(ctx: RunContext, dd: Dotdigital, job: Job) -> None:
    """All of it, from where the cursor says it was left. Raises DyntuiError when the book is gone."""
    await lists.take(ctx, job.chosen)
    try:
        await _undo_book(ctx, dd, job)
    except DyntuiError:
        await ctx.write(lambda c: list_store.release(c, job.chosen.id, ctx.run_id))
        raise
    await ctx.write(lambda c: list_store.release(c, job.chosen.id, ctx.run_id))


async def _undo_book(ctx: RunContext, dd: Dotdigital, job: Job) -> None:
    asked = ctx.asked(UndoOf)
    if ctx.at(UndoCursor).list != job.item:
        start = replace(ctx.at(UndoCursor), list=job.item, step="read", importing="")
        await ctx.save(start, stage=f"Reading the address book of {job.title}")
    if ctx.at(UndoCursor).step == "read":
        await _decide(ctx, dd, job, asked)
    elif ctx.was_away:
        await list_feeds.learn(ctx, dd, job.chosen)
    if ctx.at(UndoCursor).step == "remove":
        await _take_out(ctx, dd, job)
    if ctx.at(UndoCursor).step == "import":
        await _import(ctx, dd, job)


# -- what is to be done ---------------------------------------------------------------------------------------------


async def _decide(ctx: RunContext, dd: Dotdigital, job: Job, asked: UndoOf) -> None:
    """Whoever is missing from the book may have unsubscribed a moment ago: consent is read after the book."""
    await list_state.book_as_it_is(dd, job.chosen)
    await ctx.write(lambda c: undoing.begin(c, ctx.run_id, job.item))
    moved = await _in_book(ctx, dd, job)
    await _not_in_book(ctx, dd, job, moved)
    await suppressions.pull(ctx, dd, ctx.account_id)
    await list_feeds.learn(ctx, dd, job.chosen)

    def decided(c: Connection) -> None:
        undoing.withhold(c, ctx.run_id, job.item, job.chosen.id)
        undoing.refuse_overtaken(c, job.part, ctx.run_id, job.item)
        if asked.apply:
            undoing.refuse_others(c, ctx.run_id, job.item, asked.apply)
        if asked.plan:
            undoing.would_become(c, ctx.run_id, job.item)

    step = "done" if asked.plan else "remove"
    await ctx.save(replace(ctx.at(UndoCursor), step=step), stage=f"Comparing {job.title}", work=decided)


async def _in_book(ctx: RunContext, dd: Dotdigital, job: Job) -> dict[str, ContactNow]:
    """Decides about everybody whose contact is in the book. Answers with those who had another address before, by their
    present one: of them the contact with the former one has yet to be asked for."""
    moved: dict[str, ContactNow] = {}
    done = 0
    ours = await ctx.read(lambda c: _labels(c, job.chosen)) | _KEPT_THERE
    async for page in contacts.contact_pages(
        dd, list_id=job.chosen.book_id, data_fields=contacts.ALL_DATA_FIELDS, include=_INCLUDED
    ):
        here = {
            normalise(each.email): ContactNow(
                contact_id=each.contact_id,
                values=each.values,
                channel=reason_of_status(each.email_status),
                in_book=True,
                elsewhere=any(book.id != job.chosen.book_id for book in each.lists or ()),
                chose=each.opted_in,
                theirs=frozenset(name for name, value in each.values.items() if not same_value(value, None)) - ours,
            )
            for each in page.rows
        }
        done += len(page.rows)
        await ctx.save(
            ctx.cursor,
            stage=f"Reading the address book of {job.title}",
            done=done,
            work=functools.partial(_decide_page, ctx=ctx, job=job, here=here, moved=moved),
        )
    return moved


def _labels(c: Connection, chosen: StoredList) -> frozenset[str]:
    """The data fields that mappings send of a list's members."""
    feeds = mappings.feeds(c, chosen.account_id)[Entity(chosen.member_type)].feeds
    return frozenset(each.label.upper() for each in feeds)


def _decide_page(
    c: Connection, ctx: RunContext, job: Job, here: dict[str, ContactNow], moved: dict[str, ContactNow]
) -> None:
    reached = undoing.mailed(c, ctx.account_id, list(here))
    found: list[tuple[AppliedChange, Undoing]] = []
    for change in undoing.at_addresses(c, job.part, list(here)):
        contact = replace(here[change.address], mailed=change.address in reached)
        if _has_moved(change):
            moved[change.address] = contact
        else:
            found.append((change, undo(change, contact)))
    undoing.decide(c, ctx.run_id, job.item, found)


def _has_moved(change: AppliedChange) -> bool:
    return change.effect == UPDATE and change.before_address not in ("", change.address)


async def _not_in_book(ctx: RunContext, dd: Dotdigital, job: Job, moved: dict[str, ContactNow]) -> None:
    """Decides about everybody else: of whom a contact is to come into the book, it is asked for, 500 a call."""
    while some := await ctx.read(lambda c: undoing.undecided(c, job.part, ctx.run_id, job.item, _PAGE)):
        wanted = {each.before_address if _has_moved(each) else each.address for each in some if _asks(each)}
        known = await contacts.retrieve_contacts(dd, emails=sorted(wanted), with_data=True)
        there = {
            normalise(each.email): ContactNow(
                contact_id=each.id, values=each.values, channel=reason_of_status(each.status)
            )
            for each in known.contacts
        }
        found = [
            (each, undo(each, moved.get(each.address), there.get(each.before_address)))
            if _has_moved(each)
            else (each, undo(each, there.get(each.address)))
            for each in some
        ]
        await ctx.save(
            ctx.cursor,
            stage=f"Comparing {job.title}",
            work=functools.partial(undoing.decide, by=ctx.run_id, item=job.item, decided=found),
        )


def _asks(change: AppliedChange) -> bool:
    """Whether the contact matters although it is not in the book."""
    had_fields = change.effect == ADD and bool(change.before)
    return not change.consent and (change.effect == REMOVE or had_fields or _has_moved(change))


async def name_others(ctx: RunContext, part: Part, item: str) -> None:
    """Changes of consent: all of them stay, by name."""
    await ctx.write(lambda c: undoing.begin(c, ctx.run_id, item))
    while some := await ctx.read(lambda c: undoing.undecided(c, part, ctx.run_id, item, _PAGE)):
        found = [(each, elsewhere(each)) for each in some]
        await ctx.write(functools.partial(undoing.decide, by=ctx.run_id, item=item, decided=found))


# -- and doing it ---------------------------------------------------------------------------------------------------


async def _next(ctx: RunContext, job: Job, steps: Callable[[Connection], list[Step]]) -> list[Step]:
    """What is to be done next, without who has opted out since that was decided, and without deleting who is needed by
    now; an import that is under way goes on as it was begun."""

    def still(c: Connection) -> list[Step]:
        if not ctx.at(UndoCursor).importing:
            undoing.withhold(c, ctx.run_id, job.item, job.chosen.id)
            needed_contacts.keep(c, ctx.run_id, job.item, job.chosen.id, _PAGE)
        return steps(c)

    return await ctx.write(still)


async def _take_out(ctx: RunContext, dd: Dotdigital, job: Job) -> None:
    of = await ctx.read(lambda c: undoing.count_steps(c, ctx.run_id, job.item))
    stage = f"Taking out of {job.title}"
    while some := await _next(ctx, job, lambda c: undoing.to_take_out(c, ctx.run_id, job.item, _PAGE)):
        await _past_recall(ctx, stage)
        await take_out(ctx, dd, job.chosen.book_id, [each.take_out for each in some if each.take_out is not None])
        kept = await _delete(ctx, dd, [each.take_out for each in some if each.deletes and each.take_out is not None])
        stays = {each.person: why for each in some if (why := kept.get(each.take_out or 0, ""))}
        details = {person: f"dotdigital did not delete it: {why}" for person, why in stays.items()}
        some = [replace(each, deletes=each.deletes and each.person not in details) for each in some]
        left = await ctx.read(lambda c: undoing.count_steps(c, ctx.run_id, job.item))
        work = functools.partial(_taken_out, ctx=ctx, job=job, steps=some, details=details)
        await ctx.save(ctx.cursor, stage=stage, done=of - left, of=of, work=work)
    await ctx.save(replace(ctx.at(UndoCursor), step="import"), stage=f"Importing {job.title}")


async def _past_recall(ctx: RunContext, stage: str) -> None:
    """A request to stop is heard once what is done next is stored: another undo would take it for somebody else's
    doing."""
    await ctx.save(ctx.cursor, stage=stage, cancellable=False)


async def _delete(ctx: RunContext, dd: Dotdigital, contact_ids: Sequence[int]) -> Mapping[int, str]:
    """The contacts that dotdigital did not delete, and why. Raises DyntuiError DELETION_FAILED when it gives a deletion
    up, or does not say which."""
    kept: dict[int, str] = {}
    if not contact_ids:
        return kept
    for started in await deletions.start_deletion(dd, contact_ids):
        turn, current = 0, await deletions.deletion(dd, started)
        while not current.finished:
            await ctx.sleep(POLL_SECONDS[min(turn, len(POLL_SECONDS) - 1)])
            current = await deletions.deletion(dd, started)
            turn += 1
        kept |= current.kept
        if not current.succeeded or not kept.keys() <= {*contact_ids}:
            raise DyntuiError(
                "DELETION_FAILED",
                f"dotdigital ended a deletion of contacts as {current.status!r}"
                + (", and does not say which of them it left." if current.succeeded else "."),
                not_done="Contacts that the run had made may still exist; they are out of the address book.",
                remedy="Undo it again: what is undone stays so.",
                detail=started,
            )
    return kept


def _place(ctx: RunContext, job: Job) -> Place:
    return Place(ctx.run_id, job.item, job.part.target)


def _written(ctx: RunContext, job: Job, step: Step, effect: str, contact_id: int | None = None) -> AppliedChange:
    return AppliedChange(
        item_id=job.item,
        target=job.part.target,
        person=step.person,
        entity=step.entity,
        name=step.name,
        address=step.address,
        effect=effect,
        before=step.before,
        after=step.after,
        contact_id=contact_id,
        deleted=step.deletes,
    )


def _taken_out(c: Connection, ctx: RunContext, job: Job, steps: Sequence[Step], details: Mapping[str, str]) -> None:
    """Out of the book; who has another address besides, or other fields, is imported next."""
    gone = [each for each in steps if each.effect == REMOVE]
    members_undone.took_out(c, job.chosen.id, [each.person for each in steps])
    undoing.taken_out(c, ctx.run_id, job.item, steps)
    over = [each for each in gone if each.after is None]
    applied_changes.keep(c, _place(ctx, job), [_written(ctx, job, each, REMOVE) for each in over], job.part.no)
    _settle(c, ctx, job, over, details)


async def _import(ctx: RunContext, dd: Dotdigital, job: Job) -> None:
    of = await ctx.read(lambda c: undoing.count_steps(c, ctx.run_id, job.item))
    stage, done = f"Importing {job.title}", 0
    while some := await _next(ctx, job, lambda c: undoing.to_import(c, ctx.run_id, job.item, ROWS)):
        await double_opt_in.require_known(ctx, job.chosen.account_id)
        if ctx.was_away and await _refuse_changed(ctx, dd, job, some):
            continue
        await _past_recall(ctx, stage)
        # dotdigital takes one row of an address: who shares it with somebody has their turn next.
        firsts: dict[str, Step] = {}
        for each in some:
            firsts.setdefault(each.address, each)
        some = list(firsts.values())
        rows = [_row(each, job.chosen.book_id) for each in some]
        some, rows = some[: (fits := fitting(rows))], rows[:fits]
        result = await carry_out(ctx, dd, rows, stage, done, of, cancellable=False)
        found = fates([each.address for each in some], result)
        done += len(some)
        work = functools.partial(_imported, ctx=ctx, job=job, steps=some, found=found, result=result)
        await ctx.save(replace(ctx.at(UndoCursor), importing=""), stage=stage, done=done, of=of, work=work)
        await double_opt_in.look_at_new(ctx, dd, job.chosen.account_id, result)
    await ctx.save(replace(ctx.at(UndoCursor), step="done"), stage=f"Finished {job.title}")


async def _refuse_changed(ctx: RunContext, dd: Dotdigital, job: Job, some: Sequence[Step]) -> bool:
    """Whether any of these contacts got another value in a field that would be set back, since that was decided: they
    keep it, by name. An import that is under way is not held up."""
    setting = {each.address: each for each in some if each.effect == UPDATE and not each.puts_in}
    if not setting or ctx.at(UndoCursor).importing:
        return False
    known = await contacts.retrieve_contacts(dd, emails=sorted(setting), with_data=True)
    now = {normalise(each.email): each.values for each in known.contacts}
    moved: dict[str, tuple[str, str]] = {}
    for address, step in setting.items():
        values = now.get(address)
        if values is None:
            moved[step.person] = ("STALE", "there is no contact with the address any more")
        elif why := changed_since(values, step.before, step.after):
            moved[step.person] = ("STALE", why)

    def refuse(c: Connection) -> None:
        steps = [each for each in some if each.person in moved]
        undoing.finished(c, ctx.run_id, job.item, steps)
        undoing.record(c, ctx.run_id, job.item, steps, moved)

    await ctx.write(refuse)
    return bool(moved)


def _row(step: Step, book_id: int) -> ImportContact:
    return ImportContact(
        match_identifier="email",
        identifiers={"email": step.address},
        data_fields=step.after or {},
        lists=(book_id,) if step.puts_in else (),
    )


def _imported(
    c: Connection, ctx: RunContext, job: Job, steps: Sequence[Step], found: Sequence[Fate], result: ImportResult
) -> None:
    fate = {each.address: each for each in found}
    made = {normalise(each.email) for each in result.created or ()}
    done = [each for each in steps if not fate[each.address].reason]
    refused = {
        each.person: (fate[each.address].reason, fate[each.address].detail)
        for each in steps
        if fate[each.address].reason
    }
    undoing.finished(c, ctx.run_id, job.item, steps)
    rows = []
    before = {each.person: each for each in undoing.of_people(c, job.part, [each.person for each in done])}
    for each in done:
        was = before[each.person]
        row = _written(ctx, job, each, each.effect, fate[each.address].contact_id)
        moved = _has_moved(was)
        rows.append(
            replace(
                row,
                before_address=was.address if moved else "",
                before=each.before if each.effect != ADD or not was.deleted else None,
                created=was.deleted or each.address in made,
            )
        )
    applied_changes.keep(c, _place(ctx, job), rows, job.part.no)
    put_in = [
        InBook(
            person=each.person,
            entity=each.entity,
            name=each.name,
            address=each.address,
            contact_id=fate[each.address].contact_id,
            fields=before[each.person].before if before[each.person].known else None,
            whole=job.part.undoes == 0,
        )
        for each in done
        if each.puts_in and each.entity
    ]
    members_undone.put_in(c, job.chosen.id, put_in)
    changed = {each.person: each.after or {} for each in done if each.effect == UPDATE and not each.puts_in}
    members_undone.set_fields(c, job.chosen.id, changed)
    carried = {each.address: Carried(fate[each.address].contact_id, each.after) for each in done if each.after}
    shadows.set_back(c, job.chosen.account_id, carried)
    _settle(c, ctx, job, done)
    undoing.record(c, ctx.run_id, job.item, [each for each in steps if each.person in refused], refused)


def _settle(
    c: Connection, ctx: RunContext, job: Job, steps: Sequence[Step], details: Mapping[str, str] | None = None
) -> None:
    """These are undone: named, with what is to be said of them, marked, and what would be done again waits."""
    people = [each.person for each in steps]
    undoing.record(c, ctx.run_id, job.item, steps, details=details)
    undoing.mark(c, job.part, people, ctx.run_id)
    if not job.synchronised:
        undone_holds.drop(c, job.chosen.id, people)
        return
    run = runs.get(c, ctx.run_id)
    effects = {each.person: each.effect for each in undoing.of_people(c, job.part, people)}
    # A contact that is no member of the list has nothing that could wait.
    members = [each.person for each in steps if each.entity]
    holds = [Hold(each, effects[each], job.part.run_id) for each in members]
    undone_holds.put(c, job.chosen.id, holds, (run.started_by if run else "") or "dyntui", ctx.now())
    undone_holds.show(c, job.chosen.id, people)
