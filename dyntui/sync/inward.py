"""Values from dotdigital to Dynamics: the contacts that changed, merged label by label with what both sides had last.

Only who has another value than was synchronised last is looked up in Dynamics. A record that somebody changes meanwhile
is left alone by its etag and tried again; a conflict is kept with both values. Consent is no matter of this.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.reading import ODD_COLUMNS
from dyntui.dotdigital import contacts
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.model.changes import AppliedChange, moved_fields, same_value
from dyntui.model.conversion import Direction, Rejected, Value, convert
from dyntui.model.drains import Drain, Drains
from dyntui.model.errors import DyntuiError
from dyntui.model.merge import Merged, Never, Read, Side, merge
from dyntui.model.moments import EPOCH, dated, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.plans import BRING, UPDATE, PlannedChange
from dyntui.store import applied_changes, conflicts, mappings, outcomes, planned_changes, shadows
from dyntui.store.applied_changes import Done, Place
from dyntui.store.shadows import Kept, Shadowed
from dyntui.sync import feeds, member_listing, odd_answers, record_values
from dyntui.sync.mapped_fields import TYPES
from dyntui.sync.run_context import RunContext

ITEM = "address-books"
# As much of a value as tells what is meant.
_SHOWN = 60
_STAGE = "Bringing values to Dynamics"


class _Contact(msgspec.Struct, frozen=True):
    id: int
    address: str
    values: Mapping[str, Any]
    changed_on: str = ""


class _Met(msgspec.Struct, frozen=True):
    """A person whose contact has another value than was synchronised last."""

    person: Shadowed
    contact: _Contact


class _Clash(msgspec.Struct, frozen=True):
    """A conflict of one label: both values in words, and whose it is."""

    label: str
    dynamics: str
    dotdigital: str
    winner: Side

    @property
    def said(self) -> str:
        """In words, for the audit."""
        return f"{self.label}: {self.dynamics} in Dynamics, {self.dotdigital} in dotdigital, {self.winner} wins"


class _Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one person. `columns`: what is written to the record, `before`: what it has there; `etag`: as it
    was read; `written`: it was written before the run was interrupted; `rejected`: why nothing is written;
    `conflicts`: what both had changed."""

    met: _Met
    columns: Mapping[str, Value] = {}
    before: Mapping[str, Any] = {}
    etag: str = ""
    labels: tuple[str, ...] = ()
    conflicts: tuple[_Clash, ...] = ()
    reason: str = ""
    rejected: str = ""
    written: bool = False


class How(msgspec.Struct, frozen=True, kw_only=True):
    """`plan`: it ends before anything is written; `apply`: the run whose plan is carried out, and nothing else."""

    plan: bool = False
    apply: str = ""


async def bring(ctx: RunContext, dv: Dataverse, dd: Dotdigital, how: How) -> None:
    """Everything that changed in the account's contacts since the last time, or could not be written then; an item of
    the run. Nothing is asked where no mapping leads to Dynamics."""
    drains = await ctx.read(lambda c: mappings.drains(c, ctx.account_id))
    notes = [each for of_entity in drains.values() for each in of_entity.left_out]
    if not any(each.drains for each in drains.values()) and not notes:
        return
    await ctx.begin_item(ITEM, kind="feed", name="Address books to Dynamics", place=0)
    until = await feeds.server_time(dd)
    feed = _feed(drains)
    since = await feeds.since(ctx, ctx.account_id, feed)
    labels = sorted({each.label for of_entity in drains.values() for each in of_entity.drains})
    done = 0
    if labels:
        waiting = await ctx.read(lambda c: shadows.again(c, ctx.account_id))
        await _page(ctx, dv, drains, await _named(dd, waiting), how)
        number, repeats = 0, False
        async for page in contacts.contact_pages(
            dd, modified_since=None if since == EPOCH else since, data_fields=labels, takes_odd=True
        ):
            odd = odd_answers.unreadable(page.odd, f"{number}/")
            await ctx.write(lambda c: outcomes.record(c, ctx.run_id, ITEM, odd))  # noqa: B023 - awaited here
            latest = until + feeds.AHEAD
            met = [
                _Contact(each.contact_id, normalise(each.email), each.values, _moment(each.updated, latest))
                for each in page.rows
                if each.email
            ]
            await _page(ctx, dv, drains, met, how)
            done, number, repeats = done + len(met), number + 1, repeats or page.repeats
            await ctx.save(ctx.cursor, stage="Reading what changed in dotdigital", done=done)
        if repeats:
            await odd_answers.name_repeating(ctx, ITEM, "contacts")
        elif not how.plan:
            await feeds.advance(ctx, ctx.account_id, feed, until)
    said = "; ".join(f"Not brought - {each}" for each in notes)
    await ctx.write(lambda c: ctx.close_item(c, ITEM, note=said))


def _feed(drains: Mapping[Entity, Drains]) -> str:
    """With other mappings everything is read once more: what they bring has not changed since."""
    named = sorted(
        f"{entity}/{each.label}/{each.column.logical_name}" for entity, of in drains.items() for each in of.drains
    )
    return f"{ITEM}/{hashlib.blake2b(chr(10).join(named).encode(), digest_size=8).hexdigest()}"


async def _named(dd: Dotdigital, ids: Sequence[int]) -> list[_Contact]:
    found = await contacts.retrieve_contacts(dd, ids=ids, with_data=True) if ids else contacts.Retrieved()
    return [_Contact(each.id, normalise(each.email), each.values) for each in found.contacts if each.email]


# Later than anything: where the other side's own clock has said when something was changed.
_ANY = datetime.max.replace(tzinfo=UTC)


def _moment(text: str | None, latest: datetime = _ANY) -> str:
    return text_of(dated(moment(text), latest))


async def _page(
    ctx: RunContext, dv: Dataverse, drains: Mapping[Entity, Drains], page: Sequence[_Contact], how: How
) -> None:
    by_address = {each.address: each for each in page}
    people = await ctx.read(lambda c: shadows.people(c, ctx.account_id, list(by_address)))
    for entity, of_entity in drains.items():
        met = [
            _Met(each, by_address[each.address])
            for each in people
            if each.entity == entity and _differs(each, by_address[each.address], of_entity)
        ]
        if of_entity.drains and met:
            await _merge(ctx, dv, of_entity, met, how)


def _differs(person: Shadowed, contact: _Contact, drains: Drains) -> bool:
    """Whether the contact has a value that both sides have not had yet."""
    for each in drains.drains:
        base = person.base(each.label)
        if isinstance(base, Never) or not same_value(base, contact.values.get(each.label)):
            return True
    return False


@functools.lru_cache(maxsize=16)
def _row_type(drains: Drains, key: str) -> tuple[Any, tuple[str, ...]]:
    """How the records are read, and the field of each drain's column."""
    names: dict[str, str] = {}
    columns: list[tuple[str, Any, Any]] = []
    for each in drains.drains:
        name = each.column.logical_name
        if name not in names:
            names[name] = f"mapped{len(names)}"
            columns.append((names[name], TYPES[each.column.type], msgspec.field(name=name, default=None)))
    fields = [
        ("id", str, msgspec.field(name=key)),
        ("etag", str, msgspec.field(name="@odata.etag", default="")),
        ("changed_on", str | None, msgspec.field(name="modifiedon", default=None)),
        ("odd", tuple[str, ...], msgspec.field(name=ODD_COLUMNS, default=())),
        *columns,
    ]
    made = msgspec.defstruct(f"Merged{drains.entity.title()}", fields, frozen=True, kw_only=True)
    return made, tuple(names[each.column.logical_name] for each in drains.drains)


async def _merge(ctx: RunContext, dv: Dataverse, drains: Drains, met: Sequence[_Met], how: How) -> None:
    table = member_listing.TABLES[drains.entity]
    row_type, fields = _row_type(drains, table.key)
    by_id = {each.person.person_id: each for each in met}
    records: dict[str, Any] = {}
    async for page in dv_rows.pages_where_any(dv, table.entity_set, row_type, table.key, sorted(by_id)):
        records.update((row.id, row) for row in page.rows)
    decided = [_decide(drains, fields, each, records.get(each.person.person_id)) for each in met]
    if how.plan:
        await ctx.save(ctx.cursor, stage=_STAGE, work=functools.partial(_plan, ctx=ctx, drains=drains, decided=decided))
        return
    if how.apply:
        planned = functools.partial(planned_changes.images, plan_id=how.apply, item_id=ITEM, people=sorted(by_id))
        decided = _as_planned(decided, await ctx.read(planned))
    place = Place(ctx.run_id, ITEM, drains.entity.value)
    known = await ctx.read(functools.partial(_begun, ctx=ctx, place=place, people=sorted(by_id)))
    decided = [_as_begun(drains, each, *known) for each in decided]
    writing = [each for each in decided if each.columns]
    others = [each for each in decided if not each.columns]
    # What one call has written is kept before the next: a run that fails has written what it says.
    for start in range(0, max(len(writing), 1), bulk.BATCH):
        ended = await _write(ctx, dv, drains, writing[start : start + bulk.BATCH])
        keep = functools.partial(_keep, ctx=ctx, drains=drains, ended=[*ended, *others])
        await ctx.save(ctx.cursor, stage=_STAGE, work=keep)
        others = []


async def _write(ctx: RunContext, dv: Dataverse, drains: Drains, some: Sequence[_Decided]) -> list[_Decided]:
    """One call's records; what became of each. Where the call fails, what it has written all the same is kept."""
    table = member_listing.TABLES[drains.entity]
    where = bulk.Table(table.entity_set, table.logical_name, table.key)
    place = Place(ctx.run_id, ITEM, drains.entity.value)
    # Kept before it is written: a run that is killed in between finds both sides alike, and what was there before here.
    await ctx.write(functools.partial(_begin, ctx=ctx, place=place, drains=drains, writing=some))
    changes = [(each.met.person.person_id, each.etag, each.columns) for each in some]
    try:
        results = await bulk.update_unmoved(dv, where, changes)
    except DyntuiError:
        wanted = {each.met.person.person_id: each.columns for each in some}
        there = await record_values.holding(dv, drains.entity, wanted)
        ended = [each for each in some if each.met.person.person_id in there]
        await ctx.write(functools.partial(_keep, ctx=ctx, drains=drains, ended=ended))
        raise
    return [_after(each, result) for each, result in zip(some, results, strict=True)]


def _plan(c: Connection, ctx: RunContext, drains: Drains, decided: Sequence[_Decided]) -> None:
    entity = drains.entity.value
    planned_changes.put(c, ctx.run_id, ITEM, [_planned(entity, each) for each in decided if each.columns])
    outcomes.record(c, ctx.run_id, ITEM, [_told(entity, each) for each in decided])


def _planned(entity: str, each: _Decided) -> PlannedChange:
    person = each.met.person
    return PlannedChange(
        item_id=ITEM,
        person=person.person_id,
        entity=entity,
        name=person.name,
        address=person.address,
        effect=BRING,
        reason="",
        before=dict(each.before),
        after=dict(each.columns),
        detail=_conflicts_of(each),
    )


def _as_planned(decided: Sequence[_Decided], planned: planned_changes.Images) -> list[_Decided]:
    """Only what was planned is written: who has other values by now, on either side, is refused by name and tried with
    the next synchronisation."""
    return [each if not each.columns or _is_planned(each, planned) else _moved(each) for each in decided]


def _is_planned(each: _Decided, planned: planned_changes.Images) -> bool:
    before, after = planned.get(each.met.person.person_id, ({}, {}))
    now = each.columns
    return set(now) == set(after) and not moved_fields(now, after) and not moved_fields(each.before, before)


def _moved(each: _Decided) -> _Decided:
    return _Decided(met=each.met, reason="STALE", rejected="not as planned")


_Begun = tuple[dict[str, dict[str, Any]], dict[str, list[conflicts.Met]]]


def _begun(c: Connection, ctx: RunContext, place: Place, people: Sequence[str]) -> _Begun:
    """What the run was about to write when it was interrupted, and the conflicts that it had met."""
    images = applied_changes.begun(c, place, people)
    return images, conflicts.met_by(c, ctx.account_id, ctx.run_id, list(images))


def _as_begun(
    drains: Drains, each: _Decided, images: Mapping[str, Mapping[str, Any]], met: Mapping[str, Sequence[conflicts.Met]]
) -> _Decided:
    """Of whom both sides are found alike because the run has written it already, that is what became of them."""
    after = images.get(each.met.person.person_id)
    if after is None or each.columns or each.rejected:
        return each
    return msgspec.structs.replace(
        each,
        written=True,
        labels=tuple(drain.label for drain in drains.drains if drain.column.logical_name in after),
        conflicts=tuple(
            _Clash(clash.label, clash.dynamics, clash.dotdigital, Side(clash.winner))
            for clash in met.get(each.met.person.person_id, ())
        ),
    )


def _begin(c: Connection, ctx: RunContext, place: Place, drains: Drains, writing: Sequence[_Decided]) -> None:
    applied_changes.begin(c, place, [_image(drains, each) for each in writing])
    _keep_conflicts(c, ctx, drains.entity.value, writing)


def _keep_conflicts(c: Connection, ctx: RunContext, entity: str, of: Sequence[_Decided]) -> None:
    met = [_met(entity, each, clash) for each in of if not each.rejected for clash in each.conflicts]
    conflicts.keep(c, ctx.account_id, ctx.run_id, met, ctx.now())


def _decide(drains: Drains, fields: Sequence[str], met: _Met, row: Any) -> _Decided:
    if row is None:
        return _Decided(met=met, reason="UNKNOWN_PERSON", rejected=f"there is no {drains.entity} any more")
    columns: dict[str, Value] = {}
    before: dict[str, Any] = {}
    labels: list[str] = []
    clashes: list[_Clash] = []
    for each, field in zip(drains.drains, fields, strict=True):
        name = each.column.logical_name
        if name in row.odd:
            return _refused(met, Rejected(name, "what Dynamics gave cannot be read"))
        found = _one(each, getattr(row, field), row.changed_on or "", met)
        if isinstance(found, Rejected):
            return _refused(met, found)
        merged, value, (here, there) = found
        if merged.winner is not None:
            clashes.append(_Clash(each.label, here, there, merged.winner))
        if merged.to is Side.DYNAMICS:
            columns[name], before[name] = value, getattr(row, field)
            labels.append(each.label)
    return _Decided(
        met=met, columns=columns, before=before, etag=row.etag, labels=tuple(labels), conflicts=tuple(clashes)
    )


def _one(drain: Drain, column: Any, changed_on: str, met: _Met) -> tuple[Merged, Value, tuple[str, str]] | Rejected:
    """The merge of one value, what the column is to hold where it is to be told, and both values in words."""
    here = convert(column, drain.column, drain.label_type, Direction.TO_DOTDIGITAL, choice=drain.choice)
    if isinstance(here, Rejected):
        return here
    said = met.contact.values.get(drain.label)
    there = None if isinstance(said, str) and not said.strip() else said
    merged = merge(
        met.person.base(drain.label),
        Read(here.value, _moment(changed_on)),
        Read(there, met.contact.changed_on),
        drain.rule,
    )
    shown = (_short(here.value), _short(there))
    if merged.to is not Side.DYNAMICS:
        return merged, None, shown
    value = convert(merged.value, drain.column, drain.label_type, Direction.TO_DYNAMICS, choice=drain.choice)
    return value if isinstance(value, Rejected) else (merged, value.value, shown)


def _short(value: object) -> str:
    text = "empty" if value is None else repr(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refused(met: _Met, why: Rejected) -> _Decided:
    return _Decided(met=met, reason=why.gate.reason, rejected=why.gate.detail)


def _after(each: _Decided, result: bulk.RowResult) -> _Decided:
    if result.error is None:
        return each
    if bulk.has_moved(result):
        return msgspec.structs.replace(each, reason="STALE", rejected="changed in Dynamics meanwhile")
    return msgspec.structs.replace(each, reason="REJECTED", rejected=f"Dynamics: {result.error.message}")


def _keep(c: Connection, ctx: RunContext, drains: Drains, ended: Sequence[_Decided]) -> None:
    entity = drains.entity.value
    done = [Done(each.met.person.person_id, None, False) for each in ended if not each.rejected]
    refused = [each.met.person.person_id for each in ended if each.rejected]
    applied_changes.settle(c, Place(ctx.run_id, ITEM, entity), done, refused)
    outcomes.record(c, ctx.run_id, ITEM, [_told(entity, each) for each in ended])
    _keep_conflicts(c, ctx, entity, ended)
    shadows.keep(c, ctx.account_id, [_shadow(drains, each) for each in ended if each.reason != "UNKNOWN_PERSON"])


def _conflicts_of(each: _Decided) -> str:
    return "; ".join(clash.said for clash in each.conflicts)


def _met(entity: str, each: _Decided, clash: _Clash) -> conflicts.Met:
    person = each.met.person
    return conflicts.Met(
        person=person.person_id,
        entity=entity,
        name=person.name,
        address=person.address,
        label=clash.label,
        dynamics=clash.dynamics,
        dotdigital=clash.dotdigital,
        winner=clash.winner.value,
    )


def _image(drains: Drains, each: _Decided) -> AppliedChange:
    return AppliedChange(
        item_id=ITEM,
        target=drains.entity.value,
        person=each.met.person.person_id,
        entity=drains.entity.value,
        name=each.met.person.name,
        address=each.met.person.address,
        effect=UPDATE,
        before=dict(each.before),
        after=dict(each.columns),
    )


def _shadow(drains: Drains, each: _Decided) -> Kept:
    """What the contact has is what was seen of it, unless something of it could not be written: then what both sides
    had stays what it was."""
    person, contact = each.met.person, each.met.contact
    seen = {drain.label: contact.values.get(drain.label) for drain in drains.drains}
    if each.rejected:
        known = {label: person.base(label) for label in seen}
        seen = {label: base for label, base in known.items() if not isinstance(base, Never)}
    return Kept(
        person_id=person.person_id,
        contact_id=contact.id,
        values={**person.seen, **seen},
        fingerprint=person.fingerprint,
        again=bool(each.rejected),
    )


def _told(entity: str, each: _Decided) -> PersonOutcome:
    person = each.met.person
    if each.rejected:
        outcome = Outcome.EXCLUDED if each.reason == "UNKNOWN_PERSON" else Outcome.REJECTED
    else:
        outcome = Outcome.UPDATED if each.columns or each.written else Outcome.UNCHANGED
    detail = each.rejected or _conflicts_of(each) or ", ".join(each.labels)
    return PersonOutcome(
        entity=entity,
        person=person.person_id,
        name=person.name,
        address=person.address,
        outcome=outcome,
        reason=each.reason,
        detail=detail,
        also=("CONFLICT",) if each.conflicts else (),
    )
