"""Email campaigns and their results as store, contract and both faces show them."""

from __future__ import annotations

import msgspec

from dyntui.model.counted import counted
from dyntui.model.rates import Counts, rate


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """An email campaign in the grid. `status` as dotdigital names it (Unsent, Sending, Sent, ...); `account`: the
    email account's name, `account_id`: what stays when it gets another one; `sync_level`: of its own, `""` as the
    account; `archived_on` (ISO 8601 UTC, `""`: it is not), `archived_by`: when and by whom it was put away."""

    id: int
    name: str
    subject: str
    status: str
    type: str
    account: str
    account_id: str = ""
    split_test: bool
    targets: int
    sent_on: str = ""
    sent: int = 0
    delivered: int = 0
    unique_opens: int = 0
    unique_clicks: int = 0
    sync_level: str = ""
    archived_on: str = ""
    archived_by: str = ""

    @property
    def of(self) -> str:
        """What names its email account for as long as a page is open."""
        return self.account_id or self.account

    @property
    def open_rate(self) -> float | None:
        """Who opened it, of those to whom it was delivered."""
        return rate("open", self._counts)

    @property
    def click_rate(self) -> float | None:
        """Who clicked in it, of those to whom it was delivered."""
        return rate("click", self._counts)

    @property
    def _counts(self) -> Counts:
        return Counts(sent=self.sent, delivered=self.delivered, opened=self.unique_opens, clicked=self.unique_clicks)


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


class ReadWith(msgspec.Struct, frozen=True, kw_only=True):
    """A mail client or a kind of device (`""`: not known), and how often, by how many, mails were opened with it."""

    name: str
    opens: int
    people: int


class RoiRow(msgspec.Struct, frozen=True, kw_only=True):
    """An ROI marker: how often it was set, for how many people, and the sum of what is a number in it (decimal)."""

    marker: str
    times: int
    people: int
    total: str


class SplitVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a split test. `results`: what was measured, `share`: of those who got it, a fraction of 1; `won`:
    the others get it, or got it."""

    name: str
    results: float
    share: float
    won: bool


class RecipientRow(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient and what they did. Times ISO 8601 UTC or `""`. `opens_read`, `clicks_read`: whether these are read;
    none of what is not read does not mean that there was none."""

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
    opens_read: bool = True
    clicks_read: bool = True


def through_another(people: int) -> str:
    """How many unsubscribed from one target list and are reached all the same, as a sentence."""
    of_them = "of them unsubscribed from one of these lists and"
    return f"{counted(people, f'{of_them} is', f'{of_them} are')} mailed through another."
