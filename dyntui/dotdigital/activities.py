"""What recipients did with a campaign: one row each, and every open and click.

    activity_pages(dd, campaign_id, since=, resume=) -> Page[Activity]...     every recipient, or who acted since
    at_least(dd, campaign_id, people) -> bool
    open_pages(...) -> Page[Open]...      click_pages(...) -> Page[Click]...  page_view_pages(dd, id, since=...)
    roi_pages(dd, campaign_id, since) -> Page[Roi]...
    hard_bounce_pages(dd, campaign_id, resume=) -> Page[Contact]...

Facts: reference/dotdigital_api.md section 7.6. Events have no id: `key` tells them apart. Events may be processed late:
read since-feeds with an overlap. A row that cannot be read fails the page, unless the caller `takes_odd`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from dyntui.dotdigital.contacts import Contact
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment, stamp
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import Long, Whole


class Activity(msgspec.Struct, frozen=True, rename="camel"):
    """One recipient of a campaign, with what became of the mail."""

    contact_id: Long
    email: str | None = None
    num_opens: Whole = 0
    num_page_views: Whole = 0
    num_clicks: Whole = 0
    num_forwards: Whole = 0
    num_estimated_forwards: Whole = 0
    num_replies: Whole = 0
    date_sent: str | None = None
    date_first_opened: str | None = None
    date_last_opened: str | None = None
    first_open_ip: str | None = None
    unsubscribed: bool = False
    soft_bounced: bool = False
    hard_bounced: bool = False

    @property
    def key(self) -> Hashable:
        """A recipient has one row."""
        return self.contact_id

    @property
    def sent_at(self) -> datetime | None:
        """When the mail went out, in UTC."""
        return moment(self.date_sent)


class Open(msgspec.Struct, frozen=True, rename="camel"):
    """One opening of a mail."""

    contact_id: Long
    date_opened: str
    email: str | None = None
    mail_client: str | None = None
    mail_client_version: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    is_html: bool = True
    is_forward: bool = False

    @property
    def key(self) -> Hashable:
        """As near to an identity as an opening comes."""
        return (self.contact_id, self.date_opened, self.user_agent)


class Click(msgspec.Struct, frozen=True, rename="camel"):
    """One click on a link."""

    contact_id: Long
    date_clicked: str
    email: str | None = None
    url: str = ""
    ip_address: str | None = None
    user_agent: str | None = None
    keyword: str | None = None

    @property
    def key(self) -> Hashable:
        """As near to an identity as a click comes."""
        return (self.contact_id, self.url, self.date_clicked)


class PageView(msgspec.Struct, frozen=True, rename="camel"):
    """One page seen after a click."""

    contact_id: Long
    date_viewed: str
    email: str | None = None
    url: str = ""

    @property
    def key(self) -> Hashable:
        """As near to an identity as a page view comes."""
        return (self.contact_id, self.url, self.date_viewed)


class Roi(msgspec.Struct, frozen=True, rename="camel"):
    """Something of worth that a recipient did: an ROI marker of the account with its value."""

    contact_id: Long
    email: str | None = None
    marker_name: str = ""
    value: str | float | int | bool | None = None
    date_entered: str = ""

    @property
    def key(self) -> Hashable:
        """As near to an identity as it comes."""
        return (self.contact_id, self.marker_name, str(self.value), self.date_entered)


class _Event(Protocol):
    @property
    def key(self) -> Hashable: ...


E = TypeVar("E", bound=_Event)


def _feed(
    dd: Dotdigital,
    campaign_id: int,
    feed: str,
    row_type: type[E],
    since: datetime | None,
    resume: str | None,
    takes_odd: bool,
) -> AsyncIterator[Page[E]]:
    path = f"/v2/campaigns/{campaign_id}/{feed}"
    if since is not None:
        path += f"/since-date/{stamp(since)}"
    # Who is missing in it might be mailed once more.
    whole = feed == "activities"
    return skip_pages(dd, path, row_type, lambda row: row.key, resume=resume, until_empty=whole, takes_odd=takes_odd)


async def at_least(dd: Dotdigital, campaign_id: int, people: int) -> bool:
    """Whether a campaign shows at least so many recipients: one call, however many there are."""
    if people <= 0:
        return True
    asked = {"select": 1, "skip": people - 1}
    return bool(await dd.get(f"/v2/campaigns/{campaign_id}/activities", list[dict[str, object]], params=asked))


def activity_pages(
    dd: Dotdigital,
    campaign_id: int,
    *,
    since: datetime | None = None,
    resume: str | None = None,
    takes_odd: bool = False,
) -> AsyncIterator[Page[Activity]]:
    """Every recipient, silent ones too; with `since` only those who did something after it."""
    return _feed(dd, campaign_id, "activities", Activity, since, resume, takes_odd)


def open_pages(
    dd: Dotdigital,
    campaign_id: int,
    *,
    since: datetime | None = None,
    resume: str | None = None,
    takes_odd: bool = False,
) -> AsyncIterator[Page[Open]]:
    """Every opening."""
    return _feed(dd, campaign_id, "opens", Open, since, resume, takes_odd)


def click_pages(
    dd: Dotdigital,
    campaign_id: int,
    *,
    since: datetime | None = None,
    resume: str | None = None,
    takes_odd: bool = False,
) -> AsyncIterator[Page[Click]]:
    """Every click."""
    return _feed(dd, campaign_id, "clicks", Click, since, resume, takes_odd)


def page_view_pages(
    dd: Dotdigital, campaign_id: int, since: datetime, *, resume: str | None = None, takes_odd: bool = False
) -> AsyncIterator[Page[PageView]]:
    """Pages seen since a time (dotdigital has no list without one)."""
    return _feed(dd, campaign_id, "page-views", PageView, since, resume, takes_odd)


def roi_pages(
    dd: Dotdigital, campaign_id: int, since: datetime, *, resume: str | None = None, takes_odd: bool = False
) -> AsyncIterator[Page[Roi]]:
    """ROI since a time (dotdigital has no list without one)."""
    return _feed(dd, campaign_id, "roi-details", Roi, since, resume, takes_odd)


def hard_bounce_pages(dd: Dotdigital, campaign_id: int, *, resume: str | None = None) -> AsyncIterator[Page[Contact]]:
    """The contacts whose mail bounced hard."""
    path = f"/v2/campaigns/{campaign_id}/hard-bouncing-contacts"
    return skip_pages(dd, path, Contact, lambda contact: contact.id, params={"withFullData": "false"}, resume=resume)
