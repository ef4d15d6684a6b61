"""Who leaves a marketing list's address book: whom the guard holds, and the others taken out page by page.

Public: `guard_leavers(ctx, dv, chosen, title, mark)`, `take_out_leavers(ctx, dd, chosen, title, mark)`,
`short_of(ctx, dv, chosen)`, `hold(c, chosen, short, mark)`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import OneList
from dyntui.model.guard import guard
from dyntui.store import accounts, applied_changes, leaving, members, reading_places, shadows, staging
from dyntui.store.leaving import Leaver
from dyntui.store.lists import StoredList
from dyntui.sync import before_images, list_state, sight
from dyntui.sync.list_state import ListRow
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext

_PAGE = 5000


async def guard_leavers(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str, mark: str) -> None:
    """Of those who would leave the book without having withdrawn consent too many are held, and all of them when the
    listing came back empty or the service does not see every record. Once for a listing, before anybody leaves: a share
    means something only of the whole book."""
    going = await ctx.read(lambda c: leaving.to_be_guarded(c, chosen.id, mark))
    short = await short_of(ctx, dv, chosen) if going else []
    await ctx.save(
        replace(ctx.at(OneList), guarded=True), stage=f"Comparing {title}", work=lambda c: hold(c, chosen, short, mark)
    )


async def short_of(ctx: RunContext, dv: Dataverse, chosen: StoredList) -> list[str]:
    """What the service does not see of the records, and of what a dynamic list's query asks about them, in words:
    absence from the list proves nothing then."""
    short = await sight.short_reads(ctx, dv)
    row = await dv_lists.marketing_list(dv, chosen.id, ListRow) if chosen.dynamic else None
    if row is not None and row.query and (await list_state.read_by(dv, row)).caller is None:
        short += await sight.not_seen(ctx, dv, row.query)
    return short


async def take_out_leavers(ctx: RunContext, dd: Dotdigital, chosen: StoredList, title: str, mark: str) -> None:
    """Takes out of the book who withdrew consent, is excluded now, has another address or has left the list, and is not
    held. A contact whose address another member has taken over stays."""
    done, after, only = 0, -1, ctx.at(OneList).only
    while page := await ctx.read(
        lambda c: leaving.leavers(c, chosen.id, mark, after, _PAGE)  # noqa: B023 - awaited here
    ):
        after = page[-1].seq
        some = [each for each in page if not only or each.person_id in only]
        if not some:
            continue
        gone = [each.contact_id for each in some if each.contact_id is not None and not each.in_use]
        # Kept before it is done: a run that fails meanwhile has taken out whom the next one does not find.
        about_to = functools.partial(_about_to_remove, ctx=ctx, chosen=chosen, some=some)
        await ctx.write(about_to)
        await take_out(ctx, dd, chosen.book_id, gone)
        done += len(some)
        at = ctx.at(OneList)
        await ctx.save(
            replace(at, left=at.left + len(gone)),
            stage=f"Removing from {title}",
            done=done,
            work=functools.partial(_removed, ctx=ctx, chosen=chosen, some=some, mark=mark),
        )
    await ctx.save(replace(ctx.at(OneList), step="import"), stage=f"Importing {title}")


def _about_to_remove(c: Connection, ctx: RunContext, chosen: StoredList, some: Sequence[Leaver]) -> None:
    applied_changes.keep_removed(c, before_images.book_place(ctx, chosen), chosen.id, some, begun=True)


def _removed(c: Connection, ctx: RunContext, chosen: StoredList, some: Sequence[Leaver], mark: str) -> None:
    applied_changes.keep_removed(c, before_images.book_place(ctx, chosen), chosen.id, some)
    known = shadows.people(c, chosen.account_id, [each.sent_address for each in some if not each.in_use])
    leaving.remove(c, chosen.id, mark, [each.person_id for each in some])
    shadows.outlast(c, chosen.account_id, known)
    leaving.hand_over(c, chosen.id, mark, some)


def hold(c: Connection, chosen: StoredList, short: Sequence[str], mark: str) -> None:
    """`short`: what `short_of` has answered."""
    going = leaving.to_be_guarded(c, chosen.id, mark)
    if not going:
        return
    listed = staging.listed(c, chosen.id, mark)
    limits = accounts.removal_limits(c, chosen.account_id)
    held = guard(going, members.in_book(c, chosen.id), listed, reading_places.doubt(c, chosen.id), limits)
    if short:
        held = f"the service does not see every record: {', '.join(short)}"
    if held:
        leaving.hold(c, chosen.id, mark, held)
