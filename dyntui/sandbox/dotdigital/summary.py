"""Totals of campaigns: the summary with its ratios of 0 to 1, and the metrics with percentages of 0 to 100 (7.5)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Mapping
from typing import Any

from dyntui.sandbox.dotdigital import campaigns, codec, dates
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

# Every name but the first exists for HTML, text and total; text and total carry the word after "num".
_FLAVOURS = {
    "Opens": "opens",
    "Clicks": "clicks",
    "PageViews": "pages",
    "EstimatedForwards": "forwards",
    "Replies": "replies",
    "HardBounces": "hard",
    "SoftBounces": "soft",
    "Unsubscribes": "unsubscribes",
    "IspComplaints": "complaints",
    "MailBlocks": "blocked",
    "Sent": "sent",
    "Delivered": "delivered",
}

_COUNTS = (
    "count(*) AS sent, sum(delivery = 'delivered' AND delivered_on <= :now) AS delivered,"
    " sum(delivery = 'blocked' AND delivered_on <= :now) AS blocked, sum(opens > 0) AS openers, sum(opens) AS opens,"
    " sum(clicks > 0) AS clickers, sum(clicks) AS clicks, sum(pages) AS pages, sum(forwards) AS forwards,"
    " sum(replies) AS replies, sum(hard) AS hard, sum(soft) AS soft, sum(unsubscribes) AS unsubscribes,"
    " sum(complaints) AS complaints"
)
_NAMES = (
    *("sent", "delivered", "blocked", "openers", "opens", "clickers", "clicks", "pages", "forwards", "replies", "hard"),
    *("soft", "unsubscribes", "complaints"),
)


def summary(call: Call) -> Response:
    """GET /v2/campaigns/{id}/summary."""
    campaign = campaigns.existing(call)
    sent_on = call.state.db.execute("SELECT sent_on FROM dd_campaign WHERE id = ?", (campaign,)).fetchone()[0]
    html, text = _counts(call.state, campaign, 0, call.now), _counts(call.state, campaign, 1, call.now)
    total = {name: html[name] + text[name] for name in _NAMES}
    answer: dict[str, Any] = {"dateSent": dates.iso(sent_on)}
    answer |= {
        "numUniqueOpens": html["openers"],
        "numUniqueTextOpens": text["openers"],
        "numTotalUniqueOpens": total["openers"],
    }
    for name, source in _FLAVOURS.items():
        answer |= {f"num{name}": html[source], f"numText{name}": text[source], f"numTotal{name}": total[source]}
    answer |= {"numForwards": html["forwards"], "numTextForwards": text["forwards"]}
    answer["numRecipientsClicked"] = total["clickers"]
    orders, revenue = _orders(call.state, campaign)
    money = f"{_SIGNS.get(call.settings.currency, '')}{revenue:,.2f}"
    answer |= {
        "percentageDelivered": _ratio(total["delivered"], total["sent"]),
        "percentageUniqueOpens": _ratio(total["openers"], total["delivered"]),
        "percentageOpens": _ratio(total["opens"], total["delivered"]),
        "percentageUnsubscribes": _ratio(total["unsubscribes"], total["delivered"]),
        "percentageReplies": _ratio(total["replies"], total["delivered"]),
        "percentageHardBounces": _ratio(total["hard"], total["sent"]),
        "percentageSoftBounces": _ratio(total["soft"], total["sent"]),
        "percentageUsersClicked": _ratio(total["clickers"], total["delivered"]),
        "percentageClicksToOpens": _ratio(total["clickers"], total["openers"]),
        "revenue": money,
        "conversionRate": _ratio(orders, total["delivered"]),
        "assistedRevenue": f"{_SIGNS.get(call.settings.currency, '')}0.00",
        "numOrders": orders,
        "numAssistedOrders": 0,
    }
    return codec.answer(answer)


_SIGNS = {"GBP": "£", "USD": "$", "EUR": "€"}


def _counts(state: State, campaign: int, is_text: int, now: int) -> dict[str, int]:
    row = state.db.execute(
        f"SELECT {_COUNTS} FROM dd_recipient WHERE campaign_id = :campaign AND is_text = :is_text",
        {"now": now, "campaign": campaign, "is_text": is_text},
    ).fetchone()
    return {name: value or 0 for name, value in zip(_NAMES, row, strict=True)}


def _orders(state: State, campaign: int) -> tuple[int, float]:
    number, money = state.db.execute(
        "SELECT count(*), sum(CAST(json_extract(detail, '$.value') AS REAL)) FROM dd_event WHERE campaign_id = ?"
        " AND kind = 'roi' AND applied = 1",
        (campaign,),
    ).fetchone()
    return int(number), float(money or 0)


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


# -- metrics ---------------------------------------------------------------------------------------------------------


def metrics(call: Call) -> Response:
    """GET /v2/campaigns/metrics?startDate&endDate: campaigns sent in between."""
    page = call.page()
    rows = call.state.db.execute(
        "SELECT c.id, c.sent_on, c.name, c.type, c.tags, c.subject, c.from_name, f.email, c.split_options IS NOT NULL,"
        " (SELECT min(started) FROM dd_send s WHERE s.campaign_id = c.id) FROM dd_campaign c JOIN dd_from_address f"
        " ON f.id = c.from_id WHERE c.sent_on IS NOT NULL AND c.sent_on >= ? AND c.sent_on <= ?"
        " ORDER BY c.id LIMIT ? OFFSET ?",
        (_option_date(call, "startDate", 0), _option_date(call, "endDate", call.now), page.select, page.skip),
    ).fetchall()
    return codec.answer([_metric(call, row) for row in rows])


def _option_date(call: Call, name: str, default: int) -> int:
    text = call.option(name)
    if not text:
        return default
    try:
        return dates.parse(text)
    except (ValueError, OverflowError):
        raise parameter_invalid(f"{name} is not a valid date.") from None


def _metric(call: Call, row: tuple[Any, ...]) -> dict[str, Any]:
    html, text = _counts(call.state, row[0], 0, call.now), _counts(call.state, row[0], 1, call.now)
    total: Mapping[str, int] = {name: html[name] + text[name] for name in _NAMES}
    orders, revenue = _orders(call.state, row[0])

    def percent(part: str, whole: str) -> float:
        return round(100 * _ratio(total[part], total[whole]), 4)

    return {
        "campaignId": row[0],
        "dateSent": dates.iso(row[9] or row[1]),
        **({"lastDateSent": dates.iso(row[1])} if call.settings.metrics_last_date_sent else {}),
        "campaignName": row[2],
        "campaignType": row[3],
        "sent": total["sent"],
        "delivered": total["delivered"],
        "uniqueOpens": total["openers"],
        "opens": total["opens"],
        "clicks": total["clicks"],
        "uniqueClicks": total["clickers"],
        "hardBounces": total["hard"],
        "softBounces": total["soft"],
        "replies": total["replies"],
        "unsubscribes": total["unsubscribes"],
        "forwards": total["forwards"],
        "sendStatusFails": 0,
        "mailBlocks": total["blocked"],
        "complaints": total["complaints"],
        "pageViews": total["pages"],
        "percentageDelivered": percent("delivered", "sent"),
        "percentageUniqueOpens": percent("openers", "delivered"),
        "percentageHardBounces": percent("hard", "sent"),
        "percentageSoftBounces": percent("soft", "sent"),
        "percentageReplies": percent("replies", "delivered"),
        "percentageUnsubscribes": percent("unsubscribes", "delivered"),
        "percentageUniqueClicks": percent("clickers", "delivered"),
        "percentageUniqueClicksToOpens": percent("clickers", "openers"),
        "revenue": round(revenue, 2),
        "conversionRate": round(100 * _ratio(orders, total["delivered"]), 4),
        "assistedRevenue": 0.0,
        "orders": orders,
        "assistedOrders": 0,
        "tags": codec.decode(row[4]),
        "subjectLine": row[5],
        "fromName": row[6],
        "fromAddress": row[7],
        "isSplitTest": bool(row[8]),
    }
