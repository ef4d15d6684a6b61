"""Email campaigns: listing, details, totals.

    campaigns(dd, statuses=, sent_since=, ...) -> [Campaign]       campaign_pages(...) -> Page[Campaign]...
    campaign(dd, id) -> CampaignDetails | None (with content)      summary(dd, id) -> Summary
    copy(dd, id) -> Campaign; delete(dd, id)
    campaigns_with_activity_since(dd, since) -> [Campaign]         campaigns_of_book(dd, book_id) -> [Campaign]
    books_of_campaign(dd, id) -> [AddressBook]                     from_addresses(dd) -> [FromAddress]

Facts: reference/dotdigital_api.md sections 7.1, 7.2, 7.5. Lists never carry a campaign's content.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from dyntui.dotdigital.address_books import AddressBook
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment, stamp
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import Whole, read, repeating_pages


class FromAddress(msgspec.Struct, frozen=True):
    """An address that campaigns may be sent from."""

    email: str = ""
    id: Whole | None = None


class Tag(msgspec.Struct, frozen=True):
    """A campaign's tag."""

    name: str = ""


class Campaign(msgspec.Struct, frozen=True, rename="camel"):
    """A campaign without content. `status` is `Unsent`, `Sending`, `Sent`..., as received. Everything but the id may be
    missing or null."""

    id: Whole
    name: str = ""
    subject: str | None = None
    from_name: str | None = None
    from_address: FromAddress | None = None
    status: str = ""
    reply_action: str | None = None
    reply_to_address: str | None = None
    is_split_test: bool = False
    type: str | None = None
    tags: list[Tag | str] | None = None
    sent_date: str | None = None
    scheduled_date: str | None = None

    @property
    def tag_names(self) -> list[str]:
        """Its tags; dotdigital writes them in two shapes."""
        return [tag if isinstance(tag, str) else tag.name for tag in self.tags or ()]

    @property
    def sent_at(self) -> datetime | None:
        """When it was sent, in UTC; only some listings tell."""
        return moment(self.sent_date)


class CampaignDetails(Campaign, frozen=True, rename="camel"):
    """A campaign with its content and, where it is a split test, what is compared."""

    html_content: str | None = None
    plain_text_content: str | None = None
    split_test_options: list[str] | None = None


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """A campaign's totals (HTML and text together); `percentage_...` are fractions of 1 and may exceed it.

    `revenue` and `assisted_revenue` are formatted text, or a number, as received. An answer that does not say to how
    many it was sent says nothing: it is none.
    """

    num_total_sent: Whole
    date_sent: str | None = None
    num_total_delivered: Whole = 0
    num_total_unique_opens: Whole = 0
    num_total_opens: Whole = 0
    num_total_clicks: Whole = 0
    num_recipients_clicked: Whole = 0
    num_total_page_views: Whole = 0
    num_forwards: Whole = 0
    num_total_estimated_forwards: Whole = 0
    num_total_replies: Whole = 0
    num_total_hard_bounces: Whole = 0
    num_total_soft_bounces: Whole = 0
    num_total_unsubscribes: Whole = 0
    num_total_isp_complaints: Whole = 0
    num_total_mail_blocks: Whole = 0
    percentage_delivered: float = 0.0
    percentage_unique_opens: float = 0.0
    percentage_opens: float = 0.0
    percentage_unsubscribes: float = 0.0
    percentage_replies: float = 0.0
    percentage_hard_bounces: float = 0.0
    percentage_soft_bounces: float = 0.0
    percentage_users_clicked: float = 0.0
    percentage_clicks_to_opens: float = 0.0
    revenue: str | int | float | None = None
    assisted_revenue: str | int | float | None = None
    conversion_rate: float | None = None
    num_orders: Whole = 0
    num_assisted_orders: Whole = 0


def campaign_pages(
    dd: Dotdigital,
    *,
    statuses: Sequence[str] = (),
    type: str | None = None,
    tags: Sequence[str] = (),
    sent_since: datetime | None = None,
    scheduled_from: datetime | None = None,
    scheduled_to: datetime | None = None,
    resume: str | None = None,
) -> AsyncIterator[Page[Campaign]]:
    """Campaigns page by page, filtered by dotdigital (all tags must match); the odd ones apart."""
    params: dict[str, Any] = {}
    if statuses:
        params["~statuses"] = list(statuses)
    if type is not None:
        params["~type"] = type
    if tags:
        params["~tags"] = list(tags)
    if sent_since is not None:
        params["~sentDate"] = stamp(sent_since)
    if scheduled_from is not None:
        params["~scheduledDateFrom"] = stamp(scheduled_from)
    if scheduled_to is not None:
        params["~scheduledDateTo"] = stamp(scheduled_to)
    return skip_pages(dd, "/v2/campaigns/filtered", Campaign, _id, params=params, resume=resume, takes_odd=True)


async def campaigns(
    dd: Dotdigital, *, statuses: Sequence[str] = (), type: str | None = None, sent_since: datetime | None = None
) -> list[Campaign]:
    """All campaigns that match."""
    return await _all(campaign_pages(dd, statuses=statuses, type=type, sent_since=sent_since))


async def campaign(dd: Dotdigital, campaign_id: int) -> CampaignDetails | None:
    """One campaign with details and content, or None when it does not exist (any more)."""
    try:
        return await dd.get(f"/v2/campaigns/{campaign_id}/with-details", CampaignDetails)
    except DotdigitalError as error:
        if error.status == 404:
            return None
        raise


async def copy(dd: Dotdigital, campaign_id: int) -> Campaign:
    """An unsent copy of a campaign; dotdigital names it "Copy of ...". Raises DotdigitalError; UnknownOutcome when the
    answer was lost, which leaves a copy at most."""
    reply = await dd.request("POST", f"/v2/campaigns/{campaign_id}/copy", repeatable=False, expects_json=True)
    return read(reply, Campaign)


async def delete(dd: Dotdigital, campaign_id: int) -> None:
    """Removes a campaign; dotdigital refuses while it is being sent. Raises DotdigitalError."""
    await dd.request("DELETE", f"/v2/campaigns/{campaign_id}")


async def summary(dd: Dotdigital, campaign_id: int) -> Summary:
    """A campaign's totals."""
    return await dd.get(f"/v2/campaigns/{campaign_id}/summary", Summary)


class SplitVersion(msgspec.Struct, frozen=True, rename="camel"):
    """A version of a split test: `results_actual` people did what was measured, `results_percentage` of 100 of those
    who got it. `version`: how dotdigital calls it."""

    version: str | None = None
    subject_line: str | None = None
    winning_version: bool = False
    results_actual: float = 0.0
    results_percentage: float = 0.0


class SplitResults(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a campaign's versions, by which metric (`Opens`, `Clicks`, `ROI`) the winner is picked."""

    versions: list[SplitVersion] | None = None
    split_test_winner_metric: str | None = None


async def split_results(dd: Dotdigital, campaign_id: int) -> SplitResults:
    """How the versions of a split test did (dotdigital_api.md 7.2)."""
    return await dd.get(f"/v2/campaigns/{campaign_id}/split-test", SplitResults)


async def campaigns_with_activity_since(dd: Dotdigital, since: datetime) -> list[Campaign]:
    """Sent campaigns that somebody opened, clicked and so on since a time: what an incremental run looks at. One that
    cannot be read is left out: the listing of all names it. Raises DOTDIGITAL_PAGE_REPEATS."""
    path = f"/v2/campaigns/with-activity-since/{stamp(since)}"
    found: list[Campaign] = []
    async for page in skip_pages(dd, path, Campaign, _id, takes_odd=True):
        found.extend(page.rows)
        if page.repeats:
            raise repeating_pages(path)
    return found


async def campaigns_of_book(dd: Dotdigital, book_id: int) -> list[Campaign]:
    """The campaigns that were sent to an address book or segment."""
    return await _all(skip_pages(dd, f"/v2/address-books/{book_id}/campaigns", Campaign, _id))


async def books_of_campaign(dd: Dotdigital, campaign_id: int) -> list[AddressBook]:
    """The address books and segments that a campaign ever went to."""
    path = f"/v2/campaigns/{campaign_id}/address-books"
    books: list[AddressBook] = []
    async for page in skip_pages(dd, path, AddressBook, lambda book: book.id):
        books.extend(page.rows)
    return books


async def from_addresses(dd: Dotdigital) -> list[FromAddress]:
    """The account's own from addresses."""
    found: list[FromAddress] = []
    async for page in skip_pages(dd, "/v2/custom-from-addresses", FromAddress, lambda each: (each.id, each.email)):
        found.extend(page.rows)
    return found


def _id(found: Campaign) -> int:
    return found.id


async def _all(found: AsyncIterator[Page[Campaign]]) -> list[Campaign]:
    return [each async for page in found for each in page.rows]
