"""The simulated audience: what recipients do with a mail, decided when it is sent and happening later on the clock.

Each person's reactions follow from the seed, the campaign's name, the number of the campaign's send and the address
alone, never from who else is mailed. Events wait in dd_event until they are due, then `settle` lets them show in
feeds, totals and contact statuses.
"""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Protocol

from dyntui.sandbox.dotdigital import codec, contact_store, memberships
from dyntui.sandbox.dotdigital.settings import DotdigitalSettings
from dyntui.sandbox.state import State

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_WINDOW = 3 * _DAY
"""Within which all reactions happen."""

AGENTS = (
    ("Apple Mail", "16.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"),
    ("Gmail", "", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
    ("Outlook", "16.0", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17328)"),
    ("Thunderbird", "115.9", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.9.0"),
    ("Samsung Mail", "6.1", "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 Chrome/122.0 Mobile"),
)
"""Mail client, its version, user agent."""

_LINK = re.compile(r"""href\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_DEFAULT_LINK = "https://www.kestrel-outdoor.example/"

_Event = tuple[int, int, str, int, int, str | None, str, int]
_Row = tuple[int, int, str, bool, int, str, int]
_CHUNK = 20_000
"""Recipients decided at a time, which bounds the memory a large send takes."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact that a send addresses."""

    contact_id: int
    email: str
    status: str
    email_type: str


def links(html: str) -> list[str]:
    """Addresses in a campaign's content that can be clicked, without the unsubscribe and forward links."""
    found = [unescape(link) for link in _LINK.findall(html) if "$" not in link]
    return list(dict.fromkeys(found)) or [_DEFAULT_LINK]


# -- deciding --------------------------------------------------------------------------------------------------------


def mail(state: State, campaign: int, recipients: Sequence[Recipient], books: Sequence[int], at: int) -> None:
    """A campaign reaches recipients at `at`: books one row for each of them and everything that they will do."""
    settings = state.config.dotdigital
    name, html = state.db.execute("SELECT name, html FROM dd_campaign WHERE id = ?", (campaign,)).fetchone()
    sends = state.db.execute("SELECT count(*) FROM dd_send WHERE campaign_id = ? AND started < ?", (campaign, at))
    key = f"{name}\0{sends.fetchone()[0]}\0".encode()
    urls = links(html)
    seed = hashlib.blake2b(str(state.ids.seed).encode(), digest_size=32).digest()
    for start in range(0, len(recipients), _CHUNK):
        rows: list[_Row] = []
        events: list[_Event] = []
        for one in recipients[start : start + _CHUNK]:
            digest = hashlib.blake2b(key + one.email.encode(), digest_size=64, key=seed).digest()
            draws = struct.unpack("16I", digest)
            delivery = _delivery(settings, draws[0] / _TOP)
            arrived = at + _MINUTE + draws[1] * 9 * _MINUTE // _ONE
            is_text = one.email_type == "PlainText"
            rows.append((campaign, one.contact_id, one.email, is_text, at, delivery, arrived))
            if settings.audience:
                events += _reactions(
                    settings, one.contact_id, campaign, delivery, draws, arrived, urls, is_text, bool(books)
                )
        _book(state, rows, events)


_ONE = 2**32
_TOP = float(_ONE)


def _delivery(settings: DotdigitalSettings, draw: float) -> str:
    if draw < settings.delivered_share or not settings.audience:
        return "delivered"
    draw -= settings.delivered_share
    if draw < settings.hard_bounce_share:
        return "hard"
    return "soft" if draw < settings.hard_bounce_share + settings.soft_bounce_share else "blocked"


def _reactions(
    settings: DotdigitalSettings,
    contact: int,
    campaign: int,
    delivery: str,
    draws: tuple[int, ...],
    arrived: int,
    urls: Sequence[str],
    is_text: bool,
    to_books: bool,
) -> Iterator[_Event]:
    """Events as (campaign, contact, kind, at, due, detail, ip, agent)."""
    agent = draws[2] % len(AGENTS)
    ip = f"203.0.113.{draws[3] % 254 + 1}"

    def event(kind: str, at: int, detail: str | None = None, late: int = _ONE - 1) -> _Event:
        delayed = late < settings.late_activity_share * _TOP
        due = at + int(settings.late_activity_seconds * _SECOND) if delayed else at
        return (campaign, contact, kind, at, due, detail, ip, agent)

    if delivery != "delivered":
        if delivery != "blocked":
            yield event(delivery, arrived)
        return
    # Most people read soon: the share of the window that passes is a fourth power.
    opened = arrived + _MINUTE + int((draws[4] / _TOP) ** 4 * (_WINDOW - 12 * _HOUR))
    late = draws[15]
    leaving = draws[5] / _TOP
    # A text mail has no picture that would tell of its opening.
    if draws[6] < settings.open_share * _TOP and not is_text:
        yield from (
            event("open", opened + n * (7 * _MINUTE + draws[7] % (3 * _HOUR)), late=(late + n) % _ONE)
            for n in range(1 + (draws[7] >> 30) * (draws[8] & 1))
        )
        if draws[9] < settings.click_share / settings.open_share * _TOP:
            yield from _clicks(event, draws, opened, urls, late)
        if draws[10] < settings.forward_share / settings.open_share * _TOP:
            yield event("forward", opened + 20 * _MINUTE, late=late)
        if draws[10] > _ONE - int(0.004 * _TOP):
            yield event("social", opened + 5 * _MINUTE, ("Facebook", "X", "LinkedIn")[draws[10] % 3], late)
    if draws[11] < settings.reply_share * _TOP:
        kind = "AutoReply" if draws[11] % 3 else "Reply"
        yield event("reply", arrived + (_MINUTE if kind == "AutoReply" else 2 * _HOUR), kind, late)
    if leaving < settings.unsubscribe_share:
        yield event("unsubscribe", opened + 2 * _MINUTE)
    elif leaving < settings.unsubscribe_share + settings.complaint_share:
        yield event("complaint", opened + 3 * _MINUTE)
    elif to_books and leaving < settings.unsubscribe_share + settings.complaint_share + settings.list_unsubscribe_share:
        yield event("list_unsubscribe", opened + 2 * _MINUTE)


class _Maker(Protocol):
    """Makes one event of a recipient."""

    def __call__(self, kind: str, at: int, detail: str | None = None, late: int = 0) -> _Event: ...


def _clicks(event: _Maker, draws: tuple[int, ...], opened: int, urls: Sequence[str], late: int) -> Iterator[_Event]:
    for n in range(1 + draws[12] % 3):
        url = urls[(draws[13] + n) % len(urls)]
        clicked = opened + (n + 1) * 40 * _SECOND
        yield event("click", clicked, url, (late + n) % _ONE)
        yield event("page", clicked + 3 * _SECOND, url, late)
        if draws[14] % 4 == n:
            yield event("page", clicked + 50 * _SECOND, f"{url.partition('?')[0].rstrip('/')}/details", late)
    if draws[14] % 100 < 12:
        order = {"markerName": "Order value", "dataType": "Numeric", "value": f"{20 + draws[14] % 18000 / 100:.2f}"}
        yield event("roi", opened + 15 * _MINUTE, codec.text(order), late)


def _book(state: State, rows: Sequence[_Row], events: Sequence[_Event]) -> None:
    # One row per contact and campaign: a repeated send moves its date on and keeps what was counted.
    state.db.executemany(
        "INSERT INTO dd_recipient (campaign_id, contact_id, email, is_text, sent_on, delivery, delivered_on)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET email = excluded.email, is_text = excluded.is_text,"
        " sent_on = excluded.sent_on, delivery = excluded.delivery, delivered_on = excluded.delivered_on",
        rows,
    )
    state.db.executemany(
        "INSERT INTO dd_event (campaign_id, contact_id, kind, at, due, detail, ip, agent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        events,
    )


# -- happening -------------------------------------------------------------------------------------------------------

_DUE = "FROM dd_event WHERE applied = 0 AND due <= ?1"


def settle(state: State, now: int) -> None:
    """Lets every event that is due happen: counters of recipients, statuses and books of contacts, feeds."""
    if not state.db.execute(f"SELECT 1 {_DUE} LIMIT 1", (now,)).fetchone():
        return
    _take_effect(state, now)
    state.db.execute(
        "UPDATE dd_recipient AS r SET opens = opens + e.opened, clicks = clicks + e.clicked, pages = pages + e.viewed,"
        " forwards = forwards + e.forwarded, replies = replies + e.replied, hard = hard + e.hards,"
        " soft = soft + e.softs, unsubscribes = unsubscribes + e.gone, complaints = complaints + e.complained,"
        " first_ip = coalesce(first_ip, e.ip),"
        " first_open = min(coalesce(first_open, e.first_at), coalesce(e.first_at, first_open)),"
        " last_open = max(coalesce(last_open, e.last_at), coalesce(e.last_at, last_open)),"
        " active_on = max(coalesce(active_on, 0), e.active)"
        " FROM (SELECT campaign_id, contact_id, sum(kind = 'open') AS opened, sum(kind = 'click') AS clicked,"
        " sum(kind = 'page') AS viewed, sum(kind = 'forward') AS forwarded, sum(kind = 'reply') AS replied,"
        " sum(kind = 'hard') AS hards, sum(kind = 'soft') AS softs,"
        " sum(kind IN ('unsubscribe', 'list_unsubscribe')) AS gone, sum(kind = 'complaint') AS complained,"
        " min(CASE kind WHEN 'open' THEN at END) AS first_at, max(CASE kind WHEN 'open' THEN at END) AS last_at,"
        f" max(CASE kind WHEN 'open' THEN ip END) AS ip, max(at) AS active {_DUE}"
        " GROUP BY campaign_id, contact_id) AS e"
        " WHERE r.campaign_id = e.campaign_id AND r.contact_id = e.contact_id",
        (now,),
    )
    state.db.execute("UPDATE dd_event SET applied = 1 WHERE applied = 0 AND due <= ?", (now,))


_STATUS = {"hard": "HardBounced", "unsubscribe": "Unsubscribed", "complaint": "IspComplained"}


def _take_effect(state: State, now: int) -> None:
    """Bounces, complaints and unsubscribes change the contact, dated when they happened."""
    rows = state.db.execute(
        f"SELECT kind, contact_id, campaign_id, at {_DUE} AND kind IN ('hard', 'soft', 'unsubscribe', 'complaint',"
        " 'list_unsubscribe') ORDER BY due, id",
        (now,),
    ).fetchall()
    for kind, contact, campaign, at in rows:
        if kind == "soft":
            _soft_bounce(state, contact, at)
        elif kind == "list_unsubscribe":
            _leave_list(state, contact, campaign, at)
        else:
            contact_store.set_status(state, [contact], _STATUS[kind], at)


def _soft_bounce(state: State, contact: int, at: int) -> None:
    row = state.db.execute(
        "UPDATE dd_contact SET soft_bounces = soft_bounces + 1 WHERE id = ? RETURNING soft_bounces", (contact,)
    ).fetchone()
    if row and row[0] >= state.config.dotdigital.soft_bounces_until_suppressed:
        contact_store.set_status(state, [contact], "SoftBounced", at)


def _leave_list(state: State, contact: int, campaign: int, at: int) -> None:
    """The person leaves a list that the campaign went to, or another of theirs when that one is gone (by switch)."""
    if state.config.dotdigital.unsubscribe_lands_on_send_book:
        row = state.db.execute(
            "SELECT b.id FROM dd_send s, json_each(s.books) j JOIN dd_book b ON b.id = j.value AND b.kind = 'book'"
            " LEFT JOIN dd_member m ON m.book_id = b.id AND m.contact_id = ?1"
            " WHERE s.campaign_id = ?2 AND s.started IS NOT NULL"
            " ORDER BY m.contact_id IS NULL, s.started DESC, b.id LIMIT 1",
            (contact, campaign),
        ).fetchone()
        if row:
            memberships.unsubscribe(state, row[0], [contact], at)
        return
    row = state.db.execute(
        "SELECT m.book_id FROM dd_member m JOIN dd_book b ON b.id = m.book_id AND b.kind = 'book'"
        " WHERE m.contact_id = ? ORDER BY m.book_id IN"
        " (SELECT book_id FROM dd_campaign_book WHERE campaign_id = ?) DESC, m.book_id LIMIT 1",
        (contact, campaign),
    ).fetchone()
    if row:
        memberships.unsubscribe(state, row[0], [contact], at)
