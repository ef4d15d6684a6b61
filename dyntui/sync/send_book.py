"""The address book of a send against those who may be mailed: before the send is asked for it holds exactly them."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from dyntui.dotdigital import contacts
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import people_of
from dyntui.model.cursors import SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.people import normalise
from dyntui.model.reasons import reason_of_status
from dyntui.store import counts, target_people
from dyntui.store.sends import Send
from dyntui.store.target_people import Resolved
from dyntui.sync import lists_left, suppressions
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_recipients import some_left

# Listings may lag behind imports (dotdigital_api.md 5.6): people who do not show are waited for, a quarter of an hour.
_UNTIL_LISTED = (5.0, 10.0, 15.0, 30.0, *(60.0,) * 14)
# A removal that is completed may take effect later: the book is read after a minute, and again.
_UNTIL_REMOVED = 60.0
_MOST_REMOVALS = 15
# Of so many people who do not show their contacts are asked why.
_MOST_ASKED = 10 * contacts.CHUNK

_INCLUDED = ("channelProperties", lists_left.INCLUDED)


async def make_exact(ctx: RunContext, dd: Dotdigital, this: Send, *, at_last: bool = False) -> bool:
    """The book against the people shown: nobody more may be in it, and nobody whom the platform would not mail. False:
    some do not show, however long they were waited for; they are left out `at_last`."""
    shown: frozenset[str] = frozenset()
    removals = 0
    asked = False
    left_by = await lists_left.books(ctx, this.account_id, this.list_ids)
    while True:
        refused, missing, others, left = await _compared(ctx, dd, this, left_by)
        if left:
            # Contacts say so themselves: they are to be out of the book as well.
            await ctx.write(lambda c: counts.recheck(c, this.count_id))
            await some_left(ctx, this)
            continue
        if not asked and 0 < len(missing) <= _MOST_ASKED:
            asked = True
            if await _suppressed_among(ctx, dd, this, missing):
                continue
        await ctx.write(lambda c: target_people.resolve(c, this.count_id, refused))  # noqa: B023 - awaited here
        if others and not shown:
            shown = await ctx.read(lambda c: target_people.addresses(c, this.count_id))
        left_out = [contact_id for address, contact_id in others.items() if address in shown]
        if len(left_out) < len(others) or removals > _MOST_REMOVALS:
            raise _not_exact(len(others))
        waits = ctx.at(SendCursor).unlisted
        if not left_out and missing and waits < len(_UNTIL_LISTED):
            cursor = replace(ctx.at(SendCursor), unlisted=waits + 1)
            await ctx.save(cursor, stage="Waiting until the recipients show", of=this.sendable)
            await ctx.sleep(_UNTIL_LISTED[waits])
            continue
        if not left_out and missing:
            if not at_last:
                return False
            left_out = await _unseen(ctx, this, missing)
        if not left_out:
            break
        await taken_out(ctx, dd, this, left_out)
        removals += 1
    await some_left(ctx, this)
    return True


async def _suppressed_among(ctx: RunContext, dd: Dotdigital, this: Send, missing: list[Resolved]) -> bool:
    """Whether some do not show because dotdigital suppresses them, as their contacts say: that is the reason then."""
    people = {each.person_id for each in missing}
    wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
    found = await contacts.retrieve_contacts(dd, emails=[each for each, person in wanted.items() if person in people])
    said = [suppressions.Said(each.email, each.status, each.id) for each in found.contacts]
    if not await suppressions.learn_statuses(ctx, this.account_id, said):
        return False
    await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await some_left(ctx, this)
    return True


async def _unseen(ctx: RunContext, this: Send, missing: list[Resolved]) -> list[int]:
    """Leaves out who did not show for long; their contacts, where known, must not be in the book either."""
    people = [each.person_id for each in missing]
    known = await ctx.read(lambda c: target_people.contact_ids(c, this.count_id, people))
    await ctx.write(lambda c: target_people.resolve(c, this.count_id, missing))
    return known


def _not_exact(people: int) -> DyntuiError:
    return DyntuiError(
        "SEND_BOOK_NOT_EXACT",
        f"The address book of the send holds {people_of(people)} who may not be mailed.",
        not_done="Nothing was sent, and no send was created.",
        remedy="Somebody else writes to this address book in dotdigital, or contacts do not leave it: mend that, then "
        "send again.",
    )


async def taken_out(ctx: RunContext, dd: Dotdigital, this: Send, contact_ids: Collection[int]) -> None:
    await take_out(ctx, dd, this.book_id, list(contact_ids))
    await ctx.save(ctx.cursor, stage="Waiting until people have left the address book", of=this.sendable)
    await ctx.sleep(_UNTIL_REMOVED)


async def _compared(
    ctx: RunContext, dd: Dotdigital, this: Send, left_by: lists_left.Books
) -> tuple[list[Resolved], list[Resolved], dict[str, int], bool]:
    """The book page by page against those to be mailed: whom the platform would not mail, who is missing, everybody who
    must not stay in it, by address with the contact's id, and whether somebody has left a target list of whom that was
    not known. Of the others nothing is kept: a book may hold a million."""
    wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
    refused: list[Resolved] = []
    others: dict[str, int] = {}
    left = False
    async for page in contacts.contact_pages(dd, list_id=this.book_id, include=_INCLUDED):
        left |= await lists_left.learn(ctx, left_by, page.rows)
        for each in page.rows:
            address = normalise(each.email)
            person_id = wanted.get(address)
            reason = reason_of_status(each.email_status)
            if person_id is None or reason:
                others[address] = each.contact_id
            if person_id and reason:
                refused.append(Resolved(person_id, Outcome.EXCLUDED, reason, each.email_status))
            if person_id is not None:
                # Found; a page may show somebody again.
                wanted[address] = ""
    detail = "not in the address book of the send"
    missing = [Resolved(person_id, Outcome.REJECTED, "REJECTED", detail) for person_id in wanted.values() if person_id]
    return refused, missing, others, left
