"""Who may still be mailed by a send: not whoever has opted out by now, and not whoever has had the campaign."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import campaigns
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.store import counts, target_people
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync import feeds, kept_books, opt_outs, platform_send, suppressions
from dyntui.sync.campaigns.recipients import learn_who_was_mailed
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import SEND_ITEM

PROVING = "Proving the recipients"

# Somebody else's send is waited for two hours.
_OTHER_SECONDS = 15.0
_LONGEST_OTHER = 480


async def learn_who_opted_out(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    elsewhere: Mapping[str, Dotdigital],
    among: Collection[str] = (),
) -> dict[str, str]:
    """Suppressions of every email account and of Dynamics, its opt-outs, and who left the target lists through the
    books of sends of any account, as of now; which of the people `among` opted out, and why. Raises SEND_REFUSED."""
    try:
        for account_id, other in elsewhere.items():
            await suppressions.pull(ctx, other, account_id)
            # Of a list that belonged to that account before: who leaves it by a mail from there has left it.
            await kept_books.learn(ctx, other, account_id, this.list_ids)
        await suppressions.pull(ctx, dd, this.account_id)
        await suppressions.tell_dotdigital(ctx, dv, dd, this.account_id)
        await kept_books.learn(ctx, dd, this.account_id, this.list_ids)
        return await opt_outs.read(ctx, dv, among)
    except (DataverseError, DotdigitalError) as error:
        raise refused(error) from error


def refused(error: DyntuiError) -> DyntuiError:
    """SEND_REFUSED, as one of the systems did not say who has opted out."""
    return DyntuiError(
        "SEND_REFUSED",
        f"Who must not be mailed could not be read again before the send: {error.message}",
        not_done="Nothing was sent, and no send was created.",
        remedy="Mend what is named, then send again.",
        detail=error.detail,
    )


async def some_left(ctx: RunContext, this: Send) -> int:
    """How many may be mailed. Raises SEND_NO_RECIPIENTS, when everybody's reason stands in the audit of the send."""
    sendable = await ctx.write(lambda c: send_store.take_counts(c, this.id))
    if not sendable:
        await ctx.write(lambda c: _audit(c, ctx, this))
        raise DyntuiError(
            "SEND_NO_RECIPIENTS",
            "Nobody is left who may be mailed.",
            not_done="No send was created: the platform is never called without recipients.",
            remedy="See the exclusions of the count, then count again.",
        )
    return sendable


def _audit(c: Connection, ctx: RunContext, this: Send) -> None:
    target_people.copy_outcomes(c, ctx.run_id, SEND_ITEM, this.count_id)
    ctx.close_item(c, SEND_ITEM, read=this.potential)


async def leave_out_the_mailed(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """Leaves out whom the campaign reached since the count by somebody else's hand, in dotdigital itself. True: it was
    this send that reached them, by a request that was turned away.

    A send of somebody else's that is under way is waited for. Raises SEND_CAMPAIGN_BUSY when that takes hours, or when
    it is to go out later: nobody can say whom it will reach.
    """
    shows = await _at_rest(ctx, dd, this)
    if shows == ctx.at(SendCursor).mailed_as_of:
        return False
    if await platform_send.made_late(ctx, dd, this):
        return True
    if not await _never_sent(dd, this):
        await learn_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
        await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await ctx.save(replace(ctx.at(SendCursor), mailed_as_of=shows), stage=PROVING)
    await some_left(ctx, this)
    return False


async def _never_sent(dd: Dotdigital, this: Send) -> bool:
    found = await campaigns.campaign(dd, this.campaign_id)
    return found is None or found.status.casefold() == "unsent"


async def _at_rest(ctx: RunContext, dd: Dotdigital, this: Send) -> str:
    for _ in range(_LONGEST_OTHER):
        found = await campaigns.campaign(dd, this.campaign_id)
        status = "" if found is None else found.status.casefold()
        if status not in ("sending", "scheduled", "paused"):
            if not await _is_to_go_out(dd, this):
                return await platform_send.shown(dd, this)
            status = "scheduled"
        if status != "sending":
            break
        await ctx.save(ctx.cursor, stage="Waiting for another send of the campaign")
        await ctx.sleep(_OTHER_SECONDS)
    raise DyntuiError(
        "SEND_CAMPAIGN_BUSY",
        f"Somebody else's send of the email campaign {this.campaign_name!r} is under way in dotdigital: {status}.",
        not_done="Nothing was sent: people who are reached by the other send would have had it twice.",
        remedy=f"See {platform_send.OUTBOX} in dotdigital; send again once that send is over.",
    )


async def _is_to_go_out(dd: Dotdigital, this: Send) -> bool:
    """Whether the campaign has a date in dotdigital that is to come: somebody else's, as one of dyntui's is not begun
    while another one is with dotdigital."""
    now = await feeds.server_time(dd)
    async for page in campaigns.campaign_pages(dd, scheduled_from=now):
        if any(each.id == this.campaign_id for each in page.rows):
            return True
    return False
