"""What keeps a send of a campaign from beginning: another one of the same campaign, which the send waits for.

Of one that is in waves, or that dotdigital has until its date, it is not known when it ends: nobody is let wait for it
without being told.

Public: `in_the_way(c, send) -> str`, `require_none(c, of, but="")`, `require_not_handed(c, of)`.
"""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sync_types import SEND
from dyntui.store import handed_sends, runs, send_waves
from dyntui.store.campaigns import Campaign
from dyntui.store.sends import Send


def in_the_way(c: Connection, this: Send) -> str:
    """Which other send of its campaign a send has to wait for, in words; `""` for none."""
    of_campaign = (this.account_id, this.campaign_id)
    if other := send_waves.in_waves(c, *of_campaign, but=this.id):
        return f"another send of the campaign is in waves (`dyntui sends show {other}`)"
    if other := handed_sends.of_campaign(c, *of_campaign):
        return f"dotdigital has another send of the campaign (`dyntui sends show {other}`)"
    run = runs.active(c, SEND.key(*of_campaign))
    return f"another send of the campaign is under way (`dyntui sends show {run.id}`)" if run is not None else ""


def require_none(c: Connection, of: Campaign | Send, but: str = "") -> None:
    """No send `of` a campaign, or of that of a send, is in waves `but` this one, nor does dotdigital have one. Raises
    SEND_IN_WAVES, SEND_HANDED_OVER."""
    account_id, campaign_id, name = _named(of)
    if other := send_waves.in_waves(c, account_id, campaign_id, but=but):
        raise DyntuiError(
            "SEND_IN_WAVES",
            f"The email campaign {name!r} is being sent in waves.",
            not_done="Nothing was sent.",
            remedy=f"See how far it is with `dyntui sends show {other}`: wait for its last wave, or stop it with "
            f"`dyntui sends cancel {other}`.",
            exit=Exit.LOCKED,
        )
    require_not_handed(c, of)


def require_not_handed(c: Connection, of: Campaign | Send) -> None:
    """Raises SEND_HANDED_OVER."""
    account_id, campaign_id, name = _named(of)
    if other := handed_sends.of_campaign(c, account_id, campaign_id):
        raise DyntuiError(
            "SEND_HANDED_OVER",
            f"dotdigital has a send of the email campaign {name!r} already, and mails it later.",
            not_done="Nothing was sent.",
            remedy=f"See when with `dyntui sends show {other}`: wait until it is sent, or take it back with "
            f"`dyntui sends cancel {other}`.",
            exit=Exit.LOCKED,
        )


def _named(of: Campaign | Send) -> tuple[str, int, str]:
    """Account, id and name of a campaign, or of that of a send."""
    if isinstance(of, Send):
        return of.account_id, of.campaign_id, of.campaign_name
    return of.account_id, of.id, of.name
