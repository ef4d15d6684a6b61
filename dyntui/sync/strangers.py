"""What becomes of the strangers of a list's address book, by the list's membership action: matched with records in
pages, judged by `dyntui.model.strangers`, taken out, put on the list or made into records in batches.

Each step is told from the store, so that a run which is killed goes on with what is still to be done; a record that is
made has an id of its own, which says whether it was made already.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk, membership, security
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.changes import AppliedChange
from dyntui.model.created_records import LABELS, CreatedDefaults, created, name_of
from dyntui.model.errors import DyntuiError
from dyntui.model.guard import guard
from dyntui.model.membership_actions import CREATES, MembershipAction
from dyntui.model.people import Entity, first
from dyntui.model.plans import CREATE, JOIN
from dyntui.model.strangers import Effect, Match, Stranger, judge
from dyntui.store import (
    accounts,
    applied_changes,
    book_contents,
    intervals,
    reading_places,
    staging,
    strangers,
)
from dyntui.store.applied_changes import Place
from dyntui.store.lists import StoredList
from dyntui.store.strangers import Refusal, ToDo, Waiting
from dyntui.sync import known_before, list_filters, member_listing, planned_strangers, sight, suppressions
from dyntui.sync.book_reading import take_out_strangers
from dyntui.sync.having_address import Store, pages_having
from dyntui.sync.list_state import ListNow
from dyntui.sync.member_rows import Reading, plain_reading, readings, staged
from dyntui.sync.run_context import RunContext

# Judged at once: some queries for the records with so many addresses.
_JUDGED = 2000
# Made or put on the list at once.
_BATCH = 1000
_KIND = "strangers"

log = logging.getLogger(__name__)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`place`: of the list in the run; `plan`: nothing is done; `apply`: the run whose plan is carried out; `in_book`:
    contacts of the book, strangers included; `mark`: of those on the list; `created`: what
    records say that are made; `everywhere`: every email account, asked who is suppressed before anybody is
    put on the list or made a record."""

    place: int
    plan: bool
    apply: str
    in_book: int
    mark: str
    created: CreatedDefaults = CreatedDefaults()
    everywhere: suppressions.Everywhere = suppressions.nowhere


def item_of(list_id: str) -> str:
    """The item of a run in which the strangers of a list are accounted for."""
    return f"{list_id}/{_KIND}"


def looked_at(action: MembershipAction) -> tuple[str, ...] | None:
    """The data fields that are to be kept of strangers; None where they stay whoever they are."""
    if action is MembershipAction.IGNORE:
        return None
    return LABELS if action in CREATES else ()


async def deal_with(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, now: ListNow, chosen: StoredList, title: str, asked: Asked
) -> None:
    """Every stranger of the list's book, as it was just read, to one outcome; who joins the list is a member from here
    on. Raises DyntuiError, Cancelled, Fenced."""
    action = now.settings.membership_action
    await ctx.write(lambda c: strangers.gone(c, chosen.id, ctx.run_id))
    await _judge(ctx, dv, chosen, title, action)
    short = await sight.short_reads(ctx, dv) if action is MembershipAction.REMOVE else []
    item = item_of(chosen.id)

    def guarded(c: Connection) -> None:
        strangers.keep_decided(c, chosen.id)
        _hold(c, chosen, asked, short)
        if asked.apply:
            planned_strangers.refuse_others(c, asked.apply, item, chosen, asked.created)

    await ctx.write(guarded)
    if asked.plan:
        await planned_strangers.keep(ctx, dv, chosen, item, asked.created)
    else:
        await _take_out(ctx, dd, chosen, title)
        await _create(ctx, dv, now, chosen, title, asked)
        await _join(ctx, dv, now, chosen, title, asked)
    if await ctx.read(lambda c: strangers.read_by(c, chosen.id)):
        await ctx.begin_item(item, kind=_KIND, name=f"{chosen.name}: not on the list", place=asked.place)
        await ctx.write(lambda c: _close(c, ctx, chosen, item))


def _close(c: Connection, ctx: RunContext, chosen: StoredList, item: str) -> None:
    intervals.keep(c, f"{_KIND}/{chosen.id}", ctx.run_id, item, strangers.named(chosen.id))
    ctx.close_item(c, item, read=strangers.read_by(c, chosen.id))


# -- judging -----------------------------------------------------------------------------------------------------------


async def _judge(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str, action: MembershipAction) -> None:
    done = 0
    reading = await ctx.read(lambda c: plain_reading(c, chosen.account_id, Entity(chosen.member_type)))
    while some := await ctx.read(lambda c: strangers.open_ones(c, chosen.id, ctx.run_id, _JUDGED)):
        addresses = [each.address for each in some]
        said_no = await ctx.read(functools.partial(strangers.consent, list_id=chosen.id, addresses=addresses))
        known: dict[str, list[Match]] = {}
        before: dict[str, str] = {}
        if action not in (MembershipAction.IGNORE, MembershipAction.REMOVE):
            wanted = [each.address for each in some if not each.channel and each.address not in said_no]
            known = _without_own(ctx, chosen, some, await matches(dv, chosen, reading, wanted, ctx))
            if action in CREATES:
                others = {each.address: each.contact_id for each in some if each.address not in known}
                before = await known_otherwise(ctx, dv, chosen, others)
        found = [
            (each.contact_id, judge(action, chosen.member_type, _stranger(each, said_no, known, before)))
            for each in some
        ]
        done += len(some)
        await ctx.save(
            ctx.cursor,
            stage=f"Looking at who is not on {title}",
            done=done,
            work=functools.partial(strangers.judged, list_id=chosen.id, verdicts=found),
        )


def _without_own(
    ctx: RunContext, chosen: StoredList, some: Sequence[Waiting | ToDo], known: dict[str, list[Match]]
) -> dict[str, list[Match]]:
    """Without the records that this run made before it was interrupted: they are made once more, which makes nothing,
    and keeps that it was this run that made them."""
    own = {_id_of(ctx.run_id, chosen.id, each.contact_id) for each in some}
    others = {address: [each for each in found if each.id not in own] for address, found in known.items()}
    return {address: found for address, found in others.items() if found}


def _stranger(
    each: Waiting, said_no: dict[str, Refusal], known: dict[str, list[Match]], before: dict[str, str]
) -> Stranger:
    refusal = said_no.get(each.address)
    return Stranger(
        address=each.address,
        channel=each.channel,
        consent=refusal.reason if refusal else "",
        detail=refusal.detail if refusal else "",
        matches=tuple(known.get(each.address, ())),
        picked=each.picked,
        known_as=before.get(each.address, ""),
    )


async def known_otherwise(
    store: Store, dv: Dataverse, chosen: StoredList, contacts: Mapping[str, int]
) -> dict[str, str]:
    """Those of the contacts of a list's book (address -> id) that are known in Dynamics as a record of the list's type
    with another address, with which, in words."""
    found = await known_before.known(store, dv, [Entity(chosen.member_type)], list(contacts), chosen.id, contacts)
    return {address: known_before.said(each) for address, each in found.items()}


async def matches(
    dv: Dataverse, chosen: StoredList, reading: Reading, addresses: Sequence[str], store: Store
) -> dict[str, list[Match]]:
    """The active records of the list's type with one of the addresses, however they are spelt, by address."""
    entity = Entity(chosen.member_type)
    table = member_listing.TABLES[entity]
    rows: dict[str, tuple[str, str, str]] = {}
    async for page in pages_having(
        store,
        dv,
        table.entity_set,
        reading.row_type,
        addresses,
        lambda row: staged(reading, row).address,
        column=reading.address,
        select=reading.wanted.select,
        expand=reading.wanted.expand,
        filter="statecode eq 0",
    ):
        for row in page:
            each = staged(reading, row)
            closed = first([gate for gate in each.gates if gate.reason != "VALUE_REJECTED"])
            rows[row.id] = (each.address, each.name, closed.reason if closed else "")
    refused = await store.read(lambda c: strangers.people_who_said_no(c, chosen.account_id, chosen.id, sorted(rows)))
    found: dict[str, list[Match]] = {}
    for person, (address, name, closed_by) in sorted(rows.items()):
        reason = closed_by or (refused[person].reason if person in refused else "")
        found.setdefault(address, []).append(Match(person, name, reason))
    return found


def _hold(c: Connection, chosen: StoredList, asked: Asked, short: Sequence[str]) -> None:
    """Removals wait for a decision where they are too many, or rest on a listing that proves nothing."""
    going = strangers.to_be_guarded(c, chosen.id)
    if not going:
        return
    listed = staging.listed(c, chosen.id, asked.mark)
    limits = accounts.removal_limits(c, chosen.account_id)
    why = guard(going, asked.in_book, listed, reading_places.doubt(c, chosen.id), limits)
    if short:
        why = f"the service does not see every record: {', '.join(short)}"
    if why:
        strangers.hold(c, chosen.id, why)


# -- doing -------------------------------------------------------------------------------------------------------------


async def _take_out(ctx: RunContext, dd: Dotdigital, chosen: StoredList, title: str) -> None:
    while some := await ctx.read(lambda c: strangers.to_do(c, chosen.id, Effect.REMOVE, _BATCH * 5)):
        going = [each.contact_id for each in some]
        for withdrawn in (True, False):
            group = {each.address: each.contact_id for each in some if each.withdrawn is withdrawn}
            await take_out_strangers(ctx, dd, chosen, group, consent=withdrawn)
        await ctx.save(
            ctx.cursor,
            stage=f"Taking out who is not on {title}",
            work=functools.partial(strangers.settled, list_id=chosen.id, contact_ids=going),
        )


async def _create(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, asked: Asked) -> None:
    """A record of each, given to the account's owner of new records, else to the list's, where that user is enabled.
    Who has got a record since they were judged, by a colleague or by another run, waits for the next run."""
    entity = Entity(chosen.member_type)
    reading = await ctx.read(lambda c: plain_reading(c, chosen.account_id, entity))
    table = member_listing.TABLES[entity]
    where = bulk.Table(table.entity_set, table.logical_name, table.key)
    owner: dict[str, object] | None = None
    while some := await ctx.read(lambda c: strangers.to_do(c, chosen.id, Effect.CREATE, _BATCH)):
        if owner is None:
            owner = await _owner(dv, now, asked.created.owner)
        said_no = await _who_says_no(ctx, chosen, some, asked)
        going = [each.address for each in some if each.address not in said_no]
        there = _without_own(ctx, chosen, some, await matches(dv, chosen, reading, going, ctx))
        wanted = [each for each in some if each.address not in said_no and each.address not in there]
        rows = [
            {
                table.key: _id_of(ctx.run_id, chosen.id, each.contact_id),
                **created(entity, each.address, each.fields, chosen.name, asked.created),
                **owner,
            }
            for each in wanted
        ]
        results = await bulk.create_many(dv, where, rows) if rows else []
        made = [
            (each.contact_id, str(row[table.key]))
            for each, row, result in zip(wanted, rows, results, strict=True)
            if result.error is None
        ]
        refused = [
            (each.contact_id, f"Dynamics: {result.error.message}")
            for each, result in zip(wanted, results, strict=True)
            if result.error is not None
        ]
        await ctx.save(
            ctx.cursor,
            stage=f"Making {entity}s of who is not on {title}",
            work=functools.partial(
                _made,
                ctx=ctx,
                chosen=chosen,
                rows=rows,
                made=made,
                refused=refused,
                said_no=said_no,
                there=there,
                some=some,
            ),
        )


def _made(
    c: Connection,
    ctx: RunContext,
    chosen: StoredList,
    rows: Sequence[Mapping[str, object]],
    made: Sequence[tuple[int, str]],
    refused: Sequence[tuple[int, str]],
    said_no: dict[str, Refusal],
    there: Mapping[str, Sequence[Match]],
    some: Sequence[ToDo],
) -> None:
    key = member_listing.TABLES[Entity(chosen.member_type)].key
    records = {str(row[key]): row for row in rows}
    place = Place(ctx.run_id, item_of(chosen.id), chosen.member_type)
    written = [_written(place, chosen.member_type, person, CREATE, records[person]) for _, person in made]
    applied_changes.keep(c, place, written)
    strangers.made(c, chosen.id, made)
    strangers.refused(c, chosen.id, refused)
    known = [each.contact_id for each in some if each.address in there]
    strangers.refuse(c, chosen.id, known, f"a {chosen.member_type} with the address was made meanwhile")
    _reconsider(c, chosen.id, said_no, some)


def _written(place: Place, entity: str, person: str, effect: str, row: Mapping[str, object]) -> AppliedChange:
    return AppliedChange(
        item_id=place.item_id,
        target=place.target,
        person=person,
        entity=entity,
        name=name_of(row),
        address=str(row.get("emailaddress1", "")),
        effect=effect,
        after={name: value for name, value in row.items() if "@" not in name} if effect == CREATE else None,
    )


def _reconsider(c: Connection, list_id: str, said_no: dict[str, Refusal], some: Sequence[ToDo]) -> None:
    """Who has said no meanwhile is out of it: the next run takes them out of the book."""
    late = [(each, said_no[each.address]) for each in some if each.address in said_no]
    strangers.excluded(c, list_id, [(each.contact_id, no.reason, no.detail) for each, no in late])


async def _who_says_no(ctx: RunContext, chosen: StoredList, some: Sequence[ToDo], asked: Asked) -> dict[str, Refusal]:
    """Of those who are about to join or to be made a record, as of now. Where an email account cannot be asked, it is
    not known of any: they wait for the next run, and nobody else does."""
    try:
        await suppressions.pull_everywhere(ctx, asked.everywhere)
    except DyntuiError as error:
        log.warning("who may join %s is not known: %s %s", chosen.name, error, error.detail)
        why = f"not every email account could be asked who is suppressed: {error.message}"
        return {each.address: Refusal(0, "NOT_SYNCED", why) for each in some}
    addresses = [each.address for each in some]
    return await ctx.read(lambda c: strangers.consent(c, chosen.id, addresses))


async def _owner(dv: Dataverse, now: ListNow, named: str) -> dict[str, object]:
    owner = await security.user_by_name(dv, named) if named else None
    if owner is None:
        owner = await security.user(dv, now.row.owner_id) if now.row.owner_id else None
    if owner is None or owner.disabled:
        return {}
    return {"ownerid@odata.bind": dv_rows.bind("systemusers", owner.id)}


def _id_of(run_id: str, list_id: str, contact_id: int) -> str:
    """The id of the record that a run makes of a contact: the same one however often it tries."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dyntui/{run_id}/{list_id}/{contact_id}"))


async def _join(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, asked: Asked) -> None:
    """Onto the list in Dynamics, and members from here on: in the book by others' hands."""
    entity = Entity(chosen.member_type)
    joined = False
    how = await ctx.read(lambda c: readings(c, chosen.account_id))
    while some := await ctx.read(lambda c: strangers.to_do(c, chosen.id, Effect.JOIN, _BATCH)):
        said_no = await _who_says_no(ctx, chosen, some, asked)
        wanted = {each.person: each for each in some if each.address not in said_no}
        changed = await membership.add_members(dv, now.row, list(wanted))
        rows = [each async for page in member_listing.unseen_members(dv, how, entity, changed.done) for each in page]
        refused = [(wanted[each.id].contact_id, f"Dynamics: {each.error.message}") for each in changed.refused]
        done = [wanted[each] for each in changed.done]

        def keep(
            c: Connection,
            rows: Sequence[staging.Staged] = rows,
            done: Sequence[ToDo] = done,
            refused: Sequence[tuple[int, str]] = refused,
            said_no: dict[str, Refusal] = said_no,
            some: Sequence[ToDo] = some,
        ) -> None:
            place = Place(ctx.run_id, item_of(chosen.id), f"list:{chosen.id}")
            about = [{"emailaddress1": each.address} for each in done]
            pairs = zip(done, about, strict=True)
            written = [_written(place, chosen.member_type, each.person, JOIN, row) for each, row in pairs]
            applied_changes.keep(c, place, written)
            staging.stage(c, chosen.id, asked.mark, rows)
            book_contents.adopt(c, chosen.id, [(each.address, each.contact_id, each.person) for each in done])
            strangers.settled(c, chosen.id, [each.contact_id for each in done])
            strangers.refused(c, chosen.id, refused)
            _reconsider(c, chosen.id, said_no, some)

        await ctx.save(ctx.cursor, stage=f"Adding people of the address book to {title}", work=keep)
        joined = joined or bool(done)
    if joined:
        await list_filters.judge(ctx, dv, now, chosen, title)
