"""Email campaigns that are put away, and taken out again. Nothing else of them changes, and nothing of it travels.

Public: `put_away(c, Campaign, who, now)`, `take_out(c, Campaign)`, `in_the_way(c, Campaign) -> Obstacle | None`.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from dyntui.model.archiving import SENDING, Obstacle, obstacle
from dyntui.store.campaigns import Campaign
from dyntui.store.schema import campaign, run, send

_s = send.c


def put_away(c: Connection, known: Campaign, who: str, now: str) -> None:
    """The campaign is archived from now on."""
    _set(c, known, on=now, by=who)


def take_out(c: Connection, known: Campaign) -> None:
    """The campaign is archived no more."""
    _set(c, known, on="", by="")


def _set(c: Connection, known: Campaign, *, on: str, by: str) -> None:
    this = (campaign.c.account_id == known.account_id, campaign.c.id == known.id)
    c.execute(update(campaign).where(*this).values(archived_on=on, archived_by=by))


def in_the_way(c: Connection, known: Campaign) -> Obstacle | None:
    """Why the campaign cannot be archived: the newest of its sends of which something is still to come or to be said,
    or that dotdigital is sending it."""
    rows = c.execute(
        select(_s.state, _s.doubt, _s.decision, run.c.ended_on)
        .outerjoin_from(send, run, run.c.id == _s.run_id)
        .where(_s.account_id == known.account_id, _s.campaign_id == known.id)
        .order_by(_s.created_on.desc(), _s.id.desc())
    )
    for row in rows:
        found = obstacle(row.state, undecided=bool(row.doubt) and not row.decision, left=bool(row.ended_on))
        if found is not None:
            return found
    return SENDING if known.status.casefold() == "sending" else None
