"""What follows a send once its mails are out: lists that are cleared lose whom it was about, and others whom it found
suppressed, where the email account says so."""

from __future__ import annotations

from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError
from dyntui.store import send_waves
from dyntui.store.sends import Send
from dyntui.sync import as_confirmed, clearing, suppressed_targets
from dyntui.sync.run_context import RunContext


async def take_off_lists(ctx: RunContext, dv: Dataverse, this: Send) -> None:
    """Off the lists of a send, of its last wave where it has some. Who joined one of them since the count was not
    mailed, and stays. Repeatable. Raises as `leaving_lists.take_off`."""
    whole = await ctx.read(lambda c: as_confirmed.whole(c, this))
    await clearing.clear(ctx, dv, this.list_ids, whole.count_id)
    await suppressed_targets.take_off(ctx, dv, this)


async def follow_last_wave(ctx: RunContext, dv: Dataverse, this: Send) -> None:
    """Of a wave nobody was left who may be mailed: where it is the last one, the waves before it were the send."""
    if not await ctx.read(lambda c: send_waves.went_out_before(c, this.id)):
        return
    try:
        await take_off_lists(ctx, dv, this)
    except DyntuiError as error:
        raise sent_all_the_same(error) from error


def sent_all_the_same(error: DyntuiError) -> DyntuiError:
    """What has failed of a send once everybody was mailed."""
    return DyntuiError(
        error.code,
        error.message,
        not_done="The send went out. What follows it was not finished: its row in Dynamics, and taking people off "
        "those of its lists that are cleared after a send.",
        remedy=f"{error.remedy} Then synchronise the email campaigns, which tells Dynamics; of lists that are to be "
        "cleared take the members off by hand.",
        exit=error.exit,
        detail=error.detail,
    )
