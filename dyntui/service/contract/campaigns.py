"""Email campaigns: targets, target counts and results."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.bounce_forecast import BounceForecast as BounceForecast
from dyntui.model.campaign_results import LEVELS
from dyntui.model.campaigns import CampaignRow as CampaignRow
from dyntui.model.campaigns import Hour as Hour
from dyntui.model.campaigns import Link as Link
from dyntui.model.campaigns import ReadWith as ReadWith
from dyntui.model.campaigns import RecipientRow as RecipientRow
from dyntui.model.campaigns import RoiRow as RoiRow
from dyntui.model.campaigns import SplitVersion as SplitVersion
from dyntui.model.mail_preview import PreviewLink as PreviewLink
from dyntui.model.outcomes import PersonOutcome, ReasonCount
from dyntui.model.roles import Ability
from dyntui.model.what_if import ClosedBy
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.lists import ON_WIZARD, ListRow
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.sends import (
    COUNTS_STEP,
    ON_SEND,
    SEND_SETTLE,
    SENDS_CHANGED,
    SendCampaign,
    SendRow,
    WizardStep,
    has_gone_out,
    in_doubt,
    settle,
)
from dyntui.service.contract.situations import Situation, on_its_page

VIEWS = ("current", "unsent", "sent", "archived", "all")
# Which recipients of a campaign, by what they did.
RECIPIENTS = ("all", "opened", "clicked", "bounced", "unsubscribed", "unopened")


class CountedOnly(msgspec.Struct, frozen=True, kw_only=True):
    """What dotdigital's totals of a campaign count more than its results tell of people, such as `5 opens and 1 person
    who clicked`; `looked_for`: after that it is read from the beginning once more, `""`: no reading has found it."""

    what: str
    looked_for: str = ""


class CampaignDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's page. `text` is the plain-text content as received; `as_of`: when the rest was read; `reads`: what
    is read of its results, in words; `counted_only`: as in its report."""

    row: CampaignRow
    from_name: str
    from_address: str
    reply_to: str
    text: str
    tags: tuple[str, ...]
    targets: tuple[ListRow, ...]
    sends: tuple[SendRow, ...]
    active_run: str = ""
    as_of: str = ""
    reads: str = ""
    counted_only: CountedOnly | None = None


class MailPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's content as dotdigital has it now. `text`: its plain text as received; `html`: its HTML as text, the
    links in it numbered. `unsubscribes`: whether there is a link by which a reader unsubscribes."""

    campaign: int
    name: str
    subject: str
    text: str
    html: str
    links: tuple[PreviewLink, ...]
    unsubscribes: bool


class TrialSend(msgspec.Struct, frozen=True, kw_only=True):
    """A test send of a campaign to one address, whose contact dotdigital has."""

    id: Number
    address: Text
    account: Text = ""


class TrialSent(msgspec.Struct, frozen=True, kw_only=True):
    """A test was sent. `copy`: the name of the copy that is still in dotdigital, `""` where it was removed again."""

    campaign: int
    address: str
    copy: str = ""


class CampaignsQuery(Window, frozen=True, kw_only=True):
    """`view`: `current`, or `unsent` or `sent` of these; `archived`; `all`, archived or not."""

    view: Annotated[str, one_of(*VIEWS)] = "current"
    account: Text = ""


class CampaignRef(msgspec.Struct, frozen=True):
    """A campaign by dotdigital's id; `account` only where two accounts hold the same id."""

    id: Number
    account: Text = ""


class Targets(msgspec.Struct, frozen=True):
    """The target marketing lists of a campaign."""

    rows: tuple[ListRow, ...]


class ChangeTargets(msgspec.Struct, frozen=True, kw_only=True):
    """Adds or removes target marketing lists; only activated lists of the campaign's account can be added."""

    id: Number
    add: tuple[Text, ...] = ()
    remove: tuple[Text, ...] = ()
    account: Text = ""


class EditCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Gives a campaign a sync level of its own: `NONE`, `SUMMARY` or `DETAILED`; `""` that of its email account."""

    id: Number
    sync_level: Annotated[str, one_of("", *LEVELS)]
    account: Text = ""


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


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """Results of a campaign, as last read.

    `delivery_rate` and `bounce_rate` are fractions (0.0-1.0) of `sent`, `click_to_open_rate` of `unique_opens`, the
    other rates of `delivered` (`dyntui.model.rates`), None where there is nothing to be a share of; `opens` and
    `clicks` count events, everything else people. `versions`: of a split test, by what `split_metric` measures;
    `reads`: what is read of its results, in words; `counted_only`: what is in the totals and in no list of people, None
    where nothing is.
    """

    row: CampaignRow
    as_of: str
    sent: int
    delivered: int
    unique_opens: int
    opens: int
    unique_clicks: int
    clicks: int
    hard_bounces: int
    soft_bounces: int
    unsubscribes: int
    mail_blocks: int = 0
    complaints: int
    forwards: int
    replies: int
    delivery_rate: float | None = None
    open_rate: float | None = None
    click_rate: float | None = None
    click_to_open_rate: float | None = None
    bounce_rate: float | None = None
    unsubscribe_rate: float | None = None
    hours: tuple[Hour, ...]
    links: tuple[Link, ...]
    sends: tuple[SendRow, ...]
    clients: tuple[ReadWith, ...] = ()
    devices: tuple[ReadWith, ...] = ()
    roi: tuple[RoiRow, ...] = ()
    versions: tuple[SplitVersion, ...] = ()
    split_metric: str = ""
    reads: str = ""
    counted_only: CountedOnly | None = None

    @property
    def unread(self) -> bool:
        """Whether nothing of its results was read: what is 0 then is not known."""
        return not self.as_of and not self.sent

    @property
    def reads_nothing(self) -> bool:
        """Whether its sync level is NONE: no synchronisation reads its results."""
        return self.reads.startswith("NONE")


class RecipientsQuery(Window, frozen=True, kw_only=True):
    """A window on the recipients of a campaign; `filter`: `all`, `opened`, `clicked`, `bounced`,
    `unsubscribed`, `unopened`."""

    id: Number
    filter: Annotated[str, one_of(*RECIPIENTS)] = "all"
    account: Text = ""


class CompareCampaigns(msgspec.Struct, frozen=True, kw_only=True):
    """Compare the results of these campaigns: of `account`, or of one that each of `of` names; of none the last ten
    that were sent."""

    ids: tuple[Number, ...] = ()
    account: Text = ""
    of: tuple[CampaignRef, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Campaigns with their results, the one that was sent last first; without hours, links and sends."""

    reports: tuple[CampaignReport, ...]


CAMPAIGNS_CHANGED = Event("campaigns.changed", Changed)

CAMPAIGNS_PAGE = Call("campaigns.page", CampaignsQuery, Page[CampaignRow], Ability.SEE)
CAMPAIGN_GET = Call("campaigns.get", CampaignRef, CampaignDetail, Ability.SEE)
CAMPAIGN_PREVIEW = Call("campaigns.preview", CampaignRef, MailPreview, Ability.SEE)
CAMPAIGN_TEST = Call("campaigns.test", TrialSend, TrialSent, Ability.SEND)
CAMPAIGN_TARGETS = Call("campaigns.targets", CampaignRef, Targets, Ability.SEE)
CAMPAIGN_CHANGE_TARGETS = Call(
    "campaigns.change_targets", ChangeTargets, Targets, Ability.SYNCHRONISE, changes=(CAMPAIGNS_CHANGED,)
)
CAMPAIGN_EDIT = Call("campaigns.edit", EditCampaign, CampaignRow, Ability.SYNCHRONISE, changes=(CAMPAIGNS_CHANGED,))
CAMPAIGN_COUNT = Call("campaigns.count", CountTargets, TargetCount, Ability.SEE)
CAMPAIGN_COUNT_PEOPLE = Call("campaigns.count_people", CountPeopleQuery, Page[PersonOutcome], Ability.SEE)
CAMPAIGN_SEND = Call("campaigns.send", SendCampaign, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))
CAMPAIGN_REPORT = Call("campaigns.report", CampaignRef, CampaignReport, Ability.SEE)
CAMPAIGNS_COMPARE = Call("campaigns.compare", CompareCampaigns, Comparison, Ability.SEE)
CAMPAIGN_RECIPIENTS = Call("campaigns.recipients", RecipientsQuery, Page[RecipientRow], Ability.SEE)


_ONE_CAMPAIGN = "This is about one campaign; Esc takes back the marks."


def campaign_or_its_send(situation: Situation) -> str:
    """A campaign, or a send of one of which something can have come back."""
    sent = situation.one(CampaignRow) is None and situation.one(SendRow) is not None
    return has_gone_out(situation) if sent else campaign(situation)


def campaign(situation: Situation) -> str:
    """Any campaign."""
    return "" if situation.one(CampaignRow) is not None else "No email campaign is selected."


def _archived(row: CampaignRow) -> str:
    return f"{row.name} is archived; A takes it out again."


def test(situation: Situation) -> str:
    """A campaign that is not archived."""
    row = situation.one(CampaignRow)
    return _archived(row) if row is not None and row.archived_on else campaign(situation)


def prepared(situation: Situation) -> bool:
    """On the page of a campaign that is not archived: nobody prepares to send one that is."""
    row = situation.one(CampaignRow)
    return on_its_page(situation) and (row is None or not row.archived_on)


def edit(situation: Situation) -> str:
    """One campaign."""
    return _ONE_CAMPAIGN if len(situation.marks(CampaignRow)) > 1 else campaign(situation)


def send(situation: Situation) -> str:
    """A campaign with targets that is not being sent."""
    if len(situation.marks(CampaignRow)) > 1:
        return _ONE_CAMPAIGN
    row = situation.one(CampaignRow)
    if row is None:
        return "No email campaign is selected."
    if row.archived_on:
        return _archived(row)
    if row.status == "Sending":
        return f"{row.name} is being sent already."
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def count(situation: Situation) -> str:
    """A campaign with targets."""
    if len(situation.marks(CampaignRow)) > 1:
        return _ONE_CAMPAIGN
    row = situation.one(CampaignRow)
    if row is None:
        return "No email campaign is selected."
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def remove_target(situation: Situation) -> str:
    """A target list."""
    return "" if situation.one(ListRow) is not None else "No target marketing list is selected."


def report(situation: Situation) -> str:
    """A campaign that was sent."""
    if len(situation.marks(CampaignRow)) > 1:
        return _ONE_CAMPAIGN
    row = situation.one(CampaignRow)
    if row is None:
        return "No email campaign is selected."
    return "" if row.sent or row.sent_on else f"{row.name} has not been sent yet, so there is nothing to report."


SECTION = Section("campaigns", title="Email Campaigns", short="Campaigns", tooltip="Campaigns, sends, results")

ON_CAMPAIGNS = Scope("Email Campaigns")
ON_CAMPAIGN = Scope("Email Campaign")
ON_COUNT = Scope("Email Campaign Targets Counts")
ON_REPORT = Scope("Email Campaign report")
ON_COMPARISON = Scope("Comparison of email campaigns")


def shows_counts(situation: Situation) -> bool:
    """The counts are there: on their page, or in that step of the wizard."""
    step = situation.one(WizardStep)
    return step is None or step.step == COUNTS_STEP


ACTIONS = (
    Action(
        id="campaigns.synchronise",
        title="Synchronise",
        scopes=(ON_CAMPAIGNS,),
        keys=("s",),
        hint="Synchronise",
        call=RUN_START,
        command="dyntui sync campaigns",
        tooltip="New and changed campaigns, and the results of those sent",
    ),
    Action(
        id="campaign.settle",
        title="Say what became of a send",
        scopes=(ON_CAMPAIGN,),
        keys=("x",),
        hint="Settle",
        call=SEND_SETTLE,
        command="dyntui campaigns settle SEND --was-mailed",
        tooltip="For a send of which nobody knows whom it reached: what dotdigital's outbox says",
        rule=settle,
        hinted=in_doubt,
    ),
    Action(
        id="campaigns.send",
        title="Send Email Campaign",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("w",),
        hint="Send",
        call=CAMPAIGN_SEND,
        command="dyntui campaigns send CAMPAIGN",
        tooltip="Opens the send wizard; nothing is sent before its last step",
        row=True,
        rule=send,
    ),
    Action(
        id="campaigns.edit",
        title="Sync level",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("E",),
        call=CAMPAIGN_EDIT,
        command="dyntui campaigns edit CAMPAIGN --sync-level DETAILED",
        tooltip="How much of its results is read: nothing, totals, what every recipient did, or as the account says",
        row=True,
        rule=edit,
    ),
    Action(
        id="campaign.add_targets",
        title="Add Existing Marketing List",
        scopes=(ON_CAMPAIGN,),
        keys=("t", "plus"),
        hint="Add targets",
        call=CAMPAIGN_CHANGE_TARGETS,
        command="dyntui campaigns targets add CAMPAIGN LIST",
        tooltip="Chooses among the marketing lists activated for email",
        rule=campaign,
        hinted=prepared,
    ),
    Action(
        id="campaign.remove_target",
        title="Remove target list",
        scopes=(ON_CAMPAIGN,),
        keys=("d", "minus"),
        call=CAMPAIGN_CHANGE_TARGETS,
        command="dyntui campaigns targets remove CAMPAIGN LIST",
        tooltip="The list itself stays as it is",
        row=True,
        rule=remove_target,
    ),
    Action(
        id="campaign.synchronise",
        title="Synchronise",
        scopes=(ON_CAMPAIGN, ON_REPORT, ON_SEND),
        keys=("s",),
        hint="Synchronise",
        call=RUN_START,
        command="dyntui sync campaigns --campaign CAMPAIGN",
        tooltip="Content and results of this campaign",
        rule=campaign_or_its_send,
    ),
    Action(
        id="campaign.panes",
        title="Targets, text or sends",
        scopes=(ON_CAMPAIGN,),
        keys=("m",),
        hint="Panes",
        tooltip="Changes between target lists, text preview and sends",
    ),
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
        id="campaigns.report",
        title="Report",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN, ON_COMPARISON),
        keys=("v",),
        hint="Report",
        call=CAMPAIGN_REPORT,
        command="dyntui campaigns report CAMPAIGN",
        tooltip="Opens, clicks, bounces, links and recipients",
        row=True,
        rule=report,
    ),
    Action(
        id="campaigns.compare",
        title="Compare results",
        scopes=(ON_CAMPAIGNS,),
        keys=("V",),
        aside="Compare",
        call=CAMPAIGNS_COMPARE,
        command="dyntui campaigns compare CAMPAIGN CAMPAIGN",
        tooltip="The marked campaigns side by side, or the last ten that were sent: counts and rates",
    ),
    Action(
        id="campaign.preview",
        title="Preview the mail",
        scopes=(ON_CAMPAIGN,),
        keys=("p",),
        aside="Preview",
        call=CAMPAIGN_PREVIEW,
        command="dyntui campaigns preview CAMPAIGN",
        tooltip="Text, HTML as text, and the links with what is odd about them; no link is followed",
        rule=campaign,
    ),
    Action(
        id="campaign.test",
        title="Test send to one address",
        scopes=(ON_CAMPAIGN, ON_WIZARD),
        keys=("T",),
        hint="Test send",
        call=CAMPAIGN_TEST,
        command="dyntui campaigns test CAMPAIGN ADDRESS",
        tooltip="A copy to one contact who may be mailed; the campaign itself stays unsent",
        rule=test,
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
    Action(
        id="report.panes",
        title="Overview, charts or recipients",
        scopes=(ON_REPORT,),
        keys=("m",),
        hint="Recipients",
        call=CAMPAIGN_RECIPIENTS,
        command="dyntui campaigns report CAMPAIGN --recipients",
        tooltip="Changes between the overview (on a narrow screen its charts) and the recipients",
    ),
)
