"""Email Campaign Targets Counts: who would be mailed, who not, and why."""

from __future__ import annotations

import msgspec

from dyntui.model.bounce_forecast import BounceForecast as BounceForecast
from dyntui.model.campaigns import CampaignRow
from dyntui.model.outcomes import PersonOutcome, ReasonCount
from dyntui.model.roles import Ability
from dyntui.model.what_if import ClosedBy
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Number, Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import ON_CAMPAIGN, ON_CAMPAIGNS, one_campaign, prepared
from dyntui.service.contract.lists import ON_WIZARD
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.sends import COUNTS_STEP, WizardStep
from dyntui.service.contract.situations import Situation


class CountTargets(msgspec.Struct, frozen=True, kw_only=True):
    """Count the targets of a campaign over these target lists (all targets when empty). `to_send`: it is to be sent
    then, so that an archived one is refused before anybody confirms a number."""

    id: Number
    lists: tuple[Text, ...] = ()
    account: Text = ""
    to_send: bool = False


class ListReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a target list can take part: `ready` false comes with the reason code, an explanation and the remedy."""

    id: str
    name: str
    members: int
    ready: bool
    reason: str = ""
    explanation: str = ""


class TargetCount(msgspec.Struct, frozen=True, kw_only=True):
    """Email Campaign Targets Counts: a snapshot, kept under `id` until sent or an hour old. Always
    `potential == sendable + sum(excluded)`. `through_another_list`: how many of the sendable unsubscribed from one of
    the target lists and are mailed through another. `confirm_above`: a send to more people asks for the count to be
    typed. `bounces`: how many of the sendable will bounce, by the account's history; `closed_by`: who is left out, by
    all that keeps them out at once (`dyntui.model.what_if`)."""

    id: str
    campaign: int
    campaign_name: str
    potential: int
    sendable: int
    excluded: tuple[ReasonCount, ...]
    through_another_list: int = 0
    lists: tuple[ListReadiness, ...]
    counted_on: str
    suppressions_as_of: str
    confirm_above: int
    bounces: BounceForecast = BounceForecast()
    closed_by: tuple[ClosedBy, ...] = ()


class CountPeopleQuery(Window, frozen=True, kw_only=True):
    """A window on the people of a target count; `reason` `""` with `sendable` true means those who will be mailed."""

    count: Text
    reason: Text = ""
    sendable: bool = False


ON_COUNT = Scope("Email Campaign Targets Counts")

CAMPAIGN_COUNT = Call("campaigns.count", CountTargets, TargetCount, Ability.SEE)
CAMPAIGN_COUNT_PEOPLE = Call("campaigns.count_people", CountPeopleQuery, Page[PersonOutcome], Ability.SEE)


def count(situation: Situation) -> str:
    """A campaign with targets."""
    row = situation.one(CampaignRow)
    if (why := one_campaign(situation)) or row is None:
        return why
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def shows_counts(situation: Situation) -> bool:
    """The counts are there: on their page, or in that step of the wizard."""
    step = situation.one(WizardStep)
    return step is None or step.step == COUNTS_STEP


ACTIONS = (
    Action(
        id="campaigns.count",
        title="Email Campaign Targets Counts",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("c",),
        hint="Count",
        call=CAMPAIGN_COUNT,
        command="dyntui campaigns count CAMPAIGN",
        tooltip="Who would be mailed, who not, and why; nothing is sent",
        row=True,
        rule=count,
        hinted=prepared,
    ),
    Action(
        id="count.what_if",
        title="What if it were mended",
        scopes=(ON_COUNT, ON_WIZARD),
        keys=("i",),
        hint="What if",
        hinted=shows_counts,
        command="dyntui campaigns count CAMPAIGN --what-if NO_EMAIL",
        tooltip="How many more would be mailed if the reason in hand were mended; again takes it back",
    ),
    Action(
        id="count.again",
        title="Count again",
        scopes=(ON_COUNT,),
        keys=("c",),
        hint="Count again",
        call=CAMPAIGN_COUNT,
        command="dyntui campaigns count CAMPAIGN",
        tooltip="The count before stays as it was made",
    ),
)
