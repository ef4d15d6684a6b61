"""Whom one email account suppresses is suppressed in the others too, unless that is switched off for it.

Copied is what people want or what harms a sender: who asked not to be mailed, complained, or was suppressed by hand.
That a mail could not be delivered is left to each account. Who is no contact of an account cannot be suppressed there;
dyntui adds nobody whom another account suppresses, so they are only asked for again once a day.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import due_again, moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import is_address
from dyntui.store import outcomes, watermarks
from dyntui.store import suppressions as suppression_store
from dyntui.store.suppressions import OfOther, Suppression
from dyntui.sync import suppressions, written_consent
from dyntui.sync.run_context import RunContext

_COPIED, _WHOLE = "copied-suppressions", "copied-suppressions/whole"
_WHOLE_EVERY = timedelta(days=1)
# As many as dotdigital takes in one call.
_AT_ONCE = 500
_STAGE = "Copying suppressions of the other email accounts"


async def copy(ctx: RunContext, dd: Dotdigital, account_id: str, item: str) -> None:
    """What was learned of the other accounts since the last time, and once a day all of it, into this one."""
    now = ctx.moment()
    whole_on = moment_of(await ctx.read(lambda c: watermarks.get(c, account_id, _WHOLE)))
    whole = due_again(whole_on, now, _WHOLE_EVERY)
    since = "" if whole else await ctx.read(lambda c: watermarks.get(c, account_id, _COPIED))
    after = ""
    while some := await ctx.read(
        lambda c: suppression_store.of_others(c, account_id, since, after, _AT_ONCE)  # noqa: B023 - awaited here
    ):
        after = some[-1].address
        latest = text_of(dd.connection.clock_of(ctx.moment()))
        said = {each.address: each.suppressed_on or latest for each in some if is_address(each.address)}
        # Who has subscribed again in this account since is not suppressed by what was said before.
        asked = await ctx.read(
            functools.partial(
                suppressions.not_suppressed_yet, account_id=account_id, asked=said, ahead=dd.connection.ahead
            )
        )
        rows: list[Suppression] = []
        if asked:
            await ctx.write(functools.partial(written_consent.begin_suppressing, run_id=ctx.run_id, addresses=asked))
            rows = [each for each in await suppressions.suppress(dd, asked) if each.in_feed]
        keep = functools.partial(_keep, ctx=ctx, account_id=account_id, item=item, rows=rows, some=some)
        await ctx.save(ctx.cursor, stage=_STAGE, work=keep)

    def advance(c: Connection) -> None:
        watermarks.put(c, account_id, _COPIED, text_of(now))
        if whole:
            watermarks.put(c, account_id, _WHOLE, text_of(now))

    await ctx.write(advance)


def _keep(
    c: Connection, *, ctx: RunContext, account_id: str, item: str, rows: Sequence[Suppression], some: Sequence[OfOther]
) -> None:
    suppression_store.record(c, account_id, rows, ctx.now())
    sources = {each.address: each for each in some}
    people = [
        PersonOutcome(
            person=each.address,
            address=each.address,
            outcome=Outcome.ADDED,
            detail=f"copied from {sources[each.address].account}: {sources[each.address].status}",
        )
        for each in rows
    ]
    outcomes.record(c, ctx.run_id, item, people)
    written_consent.settle_suppressed(c, ctx.run_id, account_id)
