"""Sends of which dotdigital does not show that everybody was mailed: sent, or stopped by somebody in its outbox.

A send that was cancelled half-way says `Sent` (support article on the outbox), so the word alone proves nothing: what
counts are the campaign's activities, one for each person mailed.
"""

from __future__ import annotations

import functools
import logging

from sqlalchemy import Connection

from dyntui.dotdigital import activities
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.store import mailed_already
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync import suppressions
from dyntui.sync.campaigns.recipients import learn_who_was_mailed
from dyntui.sync.platform_send import OUTBOX
from dyntui.sync.run_context import RunContext

log = logging.getLogger(__name__)


Doubt = tuple[str, str]
"""What is doubted of a send, as it is kept, and in words; both `""`: nothing."""


async def compare(ctx: RunContext, dd: Dotdigital, this: Send) -> None:
    """Keeps whether everybody of a send that says `Sent` was mailed (`doubt_of`)."""
    doubt = await doubt_of(ctx, dd, this)
    await ctx.write(lambda c: keep(c, this, doubt))


async def doubt_of(ctx: RunContext, dd: Dotdigital, this: Send) -> Doubt:
    """Whether everybody was mailed by the campaign's activities, or the send may have been stopped; who was suppressed
    meanwhile is not missed. Everybody counts as mailed until somebody says otherwise."""
    try:
        missing = await _missing(ctx, dd, this)
    except DotdigitalError as error:
        log.warning("who was mailed by send %s could not be read: %s %s", this.id, error, error.detail)
        return _stopped(this, "It could not be read how many people dotdigital mailed: sent, or stopped.")
    if not missing:
        return "", ""
    shown = f"dotdigital shows {this.sendable - missing:,} of {this.sendable:,} people as mailed: sent, or stopped."
    return _stopped(this, shown)


def _stopped(this: Send, shown: str) -> Doubt:
    what = (
        f"{shown} See {OUTBOX} in dotdigital, then say what you found: `dyntui campaigns settle {this.id} "
        "--was-mailed` or `--was-not-mailed`."
    )
    return "stopped", what


def keep(c: Connection, this: Send, doubt: Doubt) -> None:
    """What is doubted of a send that is stored as sent. What a person has said while dotdigital was asked is no doubt
    any more."""
    now = send_store.get(c, this.id)
    if now is not None and now.state == "Sent" and not now.decision:
        send_store.put_doubt(c, this.id, *doubt)


async def _missing(ctx: RunContext, dd: Dotdigital, this: Send) -> int:
    known = await ctx.read(lambda c: mailed_already.before(c, this.account_id, this.campaign_id, this.count_id))
    if await activities.at_least(dd, this.campaign_id, known + this.sendable):
        return 0
    await learn_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
    await suppressions.pull(ctx, dd, this.account_id)
    return await ctx.read(lambda c: mailed_already.not_seen(c, this.account_id, this.campaign_id, this.count_id))


async def look(ctx: RunContext, dd: Dotdigital, account_id: str) -> None:
    """Compares again: activities may come late."""
    for send_id in await ctx.read(lambda c: send_store.in_doubt(c, account_id, "stopped")):
        this = await ctx.read(functools.partial(send_store.get, send_id=send_id))
        if this is not None:
            await compare(ctx, dd, this)
