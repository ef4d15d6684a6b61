"""Values of contacts that were never synchronised, although a data mapping takes them both ways: an import, which
carries all fields of a person, would write over them before anybody has compared them (`dyntui.model.merge`).

They stay as they are: the contact gets the other fields, and the next reading of dotdigital merges what was left out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital.contacts import Contact
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.changes import moved_fields
from dyntui.model.labels import LabelType
from dyntui.model.merge import undecided
from dyntui.model.payloads import fingerprint
from dyntui.model.people import Entity
from dyntui.model.plans import PlannedChange
from dyntui.store import mappings, planned_changes, shadows
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Acknowledged, Pending
from dyntui.store.shadows import Contacted
from dyntui.sync import before_images
from dyntui.sync.run_context import RunContext

Kept = Mapping[str, tuple[str, ...]]
"""The labels that stay as dotdigital has them, by address."""


async def both_ways(ctx: RunContext, chosen: StoredList) -> dict[str, LabelType]:
    """The labels of a list's people that go both ways, with their types."""
    drains = await ctx.read(lambda c: mappings.drains(c, chosen.account_id))
    return {each.label: each.label_type for each in drains[Entity(chosen.member_type)].drains if each.back}


async def theirs(
    ctx: RunContext, dd: Dotdigital, chosen: StoredList, batch: Sequence[Pending], there: Mapping[str, Contact] | None
) -> Kept:
    """What stays of those of an import that is about to start. `there`: their contacts, by address; None: they were not
    read, and those of newcomers are."""
    labels = await both_ways(ctx, chosen)
    if not labels:
        return {}
    if there is None:
        new = [each.address for each in batch if not (each.in_book and {*labels} <= (each.sent or {}).keys())]
        there = await before_images.held(dd, new, 0) or {}
    people = {each.address: (each.person_id, each.fields) for each in batch}
    return await ctx.read(
        functools.partial(_kept, account_id=chosen.account_id, labels=labels, people=people, there=there)
    )


_People = Mapping[str, tuple[str, Mapping[str, object]]]


def _kept(
    c: Connection, account_id: str, labels: Mapping[str, LabelType], people: _People, there: Mapping[str, Contact]
) -> dict[str, tuple[str, ...]]:
    asked: dict[str, tuple[str, ...]] = {}
    for address, (_, fields) in people.items():
        if address in there and (some := undecided(labels, fields, there[address].values)):
            asked[address] = some
    to = {address: Contacted(people[address][0], there[address].id) for address in asked}
    known = shadows.known_labels(c, account_id, to)
    found: dict[str, tuple[str, ...]] = {}
    for address, some in asked.items():
        person, synchronised = people[address][0], known.get(address, {})
        # What another record has sent to the contact is that record's, and nothing that this one is to be told.
        if synchronised.keys() <= {person} and (
            rest := tuple(label for label in some if label not in synchronised.get(person, ()))
        ):
            found[address] = rest
    return found


def without(batch: Sequence[Pending], kept: Kept) -> list[Pending]:
    """They with the fields that are imported of them."""
    return [
        replace(each, fields={name: value for name, value in each.fields.items() if name not in kept[each.address]})
        if each.address in kept
        else each
        for each in batch
    ]


def acknowledged(each: Pending, contact_id: int | None, kept: Kept) -> Acknowledged:
    """Somebody of `without` who is in the book now."""
    if each.address not in kept:
        return Acknowledged(each.address, contact_id)
    return Acknowledged(
        each.address,
        contact_id,
        sent=each.fields,
        fingerprint=fingerprint(each.address, each.fields),
        detail=said(kept[each.address]),
    )


def said(labels: Sequence[str]) -> str:
    """What the audit and a plan say of them."""
    return f"{', '.join(labels)}: stays as dotdigital has it until the next synchronisation compares it with Dynamics"


def look_again(
    c: Connection, account_id: str, people: Sequence[Pending], contacts: Mapping[str, int], kept: Kept
) -> None:
    """The next reading of dotdigital looks at those of whom something stays (`contacts`: ids by address), whether their
    contacts change or not. Within `work`."""
    shadows.look_again(
        c,
        account_id,
        {
            each.person_id: contacts[each.address]
            for each in people
            if each.address in kept and each.address in contacts
        },
    )


async def of_plan(
    ctx: RunContext, dd: Dotdigital, chosen: StoredList, there: Mapping[str, Contact] | None, *, mends: bool
) -> functools.partial[None] | None:
    """What takes the values that would stay out of a plan of the list, once that is kept; None: there are none.
    `there`: the contacts of who is not in the book; `mends`: the others are meant to be written over."""
    labels = await both_ways(ctx, chosen)
    if not labels:
        return None
    met = dict(there or {})
    if not mends:
        waiting = await ctx.read(lambda c: shadows.in_book_and_waiting(c, chosen.account_id, chosen.id))
        met |= await before_images.held(dd, waiting, 0) or {}
    return functools.partial(_leave_out, run_id=ctx.run_id, chosen=chosen, labels=labels, there=met)


def _leave_out(
    c: Connection, run_id: str, chosen: StoredList, labels: Mapping[str, LabelType], there: Mapping[str, Contact]
) -> None:
    planned = planned_changes.imported(c, run_id, chosen.id, list(there))
    people = {each.address: (each.person, each.after or {}) for each in planned}
    kept = _kept(c, chosen.account_id, labels, people, there)
    rows = [(each.person, kept[each.address], said(kept[each.address])) for each in planned if each.address in kept]
    planned_changes.keep_back(c, run_id, chosen.id, rows)
    nothing = [
        each.person
        for each in planned
        if each.address in kept and each.before is not None and _is_alike(each, kept[each.address])
    ]
    planned_changes.without_change(c, run_id, chosen.id, nothing)


def _is_alike(each: PlannedChange, kept: Sequence[str]) -> bool:
    """Whether nothing is sent but what was sent before."""
    sent = {label: value for label, value in (each.after or {}).items() if label not in kept}
    return not moved_fields(each.before or {}, sent)
