"""Email campaigns that are put away, and taken out again: dyntui's own, of which neither remote system knows."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGNS_CHANGED, ON_CAMPAIGN, ON_CAMPAIGNS, CampaignRef, CampaignRow
from dyntui.service.contract.situations import Situation

# More are archived in several calls.
MOST_AT_ONCE = 1000


class ArchiveCampaigns(msgspec.Struct, frozen=True):
    """These campaigns are put away, or taken out again; `account` is that of those which name none."""

    campaigns: Annotated[tuple[CampaignRef, ...], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]
    account: Text = ""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that could not be archived: the code of the reason, the reason as a sentence, and the remedy."""

    id: int
    name: str
    account: str
    code: str
    why: str
    remedy: str


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """The campaigns as they are now, and those that could not be archived. Of one campaign alone that is an error."""

    rows: tuple[CampaignRow, ...]
    left_out: tuple[LeftOut, ...] = ()


CAMPAIGNS_ARCHIVE = Call(
    "campaigns.archive", ArchiveCampaigns, Archived, Ability.SYNCHRONISE, changes=(CAMPAIGNS_CHANGED,)
)
CAMPAIGNS_UNARCHIVE = Call(
    "campaigns.unarchive", ArchiveCampaigns, Archived, Ability.SYNCHRONISE, changes=(CAMPAIGNS_CHANGED,)
)


def to_archive(situation: Situation) -> tuple[CampaignRow, ...]:
    """Those in hand that are not archived."""
    return tuple(row for row in situation.chosen(CampaignRow) if not row.archived_on)


def to_take_out(situation: Situation) -> tuple[CampaignRow, ...]:
    """Those in hand that are archived."""
    return tuple(row for row in situation.chosen(CampaignRow) if row.archived_on)


def archive(situation: Situation) -> str:
    """A campaign that is not archived; of several, one."""
    chosen = situation.chosen(CampaignRow)
    if not chosen:
        return "No email campaign is selected."
    if to_archive(situation):
        return ""
    return "All marked campaigns are archived." if len(chosen) > 1 else f"{chosen[0].name} is archived already."


def unarchive(situation: Situation) -> str:
    """A campaign that is archived; of several, one."""
    chosen = situation.chosen(CampaignRow)
    if not chosen:
        return "No email campaign is selected."
    if to_take_out(situation):
        return ""
    return "None of the marked campaigns is archived." if len(chosen) > 1 else f"{chosen[0].name} is not archived."


def can_be_archived(situation: Situation) -> bool:
    """Whether something in hand is not archived."""
    return not archive(situation)


def can_be_taken_out(situation: Situation) -> bool:
    """Whether something in hand is archived."""
    return not unarchive(situation)


ACTIONS = (
    Action(
        id="campaigns.archive",
        title="Archive",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("a",),
        aside="Archive",
        call=CAMPAIGNS_ARCHIVE,
        command="dyntui campaigns archive CAMPAIGN",
        tooltip="Out of the views and the palette, into the view Archived; results are read as before",
        row=True,
        rule=archive,
        hinted=can_be_archived,
    ),
    Action(
        id="campaigns.unarchive",
        title="Take out of the archive",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("A",),
        hint="Take out",
        call=CAMPAIGNS_UNARCHIVE,
        command="dyntui campaigns unarchive CAMPAIGN",
        tooltip="Back into the views, where it can be sent again",
        row=True,
        rule=unarchive,
        hinted=can_be_taken_out,
    ),
)
