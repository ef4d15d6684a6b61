"""Sending a campaign, once.

    start_send(dd, campaign_id, book_ids=, contact_ids=, at=, split=) -> Send        send_status(dd, send_id) -> Send

A send is never repeated by itself: a lost answer raises UnknownOutcome, and the caller looks with
`campaigns.campaigns_of_book` (a book made for the send alone) or `send_status` whether it happened. An empty target
would mean "All Contacts" to dotdigital (reference/dotdigital_api.md 7.4): it is refused here, before any call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.dotdigital.reading import Whole, read
from dyntui.model.errors import Exit

MOST_CONTACT_IDS: Final = 10


class SplitTest(msgspec.Struct, frozen=True, rename="camel"):
    """How a split test picks its winner: `Opens`, `Clicks` or `ROI`, tested on 1 to 100 % for some hours."""

    test_metric: str
    test_percentage: Whole
    test_period_hours: Whole


class Send(msgspec.Struct, frozen=True, rename="camel"):
    """A send: `status` is `NotSent`, `Scheduled`, `Sending`, `Sent`, `Cancelled`, or as received. `address_book_ids`:
    in the answer to the request those that it names; None where a send is read back (reference 7.4)."""

    id: str
    campaign_id: Whole | None = None
    status: str = ""
    send_date: str | None = None
    address_book_ids: list[int] | None = None

    @property
    def sent(self) -> bool:
        return self.status.lower() == "sent"

    @property
    def cancelled(self) -> bool:
        return self.status.lower() == "cancelled"


async def start_send(
    dd: Dotdigital,
    campaign_id: int,
    *,
    book_ids: Sequence[int] = (),
    contact_ids: Sequence[int] = (),
    at: datetime | None = None,
    split: SplitTest | None = None,
) -> Send:
    """Send a campaign to address books (or at most ten contacts), now or at a time. There is no way to take it back.

    Nothing is waited for: who may be mailed was looked at just before, and a limit that opens in an hour is a refusal.

    Raises DOTDIGITAL_SEND_WITHOUT_RECIPIENTS without calling dotdigital; DotdigitalError when it refuses;
    UnknownOutcome when the answer was lost: find out before sending again.
    """
    if not (book_ids or contact_ids) or not all(each > 0 for each in (*book_ids, *contact_ids)):
        raise DotdigitalError(
            "DOTDIGITAL_SEND_WITHOUT_RECIPIENTS",
            "The send has no recipients; dotdigital would take that for everybody.",
            not_done="Nothing was sent.",
            remedy="Choose at least one target.",
            exit=Exit.USAGE,
        )
    if len(contact_ids) > MOST_CONTACT_IDS:
        raise ValueError(f"dotdigital takes at most {MOST_CONTACT_IDS} single contacts a send")
    body: dict[str, Any] = {"campaignId": campaign_id}
    if book_ids:
        body["addressBookIds"] = list(book_ids)
    if contact_ids:
        body["contactIds"] = list(contact_ids)
    if at is not None:
        body["sendDate"] = stamp(at)
    if split is not None:
        body["splitTestOptions"] = split
    reply = await dd.request("POST", "/v2/campaigns/send", body=body, repeatable=False, expects_json=True, at_once=True)
    return read(reply, Send)


async def send_status(dd: Dotdigital, send_id: str) -> Send:
    """Where a send stands."""
    return await dd.get(f"/v2/campaigns/send/{send_id}", Send)
