"""A marketing list synchronised for one person alone, end to end, before everybody else is.

The list and its book are read, and everybody is decided about, as ever: which of several records has an address, and
whether too many would leave, is a question about all of them. What was decided of the others is given up again, so
that nothing is written for them, and the next synchronisation finds them as they were.

Public: `decide(ctx, dv, chosen, address, mark, cursor, settle)`, `close(ctx, chosen, mark, note)`,
`require_somebody(ctx, address)`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.model.cursors import ListsCursor, OneList
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.model.outcomes import RunStatus
from dyntui.store import lists as list_store
from dyntui.store import members, outcomes, reading_places, trials
from dyntui.store import suppressions as suppression_store
from dyntui.store.lists import StoredList
from dyntui.sync import list_removals
from dyntui.sync.run_context import RunContext

_NOBODY = "Nobody here has the address"


async def decide(
    ctx: RunContext,
    dv: Dataverse,
    chosen: StoredList,
    address: str,
    mark: str,
    cursor: OneList,
    settle: Callable[[Connection], None],
) -> None:
    """What is to be done with those of a read list who have the address, or are in its book with it. `settle` decides
    about everybody; the `cursor` goes on from there. A list on which there is nobody is through."""
    only = await ctx.read(lambda c: members.with_address(c, chosen.id, mark, address))
    if not only:

        def end(c: Connection) -> None:
            ctx.close_item(c, chosen.id, note=_NOBODY)
            list_store.release(c, chosen.id, ctx.run_id)

        done = replace(cursor, step="done", status=RunStatus.COMPLETED.value)
        await ctx.save(done, stage=f"Finished {chosen.name}", work=end)
        return
    short = await list_removals.short_of(ctx, dv, chosen)
    typed = ctx.at(ListsCursor).typed

    def decided(c: Connection) -> None:
        # Whom a synchronisation would suppress in dotdigital first counts as suppressed, as in a plan.
        with (
            suppression_store.supposed(c, chosen.account_id, typed, ctx.now()),
            trials.on_trial(c, chosen.id, but=only),
        ):
            settle(c)
            list_removals.hold(c, chosen, short, mark)

    await ctx.save(
        replace(cursor, step="remove", guarded=True, only=only), stage=f"Comparing {chosen.name}", work=decided
    )


async def close(ctx: RunContext, chosen: StoredList, mark: str, note: Callable[[Connection], str]) -> None:
    """The item's people are those about whom it was. The list itself was not synchronised: neither its status nor when
    it last was changes."""
    at = ctx.at(OneList)

    def end(c: Connection) -> None:
        outcomes.record(c, ctx.run_id, chosen.id, members.became(c, chosen.id, at.only))
        ctx.close_item(c, chosen.id, read=len(at.only), note=note(c))
        members.forget_left(c, chosen.id, mark)
        if at.in_book >= 0:
            reading_places.put(c, chosen.id, book_count=at.in_book + at.joined - at.left)
        list_store.release(c, chosen.id, ctx.run_id)

    done = replace(at, step="done", status=RunStatus.COMPLETED.value)
    await ctx.save(done, stage=f"Finished {chosen.name}", work=end)


async def require_somebody(ctx: RunContext, address: str) -> None:
    """Raises PERSON_NOT_ON_LIST where no list of the run has the person, and none failed."""
    items = await ctx.read(lambda c: outcomes.items(c, ctx.run_id))
    lists = [each for each in items if each.kind == "list"]
    if any(each.tally.read or each.status is RunStatus.FAILED for each in lists):
        return
    raise DyntuiError(
        "PERSON_NOT_ON_LIST",
        f"Nobody on {', '.join(each.name for each in lists) or 'any list'} has the address {shown(address)}, and nobody"
        " in an address book of theirs is known by it.",
        not_done="Nothing was changed.",
        remedy=f"See which lists the person is on: `dyntui people search {shlex.quote(shown(address))}`.",
        exit=Exit.USAGE,
    )
