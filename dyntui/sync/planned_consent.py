"""Opt-outs in a plan, by name: who would be suppressed in dotdigital, get a suppression row in Dynamics, have
flags set on their records or taken back.

They wait for no plan: whoever carries one out exchanges what is so by then.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from dyntui.dataverse.http import Dataverse
from dyntui.model.plans import FLAG, OPT_OUTS, SUPPRESS, UNFLAG, PlannedChange
from dyntui.store import lifts, planned_changes
from dyntui.store import suppressions as suppression_store
from dyntui.sync import flags_taken_back, record_flags
from dyntui.sync.record_flags import ToSet
from dyntui.sync.run_context import RunContext

_IN_DOTDIGITAL = "in dotdigital, as a row in Dynamics asks: it takes the contact out of every address book"
# Read from the store, and looked up in Dynamics, at once.
_BATCH = 1000


async def keep(ctx: RunContext, dv: Dataverse, account_id: str, typed: Sequence[str]) -> None:
    """What a synchronisation would write of consent before anything else becomes part of the plan. `typed`: the
    addresses that rows in Dynamics ask dotdigital to suppress."""
    asked = {each: _suppressed(each, "SUPPRESSED", _IN_DOTDIGITAL) for each in typed}
    await _put(ctx, list(asked.values()))
    after, flagged = "", list(typed)
    while some := await ctx.read(
        functools.partial(suppression_store.unwritten, account_id=account_id, limit=_BATCH, after=after)
    ):
        after = some[-1].address
        flagged += [each.address for each in some]
        await _put(
            ctx,
            [
                _suppressed(each.address, each.reason, f"a suppression row in Dynamics: {each.status}")
                for each in some
                if each.address not in asked
            ],
        )
    await _put(ctx, [_flagged(each, FLAG) for each in await record_flags.to_be_set(ctx, dv, account_id, flagged)])
    untold = [each.address for each in await ctx.read(lambda c: lifts.untold(c, account_id))]
    again = await ctx.read(lambda c: suppression_store.suppressed_among(c, untold))
    ended = sorted({*untold} - again)
    await _put(ctx, [_flagged(each, UNFLAG) for each in await flags_taken_back.to_be_taken_back(ctx, dv, ended)])


async def _put(ctx: RunContext, rows: Sequence[PlannedChange]) -> None:
    if rows:
        await ctx.write(lambda c: planned_changes.put(c, ctx.run_id, OPT_OUTS, rows))


def _suppressed(address: str, reason: str, detail: str) -> PlannedChange:
    return PlannedChange(
        item_id=OPT_OUTS,
        person=address,
        entity="",
        name="",
        address=address,
        effect=SUPPRESS,
        reason=reason,
        before=None,
        after=None,
        detail=detail,
    )


def _flagged(each: ToSet, effect: str) -> PlannedChange:
    return PlannedChange(
        item_id=OPT_OUTS,
        person=each.person,
        entity=each.entity.value,
        name=each.name,
        address=each.address,
        effect=effect,
        reason="SUPPRESSED",
        before=dict.fromkeys(each.columns, effect == UNFLAG),
        after=dict.fromkeys(each.columns, effect == FLAG),
    )
