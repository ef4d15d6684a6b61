"""What is there before a run writes it: kept before the remote system is asked, settled when it has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Contact, Person
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportResult
from dyntui.model.changes import AppliedChange, differing
from dyntui.model.people import normalise
from dyntui.model.plans import ADD, UPDATE
from dyntui.store import applied_changes
from dyntui.store.applied_changes import Done, Place
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Pending
from dyntui.sync.imports import Fate
from dyntui.sync.run_context import RunContext

# Where more wait for an import, what dotdigital holds of them is not read first, 500 a call: what was sent last counts.
MOST_READ = 20_000


def book_place(ctx: RunContext, chosen: StoredList) -> Place:
    """A marketing list's address book, as what a run writes to."""
    return Place(ctx.run_id, chosen.id, book_target(chosen.book_id))


# What the name of an address book as a place begins with.
BOOK = "book:"


def book_target(book_id: int) -> str:
    return f"{BOOK}{book_id}"


async def held(dd: Dotdigital, addresses: Sequence[str], waiting: int) -> dict[str, Contact] | None:
    """The contacts that exist of the people of an import that is about to start, by address. None where so many wait
    (`waiting`: altogether) that they are not read."""
    if waiting > MOST_READ:
        return None
    found = await contacts.retrieve_contacts(dd, emails=addresses, with_data=True)
    return {normalise(each.email): each for each in found.contacts}


async def begin_import(
    ctx: RunContext, chosen: StoredList, batch: Sequence[Pending], there: Mapping[str, Contact] | None
) -> None:
    """Keeps what dotdigital holds of the people of an import that is about to start. `there`: what `held` has
    answered."""
    place = book_place(ctx, chosen)
    values = None if there is None else {address: dict(each.values) for address, each in there.items()}
    rows = [row for each in batch if (row := _change(place, each, values)) is not None]
    await ctx.write(lambda c: applied_changes.begin(c, place, rows))


def _change(place: Place, person: Pending, held: dict[str, dict[str, Any]] | None) -> AppliedChange | None:
    """What importing somebody will change; None where it changes nothing."""
    in_book = person.sent_address == person.address
    there = person.sent if held is None else held.get(person.address)
    after: dict[str, Any] = dict(person.fields)
    before: dict[str, Any] | None = None
    if there is not None:
        before, after = differing(there, after)
    if in_book and before == {}:
        return None
    return AppliedChange(
        item_id=place.item_id,
        target=place.target,
        person=person.person_id,
        entity=person.entity,
        name=person.name,
        address=person.address,
        effect=UPDATE if in_book else ADD,
        before=before,
        after=after,
        known=held is not None or there is not None,
        contact_id=person.contact_id,
        created=held is not None and there is None,
    )


def there_already(batch: Sequence[Pending], there: Mapping[str, Contact | Person] | None) -> list[Pending]:
    """Those who are in the book as they are to be: importing them would change nothing. `there`: what `held` has
    answered."""
    if there is None:
        return []
    return [
        each
        for each in batch
        if each.sent_address == each.address
        and each.address in there
        and differing(dict(there[each.address].values), dict(each.fields))[0] == {}
    ]


def settle_import(
    c: Connection, place: Place, batch: Sequence[Pending], found: Sequence[Fate], result: ImportResult
) -> None:
    """What became of them. Within `work`."""
    people = {each.address: each.person_id for each in batch}
    made = {normalise(each.email) for each in result.created or ()}
    done = [Done(people[each.address], each.contact_id, each.address in made) for each in found if not each.reason]
    applied_changes.settle(c, place, done, [people[each.address] for each in found if each.reason])
