"""Email campaigns are put away and taken out again; one that is put away is not sent."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.archiving import Obstacle
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.answering import answers
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.archive import (
    CAMPAIGNS_ARCHIVE,
    CAMPAIGNS_UNARCHIVE,
    ArchiveCampaigns,
    Archived,
    LeftOut,
)
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import accounts, archive, campaign_window, campaigns
from dyntui.store.campaigns import Campaign

_IN, _OUT = "archived", "not archived"


class Archive:
    """The calls `campaigns.archive` and `campaigns.unarchive`."""

    def __init__(self, resources: Resources, known: Campaigns) -> None:
        self._resources = resources
        self._campaigns = known

    @answers(CAMPAIGNS_ARCHIVE)
    async def archive(self, context: CallContext, request: ArchiveCampaigns) -> Archived:
        """Puts campaigns away; one that is archived already stays as it is. Raises CAMPAIGN_UNKNOWN,
        CAMPAIGN_AMBIGUOUS, and of one campaign alone CAMPAIGN_SEND_OPEN; of several those are named."""
        chosen = await self._chosen(request)

        def keep(c: Connection) -> Archived:
            open_ones: list[tuple[Campaign, Obstacle]] = []
            known = _as_stored(c, chosen)
            for each in known:
                if each.archived_on:
                    continue
                found = archive.in_the_way(c, each)
                if found is not None:
                    open_ones.append((each, found))
                else:
                    who = self._campaigns.record(c, context, each, each.name, _OUT, _IN)
                    archive.put_away(c, each, who, self._resources.now())
            if len(chosen) == 1 and open_ones:
                raise _send_open(*open_ones[0])
            names = accounts.names(c)
            left_out = tuple(_left_out(each, found, names[each.account_id]) for each, found in open_ones)
            stays = {(each.account_id, each.id) for each, _ in open_ones}
            return Archived(
                rows=tuple(
                    campaign_window.row(c, each.account_id, each.id)
                    for each in known
                    if (each.account_id, each.id) not in stays
                ),
                left_out=left_out,
            )

        return await self._resources.write(keep)

    @answers(CAMPAIGNS_UNARCHIVE)
    async def unarchive(self, context: CallContext, request: ArchiveCampaigns) -> Archived:
        """Takes campaigns out again; one that is not archived stays as it is. Raises CAMPAIGN_UNKNOWN,
        CAMPAIGN_AMBIGUOUS."""
        chosen = await self._chosen(request)

        def keep(c: Connection) -> Archived:
            known = _as_stored(c, chosen)
            for each in known:
                if each.archived_on:
                    self._campaigns.record(c, context, each, each.name, _IN, _OUT)
                    archive.take_out(c, each)
            return Archived(rows=tuple(campaign_window.row(c, each.account_id, each.id) for each in known))

        return await self._resources.write(keep)

    async def _chosen(self, request: ArchiveCampaigns) -> list[Campaign]:
        """Each once, in the order in which they were named."""
        refs = [CampaignRef(each.id, each.account or request.account) for each in request.campaigns]
        found = [await self._campaigns.known(each) for each in refs]
        return list({(each.account_id, each.id): each for each in found}.values())


def use_cases(parts: Parts) -> Archive:
    """What answers these calls."""
    return Archive(parts.resources, Campaigns(parts.resources, parts.identities))


def require_out(known: Campaign | None) -> None:
    """Raises CAMPAIGN_ARCHIVED for one that is put away: it is not sent."""
    if known is None or not known.archived_on:
        return
    by = f" by {known.archived_by}" if known.archived_by else ""
    raise DyntuiError(
        "CAMPAIGN_ARCHIVED",
        f"The email campaign {known.name!r} is archived{by}.",
        not_done="Nothing was scheduled or sent.",
        remedy=f"Take it out first: `dyntui campaigns unarchive {known.id}`, or A on its page.",
        exit=Exit.USAGE,
    )


def _as_stored(c: Connection, chosen: list[Campaign]) -> list[Campaign]:
    """The campaigns as they are at this moment: a send may have begun since they were looked up."""
    found = (campaigns.get(c, each.account_id, each.id) for each in chosen)
    return [each for each in found if each is not None]


def _why(known: Campaign, found: Obstacle) -> str:
    return f"The email campaign {known.name!r} cannot be archived: {found.why}."


_SEND_OPEN = "CAMPAIGN_SEND_OPEN"


def _send_open(known: Campaign, found: Obstacle) -> DyntuiError:
    return DyntuiError(
        _SEND_OPEN,
        _why(known, found),
        not_done="It was not archived.",
        remedy=found.remedy,
        exit=Exit.LOCKED,
    )


def _left_out(known: Campaign, found: Obstacle, account: str) -> LeftOut:
    return LeftOut(
        id=known.id,
        name=known.name,
        account=account,
        code=_SEND_OPEN,
        why=_why(known, found),
        remedy=found.remedy,
    )
