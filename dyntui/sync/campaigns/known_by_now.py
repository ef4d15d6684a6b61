"""What recipients did whom Dynamics did not know when the results of their campaign were read, and who have come onto a
list since: an old campaign may have no news for months.

Who came onto a list, or changed on it, is told by the intervals of `dyntui.store.intervals`, which a synchronisation of
lists adds for them and for nobody else.
"""

from __future__ import annotations

from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError
from dyntui.store import campaigns, outcomes, recipients, watermarks
from dyntui.store.campaigns import Campaign
from dyntui.sync import parts
from dyntui.sync.campaigns import engagement_rows
from dyntui.sync.run_context import RunContext

_MARK = "campaign-recipients/known"
_AT_ONCE = 5000
_NOTE = "Dynamics was told of recipients who have come onto a list since its results were read"


async def tell(ctx: RunContext, dv: Dataverse, account_id: str, read: frozenset[int]) -> None:
    """Of campaigns whose results were read to their end before; those `read` in this run have told of everybody. Each
    is an item of the run."""
    found: set[int] = set()
    last = int(await ctx.read(lambda c: watermarks.get(c, account_id, _MARK)) or 0)
    while True:
        met = await ctx.read(lambda c: recipients.met_since(c, account_id, last, _AT_ONCE))  # noqa: B023 - awaited here
        found |= met.campaigns
        last = met.last
        if not met.more:
            break
    # Begun before the run was interrupted: everybody may have been told of by now.
    found.update(int(each) for each in await ctx.read(lambda c: outcomes.in_process(c, ctx.run_id)) if each.isdecimal())
    for place, campaign_id in enumerate(sorted(found - read)):
        known = await ctx.read(lambda c: campaigns.get(c, account_id, campaign_id))  # noqa: B023 - awaited here
        if known is not None and known.results_on:
            await _tell(ctx, dv, known, len(read) + place)
    await ctx.write(lambda c: watermarks.put(c, account_id, _MARK, str(last)))


async def _tell(ctx: RunContext, dv: Dataverse, known: Campaign, place: int) -> None:
    kinds = (await ctx.read(lambda c: campaigns.reading(c, known))).kinds
    if not kinds:
        return
    item = str(known.id)
    await ctx.begin_item(item, kind="campaign", name=known.name, place=place)
    try:
        await engagement_rows.tell(
            ctx, dv, known.account_id, known.id, kinds, f"Telling Dynamics who was mailed {known.name}"
        )
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        await ctx.fail_item(item, error)
        return
    await ctx.save(
        ctx.cursor,
        stage=f"Telling Dynamics who was mailed {known.name}",
        work=lambda c: ctx.close_item(c, item, read=0, note=_NOTE),
    )
