"""What recipients did with a campaign: every activity feed of v2 (7.6)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Callable, Sequence
from typing import Any

from dyntui.sandbox.dotdigital import campaigns, codec, contact_store, dates
from dyntui.sandbox.dotdigital.audience import AGENTS
from dyntui.sandbox.dotdigital.call import Call, Page
from dyntui.sandbox.dotdigital.contact_store import COLUMNS
from dyntui.sandbox.dotdigital.errors import not_found
from dyntui.sandbox.request import Response

_RECIPIENT = (
    "contact_id, email, opens, pages, clicks, forwards, replies, sent_on, first_open, last_open, first_ip,"
    " unsubscribes, soft, hard"
)


# -- one row per recipient -------------------------------------------------------------------------------------------


def activities(call: Call) -> Response:
    """GET .../activities: every recipient, silent ones too."""
    page = call.page()
    most = call.settings.short_pages
    return _recipients(call, Page(min(page.select, most), page.skip) if most else page, "true", ())


def activities_since(call: Call) -> Response:
    """GET .../activities/since-date/{date}: who did something since; default page 2000."""
    page = call.page(2000, call.settings.modified_since_maximum)
    return _recipients(call, page, call.since("active_on"), (call.date("date"),))


def _recipients(call: Call, page: Page, where: str, values: tuple[int, ...]) -> Response:
    rows = call.state.db.execute(
        f"SELECT {_RECIPIENT} FROM dd_recipient WHERE campaign_id = ? AND {where} ORDER BY contact_id LIMIT ? OFFSET ?",
        (campaigns.existing(call), *values, page.select, page.skip),
    )
    return codec.answer([_activity(row, call.settings.year_one_dates) for row in rows])


def activity_of(call: Call) -> Response:
    """GET .../activities/{contactId}: one recipient."""
    row = call.state.db.execute(
        f"SELECT {_RECIPIENT} FROM dd_recipient WHERE campaign_id = ? AND contact_id = ?",
        (campaigns.existing(call), call.number("contactId", "ERROR_CONTACT_NOT_FOUND")),
    ).fetchone()
    if row is None:
        raise not_found("ERROR_CONTACT_NOT_FOUND")
    return codec.answer(_activity(row, call.settings.year_one_dates))


def _activity(row: Sequence[Any], year_one: bool) -> dict[str, Any]:
    none = dates.YEAR_ONE if year_one else None
    return {
        "contactId": row[0],
        "email": row[1],
        "numOpens": row[2],
        "numPageViews": row[3],
        "numClicks": row[4],
        "numForwards": row[5],
        "numEstimatedForwards": row[5],
        "numReplies": row[6],
        "dateSent": dates.iso(row[7]),
        "dateFirstOpened": dates.iso(row[8]) or none,
        "dateLastOpened": dates.iso(row[9]) or none,
        "firstOpenIp": row[10] or "",
        "unsubscribed": row[11] > 0,
        "softBounced": row[12] > 0,
        "hardBounced": row[13] > 0,
    }


def hard_bouncing(call: Call) -> Response:
    """GET .../hard-bouncing-contacts: contacts, with data fields on request."""
    page = call.page()
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM dd_contact c WHERE c.id IN (SELECT contact_id FROM dd_recipient WHERE campaign_id = ?"
        " AND hard > 0) ORDER BY c.id LIMIT ? OFFSET ?",
        (campaigns.existing(call), page.select, page.skip),
    )
    return codec.answer(contact_store.v2_contacts(call.state, rows, call.flag("withFullData")))


# -- one row per event -----------------------------------------------------------------------------------------------

# Columns of an event: contact, e-mail, at, detail, ip, agent.


def _events(call: Call, kind: str, page: Page) -> list[Sequence[Any]]:
    """Events of one kind, oldest first; of one contact or since a date when the path says so."""
    where, values = "", []
    if "date" in call.args:
        where += f" AND {call.since('e.at')}"
        values.append(call.date("date"))
    if "contactId" in call.args:
        where += " AND e.contact_id = ?"
        values.append(call.number("contactId", "ERROR_CONTACT_NOT_FOUND"))
    return call.state.db.execute(
        "SELECT e.contact_id, r.email, e.at, e.detail, e.ip, e.agent FROM dd_event e JOIN dd_recipient r"
        " ON r.campaign_id = e.campaign_id AND r.contact_id = e.contact_id"
        f" WHERE e.campaign_id = ? AND e.kind = ? AND e.applied = 1{where} ORDER BY e.at, e.id LIMIT ? OFFSET ?",
        (campaigns.existing(call), kind, *values, page.select, page.skip),
    ).fetchall()


def _feed(kind: str, shape: Callable[[Sequence[Any]], dict[str, Any]], text: str) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        return codec.answer([shape(row) for row in _events(call, kind, call.page())])

    handler.__doc__ = text
    return handler


def _open(row: Sequence[Any]) -> dict[str, Any]:
    client, version, agent = AGENTS[row[5]]
    return {
        "contactId": row[0],
        "email": row[1],
        "mailClient": client,
        "mailClientVersion": version,
        "ipAddress": row[4],
        "userAgent": agent,
        "isHtml": True,
        "isForward": False,
        "dateOpened": dates.iso(row[2]),
    }


def _click(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "contactId": row[0],
        "email": row[1],
        "url": row[3],
        "ipAddress": row[4],
        "userAgent": AGENTS[row[5]][2],
        "dateClicked": dates.iso(row[2]),
        "keyword": "",
    }


def _click_with_groups(row: Sequence[Any]) -> dict[str, Any]:
    return {**_click(row), "groups": []}


def _page_view(row: Sequence[Any]) -> dict[str, Any]:
    return {"contactId": row[0], "email": row[1], "url": row[3], "dateViewed": dates.iso(row[2])}


def _roi(row: Sequence[Any]) -> dict[str, Any]:
    return {"contactId": row[0], "email": row[1], **codec.decode(row[3]), "dateEntered": dates.iso(row[2])}


opens = _feed("open", _open, "GET .../opens, since a date, or of one contact.")
clicks = _feed("click", _click, "GET .../clicks, since a date, or of one contact.")
clicks_with_groups = _feed("click", _click_with_groups, "GET .../clicks-with-groups: clicks of links in no group.")
page_views = _feed("page", _page_view, "GET .../page-views since a date or of one contact: there is no undated list.")
roi_details = _feed("roi", _roi, "GET .../roi-details since a date or of one contact.")


def replies(call: Call) -> Response:
    """GET .../activities/{contactId}/replies: per contact only, at most 5 a page."""
    rows = _events(call, "reply", call.page(5, 5))
    campaign = call.state.db.execute(
        "SELECT c.subject, f.email FROM dd_campaign c JOIN dd_from_address f ON f.id = c.from_id WHERE c.id = ?",
        (call.number("id", campaigns.NOT_FOUND),),
    ).fetchone()
    return codec.answer([_reply(row, *campaign) for row in rows])


def _reply(row: Sequence[Any], subject: str, sender: str) -> dict[str, Any]:
    automatic = row[3] == "AutoReply"
    return {
        "contactId": row[0],
        "email": row[1],
        "fromAddress": row[1],
        "toAddress": sender,
        "subject": f"{'Out of office' if automatic else 'Re'}: {subject}",
        "message": "I am away until Monday." if automatic else "Thank you, could you tell me more?",
        "isHtml": False,
        "dateReplied": dates.iso(row[2]),
        "replyType": row[3],
        "customReplyToAddress": None,
    }


def social_bookmark_views(call: Call) -> Response:
    """GET .../social-bookmark-views, of everyone or of one contact: views by bookmark."""
    page = call.page()
    campaign = campaigns.existing(call)
    where, values = "", [campaign]
    if "contactId" in call.args:
        where, values = " AND e.contact_id = ?", [campaign, call.number("contactId", "ERROR_CONTACT_NOT_FOUND")]
    rows = call.state.db.execute(
        "SELECT e.contact_id, r.email, e.detail, count(*) FROM dd_event e JOIN dd_recipient r ON"
        " r.campaign_id = e.campaign_id AND r.contact_id = e.contact_id WHERE e.campaign_id = ? AND e.kind = 'social'"
        f" AND e.applied = 1{where} GROUP BY e.contact_id, r.email, e.detail ORDER BY e.contact_id, e.detail"
        " LIMIT ? OFFSET ?",
        (*values, page.select, page.skip),
    )
    return codec.answer(
        [{"contactId": row[0], "email": row[1], "bookmarkName": row[2], "numViews": row[3]} for row in rows]
    )


def revenue(call: Call) -> Response:
    """GET .../revenue/since-date/{date} and .../activities/{contactId}/revenue: orders attributed to the campaign."""
    rows = _events(call, "roi", Page(1_000_000, 0))
    total = sum(float(codec.decode(row[3])["value"]) for row in rows)
    campaign = call.number("id", campaigns.NOT_FOUND)
    sent_on, sent = call.state.db.execute(
        "SELECT (SELECT sent_on FROM dd_campaign WHERE id = ?1), (SELECT count(*) FROM dd_recipient"
        " WHERE campaign_id = ?1)",
        (campaign,),
    ).fetchone()
    return codec.answer(
        {
            "campaignID": campaign,
            "dateLastSent": dates.iso(sent_on),
            "currency": call.settings.currency,
            "revenue": round(total, 2),
            "numOrders": len(rows),
            "conversionRate": round(len(rows) / sent, 6) if sent else 0.0,
        }
    )
