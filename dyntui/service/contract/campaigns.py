"""Email campaigns: their pages and target marketing lists."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.campaign_results import LEVELS, CountedOnly
from dyntui.model.campaigns import CampaignRow as CampaignRow
from dyntui.model.mail_preview import PreviewLink as PreviewLink
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.lists import ON_WIZARD, ListRow
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.sends import (
    ON_SEND,
    SEND_SETTLE,
    SENDS_CHANGED,
    SendCampaign,
    SendRow,
    has_gone_out,
    in_doubt,
    settle,
)
from dyntui.service.contract.situations import Situation, on_its_page

VIEWS = ("current", "unsent", "sent", "archived", "all")


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
CAMPAIGN_SEND = Call("campaigns.send", SendCampaign, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))


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


def one_campaign(situation: Situation) -> str:
    """One campaign, where several are marked as well."""
    return _ONE_CAMPAIGN if len(situation.marks(CampaignRow)) > 1 else campaign(situation)


def send(situation: Situation) -> str:
    """A campaign with targets that is not being sent."""
    row = situation.one(CampaignRow)
    if (why := one_campaign(situation)) or row is None:
        return why
    if row.archived_on:
        return _archived(row)
    if row.status == "Sending":
        return f"{row.name} is being sent already."
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def remove_target(situation: Situation) -> str:
    """A target list."""
    return "" if situation.one(ListRow) is not None else "No target marketing list is selected."


SECTION = Section("campaigns", title="Email Campaigns", short="Campaigns", tooltip="Campaigns, sends, results")

ON_CAMPAIGNS = Scope("Email Campaigns")
ON_CAMPAIGN = Scope("Email Campaign")
ON_REPORT = Scope("Email Campaign report")


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
        rule=one_campaign,
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
)
