"""Sending campaigns: the call, the send's life on the clock, and who really gets the mail (7.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dyntui.sandbox.dotdigital import audience, codec, dates, jobs, memberships, truth
from dyntui.sandbox.dotdigital.call import Call, integer_of, integers_of
from dyntui.sandbox.dotdigital.campaigns import NOT_FOUND
from dyntui.sandbox.dotdigital.data_fields import choice
from dyntui.sandbox.dotdigital.errors import V2Error, parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

CONTACTS = 10
"""Most contactIds of one call (7.4)."""
_METRICS = ("Opens", "Clicks", "ROI")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a send call asks for."""

    campaign: int
    books: list[int]
    contacts: list[int]
    date: int | None
    split: dict[str, Any] | None


def send(call: Call) -> Response:
    """POST /v2/campaigns/send: 202.

    Without books and contacts the real service may mail the whole account; here the call is refused and counted as a
    violation, because no careful client makes it.
    """
    wish = _read(call)
    if not wish.books and not wish.contacts:
        truth.violation(call.state, "send_without_recipients", {"campaignId": wish.campaign}, call.now)
        return V2Error("ERROR_CAMPAIGN_SEND_INVALID").response()
    _check(call, wish)
    return codec.answer(_start(call, wish), 202)


def send_time_optimised(call: Call) -> Response:
    """POST /v2/campaigns/send-time-optimised: the same without date and split; the day's spread is left out here."""
    wish = _read(call)
    if wish.date is not None or wish.split is not None:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    return send(call)


def status(call: Call) -> Response:
    """GET /v2/campaigns/send/{guid}."""
    return codec.answer(_shown(call, call.args["sendId"].lower(), read_back=True))


# -- accepting -------------------------------------------------------------------------------------------------------


def _read(call: Call) -> _Wish:
    body = call.bound()
    campaign = integer_of(body.get("campaignid"))
    if campaign is None:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    date = body.get("senddate")
    try:
        moment = dates.parse(str(date)) if date else None
    except (ValueError, OverflowError):
        raise parameter_invalid("sendDate is not a valid date.") from None
    return _Wish(campaign, _ids(body.get("addressbookids")), _ids(body.get("contactids")), moment, _split(body))


def _ids(value: Any) -> list[int]:
    numbers = integers_of(value)
    if numbers is None:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    return list(dict.fromkeys(numbers))


def _split(body: dict[str, Any]) -> dict[str, Any] | None:
    """Split options, which only count when all three are given."""
    given = body.get("splittestoptions")
    if not isinstance(given, dict):
        return None
    metric = choice(given.get("testmetric"), _METRICS)
    percentage, hours = given.get("testpercentage"), given.get("testperiodhours")
    if metric is None or not isinstance(percentage, int) or not isinstance(hours, int):
        return None
    if not 1 <= percentage <= 100 or not 1 <= hours < 2**31:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    return {"testMetric": metric, "testPercentage": percentage, "testPeriodHours": hours}


def _check(call: Call, wish: _Wish) -> None:
    """Raises 400 for everything that the service would not accept; entities named in a body are 400, not 404."""
    db, settings = call.state.db, call.settings
    row = db.execute("SELECT status, type FROM dd_campaign WHERE id = ?", (wish.campaign,)).fetchone()
    if row is None:
        raise V2Error(NOT_FOUND)
    if not settings.sending_permitted or row[1] not in ("Standard", "Triggered"):
        raise V2Error("ERROR_CAMPAIGN_SENDNOTPERMITTED")
    known = db.execute("SELECT 1 FROM dd_send WHERE campaign_id = ?", (wish.campaign,)).fetchone()
    if row[0] not in ("Unsent", "Sent", "Sending", "Triggered") or (
        not settings.resend_permitted and (known or row[0] != "Unsent")
    ):
        raise V2Error("ERROR_CAMPAIGN_SENDNOTPERMITTED")
    if len(wish.contacts) > CONTACTS:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    missing = [book for book in wish.books if memberships.kind_of(call.state, book) is None]
    if missing and not (settings.missing_book_means_everybody and len(missing) == len(wish.books)):
        raise V2Error("ERROR_ADDRESSBOOK_NOT_FOUND")
    statuses = db.execute(
        "SELECT status FROM dd_contact WHERE id IN (SELECT value FROM json_each(?))", (codec.text(wish.contacts),)
    ).fetchall()
    if len(statuses) < len(wish.contacts):
        raise V2Error("ERROR_CONTACT_NOT_FOUND")
    if settings.suppressed_contact_fails_send and any(state != "Subscribed" for (state,) in statuses):
        raise V2Error("ERROR_CONTACT_SUPPRESSED")
    if wish.date is not None and wish.date <= call.now and not settings.past_send_date_is_immediate:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID")
    if settings.send_limit and truth.mail_count(call.state) >= settings.send_limit:
        raise V2Error("ERROR_SEND_LIMITEXCEEDED")


def _start(call: Call, wish: _Wish) -> dict[str, Any]:
    db, send_id = call.state.db, call.state.ids.guid()
    later = wish.date is not None and wish.date > call.now
    db.execute(
        "INSERT INTO dd_send (id, campaign_id, books, contacts, send_date, split, status, created, resolved)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            send_id,
            wish.campaign,
            codec.text(wish.books),
            codec.text(wish.contacts),
            wish.date,
            codec.text(wish.split) if wish.split else None,
            "Scheduled" if later else "NotSent",
            call.now,
            _accepted(call, wish),
        ),
    )
    db.executemany(
        "INSERT INTO dd_campaign_book (campaign_id, book_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(wish.campaign, book) for book in wish.books],
    )
    if later:
        db.execute("UPDATE dd_campaign SET scheduled_on = ? WHERE id = ?", (wish.date, wish.campaign))
    due = wish.date if later and wish.date else call.now + int(call.settings.send_start_seconds * 1000)
    jobs.schedule(call.state, "send", send_id, due)
    return _shown(call, send_id, read_back=False)


def _accepted(call: Call, wish: _Wish) -> str | None:
    """The ids of those in the books now, where they are looked up already; None: when the send starts."""
    if call.settings.recipients_resolved_at != "accept":
        return None
    found = resolve(call.state, codec.text(wish.books), codec.text(wish.contacts))
    return codec.text([one.contact_id for one in found])


def _shown(call: Call, send_id: str, *, read_back: bool) -> dict[str, Any]:
    row = call.state.db.execute(
        "SELECT campaign_id, books, contacts, send_date, created, split, status FROM dd_send WHERE id = ?", (send_id,)
    ).fetchone()
    if row is None:
        raise V2Error("ERROR_CAMPAIGN_SEND_INVALID", 404)
    hidden = read_back and call.settings.send_lists_read_back_null
    return {
        "id": send_id,
        "campaignId": row[0],
        "addressBookIds": None if hidden else codec.decode(row[1]),
        "contactIds": None if hidden else codec.decode(row[2]),
        "sendDate": dates.iso(row[3] or row[4]),
        "splitTestOptions": codec.decode(row[5]) if row[5] else None,
        "status": row[6],
    }


# -- happening -------------------------------------------------------------------------------------------------------


def begin(state: State, send_id: str, at: int, most: int | None = None) -> None:
    """The moment of sending: recipients are who is in the books, segments and contactIds now, or was when the send was
    accepted (`recipients_resolved_at`). `most`: how many are reached before staff cancel it; None: all.

    Everyone else than Subscribed contacts is left out, as is who left the very list; each person gets one mail. Of a
    split test a share is mailed, and the others when it is over (`go_on`).
    """
    campaign, books, contacts, resolved, split = state.db.execute(
        "SELECT s.campaign_id, s.books, s.contacts, s.resolved, CASE WHEN c.split_options IS NOT NULL THEN s.split END"
        " FROM dd_send s JOIN dd_campaign c ON c.id = s.campaign_id WHERE s.id = ?",
        (send_id,),
    ).fetchone()
    state.db.execute("UPDATE dd_send SET status = 'Sending', started = ? WHERE id = ?", (at, send_id))
    state.db.execute(
        "UPDATE dd_campaign SET sent_on = ?, status = CASE type WHEN 'Triggered' THEN status ELSE 'Sending' END"
        " WHERE id = ?",
        (at, campaign),
    )
    recipients = resolve(state, books, contacts) if resolved is None else _addressed(state, "[]", resolved)
    if most is not None:
        recipients = [recipient for recipient in recipients if recipient.status == "Subscribed"][:most]
    tested: dict[str, Any] | None = codec.decode(split) if split and most is None else None
    if tested is not None:
        if state.config.dotdigital.split_test_keeps_recipients:
            kept = codec.text([recipient.contact_id for recipient in recipients])
            state.db.execute("UPDATE dd_send SET resolved = ? WHERE id = ?", (kept, send_id))
        recipients = [each for each in recipients if _drawn(each.contact_id) < tested["testPercentage"]]
        jobs.schedule(state, "rest", send_id, at + tested["testPeriodHours"] * _HOUR)
    shown = most is None or not state.config.dotdigital.cancelled_send_hides_recipients
    _mail(state, (send_id, campaign, books, contacts), recipients, at, shown=shown)
    if most is None and tested is None:
        jobs.schedule(state, "sent", send_id, at + int(state.config.dotdigital.send_duration_seconds * 1000))


_HOUR = 3_600_000


def _drawn(contact_id: int) -> int:
    """A number below a hundred, spread over contacts: which of them a split test's share is."""
    return contact_id * 7919 % 100


def _mail(
    state: State,
    this: tuple[str, int, str, str],
    recipients: Sequence[audience.Recipient],
    at: int,
    *,
    shown: bool = True,
) -> None:
    send_id, campaign, books, contacts = this
    truth.record(state, send_id, campaign, recipients, set(codec.decode(contacts)), at)
    mailed = [recipient for recipient in recipients if recipient.status == "Subscribed"]
    if shown:
        audience.mail(state, campaign, mailed, codec.decode(books), at)


def go_on(state: State, send_id: str, at: int) -> None:
    """A split test is over: everybody who was not part of it gets the version that won, who is subscribed by now."""
    campaign, books, contacts, resolved = state.db.execute(
        "SELECT campaign_id, books, contacts, resolved FROM dd_send WHERE id = ?", (send_id,)
    ).fetchone()
    recipients = resolve(state, books, contacts) if resolved is None else _addressed(state, "[]", resolved)
    had_it = {
        row[0] for row in state.db.execute("SELECT contact_id FROM dd_mail WHERE send_id = ?", (send_id,)).fetchall()
    }
    rest = [each for each in recipients if each.contact_id not in had_it]
    _mail(state, (send_id, campaign, books, contacts), rest, at)
    jobs.schedule(state, "sent", send_id, at + int(state.config.dotdigital.send_duration_seconds * 1000))


def finish(state: State, send_id: str, _at: int) -> None:
    """The platform reports the send as Sent."""
    state.db.execute("UPDATE dd_send SET status = 'Sent' WHERE id = ?", (send_id,))
    state.db.execute(
        "UPDATE dd_campaign SET status = 'Sent' WHERE status = 'Sending' AND id = (SELECT campaign_id FROM dd_send"
        " WHERE id = ?1) AND NOT EXISTS (SELECT 1 FROM dd_send o WHERE o.campaign_id = dd_campaign.id"
        " AND o.status = 'Sending' AND o.id <> ?1)",
        (send_id,),
    )


def fail(state: State, send_id: str) -> None:
    """A send that broke off is Cancelled, as its campaign is: the only end but Sent that the service names."""
    state.db.execute("UPDATE dd_send SET status = 'Cancelled' WHERE id = ?", (send_id,))
    state.db.execute(
        "UPDATE dd_campaign SET status = 'Cancelled' WHERE status IN ('Unsent', 'Sending')"
        " AND id = (SELECT campaign_id FROM dd_send WHERE id = ?)",
        (send_id,),
    )


def resolve(state: State, books: str, contacts: str) -> Sequence[audience.Recipient]:
    """Everyone addressed by books, segments and ids (JSON arrays), each once, whatever their status."""
    if state.config.dotdigital.missing_book_means_everybody and contacts == "[]" and _all_gone(state, books):
        truth.violation(state, "send_to_everybody", {"books": codec.decode(books)}, 0)
        contacts = codec.text([row[0] for row in state.db.execute("SELECT id FROM dd_contact")])
    return _addressed(state, books, contacts)


def _addressed(state: State, books: str, contacts: str) -> Sequence[audience.Recipient]:
    rows = state.db.execute(
        "WITH addressed AS (SELECT m.contact_id FROM json_each(?1) b JOIN dd_member m ON m.book_id = b.value WHERE"
        " NOT EXISTS (SELECT 1 FROM dd_list_suppression s WHERE s.book_id = m.book_id AND s.contact_id = m.contact_id)"
        " UNION SELECT value FROM json_each(?2))"
        " SELECT c.id, c.email, c.status, c.email_type FROM addressed a JOIN dd_contact c ON c.id = a.contact_id"
        " WHERE c.email IS NOT NULL ORDER BY c.id",
        (books, contacts),
    )
    return [audience.Recipient(*row) for row in rows]


def _all_gone(state: State, books: str) -> bool:
    return not state.db.execute(
        "SELECT 1 FROM dd_book WHERE id IN (SELECT value FROM json_each(?))", (books,)
    ).fetchone()


# -- the outbox ------------------------------------------------------------------------------------------------------


def cancel(state: State, send_id: str, reached: int, at: int) -> str:
    """Staff cancel a send in the outbox, for which there is no call, after `reached` people were mailed; the status
    that it ends with. Raises ValueError for one that is not to come any more."""
    row = state.db.execute("SELECT status, campaign_id FROM dd_send WHERE id = ?", (send_id,)).fetchone()
    if row is None or row[0] not in ("NotSent", "Scheduled"):
        raise ValueError("there is no such send to come")
    jobs.cancel(state, send_id)
    if reached:
        begin(state, send_id, at, most=reached)
    status = "Sent" if reached and state.config.dotdigital.partly_cancelled_shows_sent else "Cancelled"
    state.db.execute("UPDATE dd_send SET status = ? WHERE id = ?", (status, send_id))
    state.db.execute("UPDATE dd_campaign SET status = ? WHERE id = ? AND type <> 'Triggered'", (status, row[1]))
    return status
