"""A send's row in Dynamics, and the item of its run in which everybody's outcome stands."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid, moment
from dyntui.model import solution
from dyntui.model.lengths import cut
from dyntui.model.moments import text_of
from dyntui.store import mailed_already, outcomes, runs, send_waves, target_people
from dyntui.store import sends as send_store
from dyntui.store.outcomes import Item
from dyntui.store.sends import Send
from dyntui.store.target_people import NotMailed
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

log = logging.getLogger(__name__)

SEND_ITEM = "send"
# How far back rows are compared; a row that Dynamics made may be dated a little earlier by its clock.
_TOLD_AGAIN = timedelta(days=30)
_CLOCKS_APART = timedelta(days=1)


async def record(dv: Dataverse, this: Send, state: str) -> None:
    """The send row in Dynamics; its id is ours, so writing it twice is writing it once."""
    table = solution.CAMPAIGN_SEND
    columns: dict[str, object] = {
        "dyntui_name": cut(f"{this.campaign_name} {this.created_on}", 255),
        "dyntui_state": state,
        "dyntui_createdbyname": this.created_by,
        "dyntui_senton": this.sent_on or None,
        "dyntui_potential": this.potential,
        "dyntui_sendable": this.sendable,
        "dyntui_exclusions": "\n".join(f"{each.reason}: {each.people}" for each in this.excluded),
        "dyntui_platformsendid": this.platform_send_id or None,
    }
    if this.campaign_row_id:
        columns["dyntui_EmailCampaignId@odata.bind"] = f"/{solution.EMAIL_CAMPAIGN.entity_set}({this.campaign_row_id})"
    await dv_rows.upsert(dv, table.entity_set, this.id, columns)


def sent_after_all(c: Connection, this: Send, now: str) -> Send:
    """A send whose run had ended without knowing it was sent: everybody gets their outcome in that run. The send as it
    stands, which is another one where a person has ended it meanwhile."""
    ended = send_store.finish(c, this.id, "Sent", now)
    if ended.state == "Sent":
        found_later(c, ended, "dotdigital shows it as sent", now)
    return ended


def decided(c: Connection, this: Send, who: str, now: str) -> None:
    """Somebody has said what became of a send."""
    found_later(c, this, f"{this.decision}, as {who or 'somebody'} says", now)


def found_later(c: Connection, this: Send, what: str, now: str) -> None:
    """What became of a send, or of a wave of one, is known since its run has ended: the audit says what is known, that
    it was found later, and by whom."""
    put_people(c, this, f"Found later, on {now}: {what}.")
    whole_settled(c, this, what, now)


def whole_settled(c: Connection, this: Send, what: str, now: str) -> None:
    """What became of a wave is known by now, or known better: so it is of the send that it is a wave of."""
    whole = send_store.get(c, this.waves_of) if this.waves_of else None
    if whole is None:
        return
    send_waves.settle(c, whole.id)
    if whole.run_id:
        put_people(c, whole, f"Found later, on {now}, of wave {this.wave}: {what}.")


def put_people(c: Connection, this: Send, note: str = "") -> None:
    """What became of everybody of a send, as the people of its run. `note`: what the audit is to say besides, behind
    what it has said before."""
    said = [each.note for each in outcomes.items(c, this.run_id) if each.id == SEND_ITEM]
    item = Item(id=SEND_ITEM, kind="send", name=this.campaign_name)
    # People of an item that is not there are not counted.
    outcomes.put_item(c, this.run_id, item)
    but = None
    if this.decision == "not mailed":
        but = NotMailed(mailed_already.seen(this.account_id, this.campaign_id), send_store.found_by(c, this.id))
    target_people.copy_outcomes(c, this.run_id, SEND_ITEM, this.count_id, but)
    outcomes.close(c, this.run_id, SEND_ITEM, read=this.potential, note=" ".join(filter(None, (*said, note))))
    runs.set_people(c, this.run_id, this.potential)


class _Row(msgspec.Struct, frozen=True, rename={"id": "dyntui_campaignsendid", "state": "dyntui_state"}):
    id: str
    state: str | None = None


class _Made(msgspec.Struct, frozen=True, rename={"id": "dyntui_campaignsendid", "made_on": "createdon"}):
    id: str
    made_on: datetime | None = None


async def made_since(dv: Dataverse, sends: Sequence[str], since: datetime) -> set[str]:
    """Those of the sends that have a row in Dynamics which was made since, whoever made it."""
    table, found = solution.CAMPAIGN_SEND, set[str]()
    key = f"{table.logical_name}id"
    wanted = [guid(each) for each in sends]
    async for page in dv_rows.pages_where_any(dv, table.entity_set, _Made, key, wanted, orderby=(key,)):
        found |= {row.id.lower() for row in page.rows if row.made_on is not None and row.made_on >= since}
    return found


async def tell_again(ctx: RunContext, dv: Dataverse, account_id: str) -> None:
    """Sends of the last month whose row says another state than they have: the row was refused, or not reached, when
    they ended."""
    since = ctx.moment() - _TOLD_AGAIN
    known = await ctx.read(lambda c: send_store.ended_since(c, account_id, text_of(since)))
    if not known:
        return
    there: dict[str, str | None] = {}
    set_, filter_ = solution.CAMPAIGN_SEND.entity_set, f"createdon ge {moment(since - _CLOCKS_APART)}"
    async for page in dv_rows.pages(dv, set_, _Row, filter=filter_, orderby=("dyntui_campaignsendid",)):
        there |= {row.id: row.state for row in page.rows}
    refused: list[tuple[str, DataverseError]] = []
    for each in known:
        if there.get(each.id) == each.state:
            continue
        this = await ctx.read(functools.partial(send_store.get, send_id=each.id))
        if this is None:
            # Somebody else has removed it since it was listed: there is nothing to tell.
            continue
        try:
            await record(dv, this, this.state)
        except DataverseError as error:
            # Refused for good, perhaps: that delays no other row, and the synchronisation has done its work.
            log.warning("Dynamics was not told of send %s: %s %s", each.id, error, error.detail)
            refused.append((f"{this.campaign_name} {this.created_on}", error))
    await name_refused(ctx, "rows of sends", "send", "Rows of sends in Dynamics", refused)
