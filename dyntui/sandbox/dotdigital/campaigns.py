"""Campaigns of v2: reading and writing them (7.1 to 7.3)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, dates, memberships
from dyntui.sandbox.dotdigital.call import Call, integer_of
from dyntui.sandbox.dotdigital.data_fields import choice, enum
from dyntui.sandbox.dotdigital.errors import V2Error, not_found, parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

STATUSES = (
    *("Unsent", "Sending", "Sent", "Paused", "Cancelled", "RequiresSystemApproval", "RequiresSMSApproval"),
    *("RequiresWorkflowApproval", "Triggered"),
)
REPLY_ACTIONS = ("Unset", "WebMailForward", "Webmail", "Delete")
TYPES = ("Standard", "Triggered")
FILTER_TYPES = (*TYPES, "Template", "AiTemplate")
NAME_LENGTH = 255
NOT_FOUND = "ERROR_CAMPAIGN_NOT_FOUND"

_COLUMNS = (
    "c.id, c.name, c.subject, c.from_name, c.from_id, f.email, c.reply_action, c.reply_to, c.status, c.type, c.tags,"
    " c.split_options, c.sent_on, c.scheduled_on"
)
_FROM = "dd_campaign c JOIN dd_from_address f ON f.id = c.from_id"


def _object(row: Sequence[Any], html: str | None = None, text: str | None = None) -> dict[str, Any]:
    """The campaign object; lists leave the content null, which can be huge."""
    return {
        "id": row[0],
        "name": row[1],
        "subject": row[2],
        "fromName": row[3],
        "fromAddress": {"id": row[4], "email": row[5]},
        "htmlContent": html,
        "plainTextContent": text,
        "replyAction": row[6],
        "replyToAddress": row[7],
        "isSplitTest": row[11] is not None,
        "status": row[8],
        "customReplyToAddress": None,
    }


def _detailed(row: Sequence[Any], html: str | None = None, text: str | None = None) -> dict[str, Any]:
    return {
        **_object(row, html, text),
        "type": row[9] if row[9] in TYPES else "Standard",
        "tags": [{"name": tag} for tag in codec.decode(row[10])],
        "splitTestOptions": codec.decode(row[11]) if row[11] else [],
        "sentDate": dates.iso(row[12]),
    }


def _extended(row: Sequence[Any]) -> dict[str, Any]:
    return {
        **_object(row),
        "type": row[9],
        "tags": codec.decode(row[10]),
        "sentDate": dates.iso(row[12]),
        "scheduledDate": dates.iso(row[13]),
    }


# -- reading ---------------------------------------------------------------------------------------------------------


def select(call: Call, where: str = "true", values: Sequence[Any] = ()) -> sqlite3.Cursor:
    """One page of campaigns by a condition on `c`."""
    page = call.page()
    return call.state.db.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where} ORDER BY c.id LIMIT ? OFFSET ?",
        (*values, page.select, page.skip),
    )


def list_campaigns(call: Call) -> Response:
    """GET /v2/campaigns: without templates."""
    return codec.answer([_object(row) for row in select(call, "c.type IN ('Standard', 'Triggered')")])


def list_with_details(call: Call) -> Response:
    """GET /v2/campaigns/with-details."""
    return codec.answer([_detailed(row) for row in select(call, "c.type IN ('Standard', 'Triggered')")])


def list_with_activity(call: Call) -> Response:
    """GET /v2/campaigns/with-activity-since/{date}: sent campaigns in which somebody did something since."""
    active = f"EXISTS (SELECT 1 FROM dd_recipient r WHERE r.campaign_id = c.id AND {call.since('r.active_on')})"
    return codec.answer([_object(row) for row in select(call, active, (call.date("date"),))])


def list_filtered(call: Call) -> Response:
    """GET /v2/campaigns/filtered: `~type`, `~tags` (all must match), `~sentDate` (on or after), `~statuses`,
    `~scheduledDateFrom`, `~scheduledDateTo`; arrays as repeated options."""
    where, values = ["true"], []
    kinds = [enum(value, FILTER_TYPES, "~type") for value in call.options("~type") if value]
    statuses = [enum(value, STATUSES, "~statuses") for value in call.options("~statuses") if value]
    for column, wanted in (("c.type", kinds), ("c.status", statuses)):
        if wanted:
            where.append(f"{column} IN (SELECT value FROM json_each(?))")
            values.append(codec.text(wanted))
    for tag in call.options("~tags"):
        where.append("EXISTS (SELECT 1 FROM json_each(c.tags) t WHERE lower(t.value) = lower(?))")
        values.append(tag)
    comparisons = (
        ("~sentDate", "c.sent_on >= ?"),
        ("~scheduledDateFrom", "c.scheduled_on >= ?"),
        ("~scheduledDateTo", "c.scheduled_on <= ?"),
    )
    for name, comparison in comparisons:
        text = call.option(name)
        if text:
            where.append(comparison)
            values.append(str(_date(text, name)))
    shown = [_extended(row) for row in select(call, " AND ".join(where), values)]
    if call.settings.odd_campaigns and shown and not call.integer("skip", 0):
        nothing = dict.fromkeys(shown[0])
        shown = [{**nothing, "id": 900_001}, nothing, *shown]
    return codec.answer(shown)


def _date(text: str, name: str) -> int:
    try:
        return dates.parse(text)
    except (ValueError, OverflowError):
        raise parameter_invalid(f"{name} is not a valid date.") from None


def get(call: Call) -> Response:
    """GET /v2/campaigns/{id}: with its content."""
    return codec.answer(_one(call, call.number("id", NOT_FOUND)))


def get_with_details(call: Call) -> Response:
    """GET /v2/campaigns/{id}/with-details."""
    row, html, text = _row(call.state, call.number("id", NOT_FOUND))
    return codec.answer(_detailed(row, html, text))


def _one(call: Call, campaign_id: int) -> dict[str, Any]:
    row, html, text = _row(call.state, campaign_id)
    return _object(row, html, text)


def _row(state: State, campaign_id: int) -> tuple[Sequence[Any], str, str]:
    row = state.db.execute(f"SELECT {_COLUMNS}, c.html, c.text FROM {_FROM} WHERE c.id = ?", (campaign_id,)).fetchone()
    if row is None:
        raise not_found(NOT_FOUND)
    return row[:-2], row[-2], row[-1]


def existing(call: Call) -> int:
    """The campaign of the path. Raises 404."""
    campaign_id = call.number("id", NOT_FOUND)
    if not call.state.db.execute("SELECT 1 FROM dd_campaign WHERE id = ?", (campaign_id,)).fetchone():
        raise not_found(NOT_FOUND)
    return campaign_id


_APPEARED = (
    "NOT EXISTS (SELECT 1 FROM dd_send s, json_each(s.books) j WHERE s.campaign_id = l.campaign_id"
    " AND j.value = l.book_id GROUP BY j.value HAVING min(s.created) > ?)"
)
"""Whether a campaign and a book `l` show each other: the first send of one to the other was accepted long enough ago,
or nobody knows when that was."""


def _appeared_until(call: Call) -> int:
    return call.now - int(call.settings.send_appears_after_seconds * 1000)


def books_of(call: Call) -> Response:
    """GET /v2/campaigns/{id}/address-books: books and segments that it ever went to, from the accepted send on."""
    campaign_id, page = existing(call), call.page()
    rows = call.state.db.execute(
        f"{memberships.book_columns(call)} JOIN dd_campaign_book l ON l.book_id = b.id WHERE l.campaign_id = ?"
        f" AND {_APPEARED} ORDER BY b.id LIMIT ? OFFSET ?",
        (campaign_id, _appeared_until(call), page.select, page.skip),
    )
    return codec.answer([memberships.v2_book(*row) for row in rows])


def campaigns_of_book(call: Call) -> Response:
    """GET /v2/address-books/{id}/campaigns: campaigns sent to a book or segment."""
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    if memberships.kind_of(call.state, book_id) is None:
        raise not_found("ERROR_ADDRESSBOOK_NOT_FOUND")
    rows = select(
        call,
        f"c.id IN (SELECT l.campaign_id FROM dd_campaign_book l WHERE l.book_id = ? AND {_APPEARED})",
        (book_id, _appeared_until(call)),
    )
    return codec.answer([_object(row) for row in rows])


def from_addresses(call: Call) -> Response:
    """GET /v2/custom-from-addresses."""
    page = call.page()
    rows = call.state.db.execute(
        "SELECT id, email FROM dd_from_address ORDER BY id LIMIT ? OFFSET ?", (page.select, page.skip)
    )
    return codec.answer([{"id": key, "email": email} for key, email in rows])


# -- writing ---------------------------------------------------------------------------------------------------------


def create(call: Call) -> Response:
    """POST /v2/campaigns: 201; type Standard unless told otherwise."""
    body = call.bound()
    campaign_id = insert(call, described(call, body), enum(body.get("type") or "Standard", TYPES, "type"), None)
    row, html, text = _row(call.state, campaign_id)
    return codec.answer({**_object(row, html, text), "type": row[9]}, 201)


def update(call: Call) -> Response:
    """PUT /v2/campaigns/{id}: refused once it was sent."""
    campaign_id = existing(call)
    _unsent(call, campaign_id)
    call.state.db.execute(
        "UPDATE dd_campaign SET name = ?, subject = ?, from_name = ?, from_id = ?, html = ?, text = ?,"
        " reply_action = ?, reply_to = ? WHERE id = ?",
        (*described(call, call.bound()), campaign_id),
    )
    return codec.answer(_one(call, campaign_id))


def copy(call: Call) -> Response:
    """POST /v2/campaigns/{id}/copy: 201, unsent, "Copy of ..."."""
    campaign_id = existing(call)
    cursor = call.state.db.execute(
        "INSERT INTO dd_campaign (name, subject, from_name, from_id, html, text, reply_action, reply_to, type, tags,"
        " split_options) SELECT substr('Copy of ' || name, 1, ?), subject, from_name, from_id, html, text,"
        " reply_action, reply_to, type, tags, split_options FROM dd_campaign WHERE id = ?",
        (NAME_LENGTH, campaign_id),
    )
    return codec.answer(_one(call, int(cursor.lastrowid or 0)), 201)


def delete(call: Call) -> Response:
    """DELETE /v2/campaigns/{id}: 204; refused while a send waits or runs."""
    campaign_id = existing(call)
    if _pending(call.state, campaign_id):
        raise V2Error("ERROR_CAMPAIGN_READONLY")
    for table in ("dd_campaign_book", "dd_attachment", "dd_recipient", "dd_event"):
        call.state.db.execute(f"DELETE FROM {table} WHERE campaign_id = ?", (campaign_id,))
    call.state.db.execute("DELETE FROM dd_campaign WHERE id = ?", (campaign_id,))
    return codec.empty(204)


def _unsent(call: Call, campaign_id: int) -> None:
    status = call.state.db.execute("SELECT status FROM dd_campaign WHERE id = ?", (campaign_id,)).fetchone()[0]
    if status not in ("Unsent", "Triggered") or _pending(call.state, campaign_id):
        raise V2Error("ERROR_CAMPAIGN_READONLY")


def _pending(state: State, campaign_id: int) -> bool:
    return bool(
        state.db.execute(
            "SELECT 1 FROM dd_send WHERE campaign_id = ? AND status IN ('NotSent', 'Scheduled', 'Sending')",
            (campaign_id,),
        ).fetchone()
    )


def described(call: Call, body: Mapping[str, Any]) -> tuple[Any, ...]:
    """The writable columns of a campaign body. Raises 400 ERROR_CAMPAIGN_INVALID."""
    required = [body.get(key) for key in ("name", "subject", "fromname", "htmlcontent", "plaintextcontent")]
    if not all(isinstance(value, str) and value for value in required) or len(str(required[0])) > NAME_LENGTH:
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    name, subject, from_name, html, text = required
    if call.settings.unsubscribe_link_required and "$UNSUB$" not in str(html).upper():
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    action = choice(body.get("replyaction") or "Unset", REPLY_ACTIONS)
    if action is None:
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    sender = _sender(call, body.get("fromaddress"))
    return (name, subject, from_name, sender, html, text, action, str(body.get("replytoaddress") or ""))


def _sender(call: Call, value: Any) -> int:
    """The id of a sender address given as `{id}` or `{email}`; the account's first one without either."""
    given = value if isinstance(value, dict) else {}
    if given.get("id"):
        key = integer_of(given["id"])
        row = call.state.db.execute("SELECT id FROM dd_from_address WHERE id = ?", (key,)).fetchone()
    elif given.get("email"):
        row = call.state.db.execute(
            "SELECT id FROM dd_from_address WHERE email = lower(?)", (str(given["email"]),)
        ).fetchone()
    else:
        row = call.state.db.execute("SELECT min(id) FROM dd_from_address").fetchone()
    if row is None:
        raise V2Error("ERROR_CAMPAIGN_INVALID")
    return int(row[0])


def insert(call: Call, columns: tuple[Any, ...], kind: str, split: str | None) -> int:
    """A new campaign from what `described` answers; `split` is a JSON array. Answers its id."""
    cursor = call.state.db.execute(
        "INSERT INTO dd_campaign (name, subject, from_name, from_id, html, text, reply_action, reply_to, type,"
        " split_options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*columns, kind, split),
    )
    return int(cursor.lastrowid or 0)


# -- attachments -----------------------------------------------------------------------------------------------------


def attachments(call: Call) -> Response:
    """GET /v2/campaigns/{id}/attachments."""
    return codec.answer(_attached(call, existing(call)))


def attach(call: Call) -> Response:
    """POST /v2/campaigns/{id}/attachments `{id: documentId}`."""
    campaign_id, document = existing(call), integer_of(call.bound().get("id"))
    if document is None:
        raise V2Error("ERROR_DOCUMENT_INVALID")
    if any(one["id"] == document for one in _attached(call, campaign_id)):
        raise V2Error("ERROR_DOCUMENT_ALREADYATTACHED")
    call.state.db.execute("INSERT INTO dd_attachment (campaign_id, document_id) VALUES (?, ?)", (campaign_id, document))
    return codec.answer({"id": document, "name": f"document-{document}"})


def detach(call: Call) -> Response:
    """DELETE /v2/campaigns/{id}/attachments/{documentId}: 204."""
    document = call.number("documentId", "ERROR_DOCUMENT_NOT_FOUND")
    gone = call.state.db.execute(
        "DELETE FROM dd_attachment WHERE campaign_id = ? AND document_id = ?", (existing(call), document)
    )
    if not gone.rowcount:
        raise not_found("ERROR_DOCUMENT_NOT_FOUND")
    return codec.empty(204)


def _attached(call: Call, campaign_id: int) -> list[dict[str, Any]]:
    rows = call.state.db.execute(
        "SELECT document_id FROM dd_attachment WHERE campaign_id = ? ORDER BY document_id", (campaign_id,)
    )
    return [{"id": document, "name": f"document-{document}"} for (document,) in rows]
