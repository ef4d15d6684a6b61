"""Email campaigns: targets, target counts, sends and results."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import ReasonCount
from dyntui.service.contract.bounds import CampaignView, Number, RecipientFilter, Text
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.paging import Window


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """An email campaign in the grid. `status` as dotdigital names it (Unsent, Sending, Sent, ...); `account`: the
    email account's name."""

    id: int
    name: str
    subject: str
    status: str
    type: str
    account: str
    split_test: bool
    targets: int
    sent_on: str = ""
    sent: int = 0
    delivered: int = 0
    unique_opens: int = 0
    unique_clicks: int = 0


class CampaignDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's page. `text` is the plain-text content as received."""

    row: CampaignRow
    from_name: str
    from_address: str
    reply_to: str
    text: str
    tags: tuple[str, ...]
    targets: tuple[ListRow, ...]
    sends: tuple[SendRow, ...]
    active_run: str = ""


class SendRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatch; `potential` is `sendable` + the sum of `excluded`.

    `state`: Queued, Preparing, Sending, Sent, Failed, Refused, Cancelled. `doubt`: why it is not known who was mailed -
    `cancelled`: in dotdigital, which does not tell whom it reached; `unproved`: dotdigital did not answer and does not
    show the send; `stopped`: it says `Sent` and shows fewer people as mailed - or `""`. `decision`: `mailed` or
    `not mailed`, as `decided_by` found in dotdigital's outbox on `decided_on`; `""` as long as nobody has said so.
    """

    id: str
    campaign: int
    campaign_name: str
    run: str
    state: str
    created_by: str
    created_on: str
    sent_on: str
    potential: int
    sendable: int
    excluded: tuple[ReasonCount, ...]
    lists: tuple[str, ...]
    error: str = ""
    doubt: str = ""
    decision: str = ""
    decided_by: str = ""
    decided_on: str = ""

    @property
    def undecided(self) -> bool:
        """Who was mailed is not known, and nobody has said so."""
        return bool(self.doubt) and not self.decision

    @property
    def standing(self) -> str:
        """The state in words, with what is not known of it."""
        if self.decision:
            return f"{self.state}, {self.decision} as {self.decided_by or 'somebody'} found"
        return _DOUBTS.get(self.doubt, self.state)


_DOUBTS = {
    "cancelled": "Cancelled in dotdigital, nobody knows whom it reached",
    "unproved": "Not known whether it was made",
    "stopped": "Sent or stopped, see the outbox",
}


class CampaignsQuery(Window, frozen=True, kw_only=True):
    """`view`: `all`, `unsent`, `sent`."""

    view: CampaignView = "all"
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


class CountTargets(msgspec.Struct, frozen=True, kw_only=True):
    """Count the targets of a campaign over these target lists (all targets when empty)."""

    id: Number
    lists: tuple[Text, ...] = ()


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
    typed."""

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


class CountPeopleQuery(Window, frozen=True, kw_only=True):
    """A window on the people of a target count; `reason` `""` with `sendable` true means those who will be mailed."""

    count: Text
    reason: Text = ""
    sendable: bool = False


class SendCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Send to exactly the people of a target count. `confirm` is the number typed by the person where one is asked."""

    count: Text
    confirm: Number | None = None


class SendRef(msgspec.Struct, frozen=True):
    """A send by its id."""

    id: Text


class SettleSend(msgspec.Struct, frozen=True):
    """What somebody found in dotdigital's outbox (Campaigns > Email > Outbox) about a send in doubt: whether its people
    were mailed."""

    id: Text
    was_mailed: bool


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """Activity within one hour after the send (`hour` ISO 8601 UTC)."""

    hour: str
    opens: int
    clicks: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link and how often, by how many, it was clicked."""

    url: str
    clicks: int
    people: int


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """Results of a campaign, as last read.

    `delivery_rate` and `bounce_rate` are fractions (0.0-1.0) of `sent`, `click_to_open_rate` of `unique_opens`, the
    other rates of `delivered`; `opens` and `clicks` count events, everything else people.
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
    delivery_rate: float
    open_rate: float
    click_rate: float
    click_to_open_rate: float
    bounce_rate: float
    unsubscribe_rate: float
    hours: tuple[Hour, ...]
    links: tuple[Link, ...]
    sends: tuple[SendRow, ...]


class RecipientsQuery(Window, frozen=True, kw_only=True):
    """A window on the recipients of a campaign; `filter`: `all`, `opened`, `clicked`, `bounced`,
    `unsubscribed`, `unopened`."""

    id: Number
    filter: RecipientFilter = "all"


class RecipientRow(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient and what they did. Times ISO 8601 UTC or `""`."""

    address: str
    contact_id: int
    sent_on: str
    opens: int
    clicks: int
    first_opened: str
    last_opened: str
    unsubscribed: bool
    soft_bounced: bool
    hard_bounced: bool
    name: str = ""
