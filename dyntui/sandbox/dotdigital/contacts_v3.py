"""Contacts of v3: lists with markers, single reads and writes by any identifier (3.7)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from dyntui.sandbox.dotdigital import addresses, codec, contact_store, dates, memberships, upsert, v3_body
from dyntui.sandbox.dotdigital.call import Call, v3_date
from dyntui.sandbox.dotdigital.contact_store import COLUMNS, Contact
from dyntui.sandbox.dotdigital.errors import V3Error
from dyntui.sandbox.dotdigital.numbers import INT64, whole_number
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

LIMIT = 5000
_INCLUDES = ("channelProperties", "lists", "preferences", "consentRecords")
_MERGE = {
    "overwrite": "Overwrite",
    "overwrite-if-not-empty": "OnlyOverwriteIfNotEmpty",
    "overwrite-if-empty": "OnlyOverwriteIfContactDataNotPopulated",
}
_COUNTRIES = (
    ("44", "GB"),
    ("49", "DE"),
    ("33", "FR"),
    ("34", "ES"),
    ("39", "IT"),
    ("31", "NL"),
    ("61", "AU"),
    ("1", "US"),
)
_CONTACT_STATUS = {"Subscribed": "subscribed", "Unsubscribed": "unsubscribed", "PendingOptIn": "pendingOptIn"}
_EMAIL_STATUS = _CONTACT_STATUS | {
    "SoftBounced": "softBounced",
    "HardBounced": "hardBounced",
    "IspComplained": "ispComplained",
    "DirectComplaint": "directComplaint",
    "MailBlocked": "blockedlocalpart",
    "SharedSuppression": "sharedsuppression",
    "DomainSuppression": "domainSuppressed",
    "NotAllowed": "blockedlocalpart",
    "NoMxRecord": "hardBounced",
    "Suppressed": "suppressed",
}


# -- lists -----------------------------------------------------------------------------------------------------------


def list_contacts(call: Call) -> Response:
    """GET /contacts/v3: ascending by id; `limit`, `marker`, `~created` or `~modified`, `~listId` or `~segmentId`."""
    limit, after = paging(call, LIMIT)
    book, where, values = _filters(call)
    # Members are walked along their own key: a large list is not read anew for every page.
    source, key = (
        ("dd_member m JOIN dd_contact c ON c.id = m.contact_id", "m.contact_id") if book else ("dd_contact c", "c.id")
    )
    if book:
        where = ["m.book_id = ?", "m.added <= ?", *where]
        values = [book, memberships.listed_until(call), *values]
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM {source} WHERE {' AND '.join([*where, f'{key} > ?'])} ORDER BY {key} LIMIT ?",
        (*values, after, limit + 1),
    ).fetchall()
    contacts = [Contact(*row) for row in rows[:limit]]
    marker = contacts[-1].id if len(rows) > limit else None
    return codec.answer({"_links": links(call, marker), "_items": _shown(call, contacts)})


def paging(call: Call, maximum: int, code: str = "contacts:badRequest") -> tuple[int, int]:
    """`limit` and the number behind `marker` (0 at the start). Raises 400 with `code`."""
    text = call.option("limit")
    limit = min(call.settings.v3_default_limit, maximum) if text is None else whole_number(text) or 0
    if not 1 <= limit <= maximum:
        raise V3Error(code, f"limit must be between 1 and {maximum}")
    marker = call.option("marker")
    if marker is None:
        return limit, 0
    try:
        after = int(base64.urlsafe_b64decode(marker.encode()).decode().removeprefix("after:"))
    except (binascii.Error, ValueError):
        raise V3Error(code, "marker is not valid") from None
    if not 0 <= after <= INT64:
        raise V3Error(code, "marker is not valid")
    return limit, after


def links(call: Call, marker: int | None) -> dict[str, Any]:
    """`self` and `first` always, `next` only while more rows follow (10): each a link and the marker in it.

    By switch with the other shape that is seen: `href`, and no marker for the first page.
    """
    first, now = _marker(0), call.option("marker")
    if call.settings.v3_links == "href":
        answer = {"self": _href(call, now), "first": _href(call, None)}
        return answer if marker is None else answer | {"next": _href(call, _marker(marker))}
    answer = {"self": _link(call, now or first), "first": _link(call, first)}
    return answer if marker is None else answer | {"next": _link(call, _marker(marker))}


def _marker(after: int) -> str:
    return base64.urlsafe_b64encode(f"after:{after}".encode()).decode()


def _link(call: Call, marker: str) -> dict[str, str | None]:
    return {"link": _address(call, marker), "marker": marker}


def _href(call: Call, marker: str | None) -> dict[str, str | None]:
    return {"href": _address(call, marker), "marker": marker}


def _address(call: Call, marker: str | None) -> str:
    base = call.request.url.partition("?")[0]
    options = [(name, value) for name, value in call.request.query if name.lower() != "marker"]
    if marker is not None:
        options.append(("marker", marker))
    return f"{base}?{urlencode(options, quote_via=quote, safe='~:')}" if options else base


def _filters(call: Call) -> tuple[int | None, list[str], list[int]]:
    """The list or segment asked for, and the conditions of the date filters with their values."""
    options = {name: call.option(f"~{name}") for name in ("created", "modified", "listId", "segmentId")}
    if options["created"] and options["modified"]:
        raise V3Error("contacts:invalidFilter", "~created and ~modified cannot be combined")
    if options["listId"] and options["segmentId"]:
        raise V3Error("contacts:invalidFilter", "~listId and ~segmentId cannot be combined")
    several = (options["created"] or options["modified"]) and (options["listId"] or options["segmentId"])
    if several and not call.settings.v3_filters_together:
        raise V3Error("contacts:invalidFilter", "a date cannot be combined with ~listId or ~segmentId")
    book, where, values = None, [], []
    for name, column in (("created", "c.created"), ("modified", "c.updated")):
        if options[name]:
            where.append(f"{column} >= ?")
            values.append(v3_date(options[name] or ""))
    for name, kinds in (("listId", ("book", "test")), ("segmentId", ("segment",))):
        text = options[name]
        if text:
            number = text.removeprefix("eq::")
            book = whole_number(number) or 0
            if memberships.kind_of(call.state, book) not in kinds:
                raise V3Error("contacts:invalidFilter", f"~{name} does not name an existing {name[:-2]}")
    return book, where, values


# -- showing ---------------------------------------------------------------------------------------------------------


def _wanted(call: Call) -> tuple[list[str] | None, set[str]]:
    """Data fields to show (None: all, empty: none) and parts to include."""
    names = [name for text in call.options("data-fields") for name in text.split("|") if name]
    parts = {part for text in call.options("include") for part in text.replace("|", ",").split(",") if part}
    known = {part for part in _INCLUDES if part.lower() in {name.lower() for name in parts}}
    if len(known) < len(parts):
        raise V3Error("contacts:badRequest", "include names an unknown part")
    return (None if "[[ALL]]" in names else names), known


def _shown(call: Call, contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    names, parts = _wanted(call)
    ids = codec.text([contact.id for contact in contacts])
    identifiers = _grouped(call.state, "SELECT contact_id, name, value FROM dd_identifier", ids)
    extras = {part: _PARTS[part](call.state, contacts, ids) for part in parts}
    fields = contact_store.field_names(call.state, names)
    return [
        {
            "contactId": contact.id,
            "status": _CONTACT_STATUS.get(contact.status, "suppressed"),
            "created": dates.iso(contact.created),
            "updated": dates.iso(contact.updated),
            "identifiers": _identifiers(contact, identifiers),
            **_fields(contact, fields),
            **{part: values[contact.id] for part, values in extras.items()},
        }
        for contact in contacts
    ]


def _fields(contact: Contact, fields: Sequence[str]) -> dict[str, Any]:
    if not fields:
        return {}
    data = contact_store.data_of(contact)
    return {"dataFields": {name: data.get(name.upper()) for name in fields}}


def _identifiers(contact: Contact, others: Mapping[int, list[tuple[Any, ...]]]) -> dict[str, Any]:
    email = {"email": contact.email} if contact.email else {}
    return {**email, **dict(others.get(contact.id, ()))}


def _grouped(state: State, query: str, ids: str) -> dict[int, list[tuple[Any, ...]]]:
    """Rows of a query whose first column is a contact id, by contact."""
    groups: dict[int, list[tuple[Any, ...]]] = {}
    for contact_id, *rest in state.db.execute(f"{query} WHERE contact_id IN (SELECT value FROM json_each(?))", (ids,)):
        groups.setdefault(contact_id, []).append(tuple(rest))
    return groups


def _channels(state: State, contacts: Sequence[Contact], ids: str) -> dict[int, Any]:
    phones = {
        row[0]: row[1:]
        for row in state.db.execute(
            "SELECT id, sms, whatsapp FROM dd_contact WHERE id IN (SELECT value FROM json_each(?))", (ids,)
        )
    }
    numbers = dict(
        state.db.execute(
            "SELECT contact_id, value FROM dd_identifier WHERE name = 'mobileNumber'"
            " AND contact_id IN (SELECT value FROM json_each(?))",
            (ids,),
        ).fetchall()
    )
    return {
        contact.id: {
            "email": {
                "emailType": contact.email_type,
                "optInType": contact.opt_in,
                "status": _EMAIL_STATUS[contact.status],
            },
            "sms": {"countryCode": _country(numbers.get(contact.id, "")), "status": phones[contact.id][0]},
            "whatsApp": {"status": phones[contact.id][1]},
        }
        for contact in contacts
    }


def _country(number: str) -> str:
    """The country of a mobile number; empty, as the description knows no null, for an unknown one ([inferred])."""
    return next((country for prefix, country in _COUNTRIES if number.startswith(prefix)), "")


def _lists(state: State, contacts: Sequence[Contact], ids: str) -> dict[int, Any]:
    inside = _grouped(
        state,
        "SELECT contact_id, book_id, name, 'subscribed' FROM dd_member m JOIN dd_book b ON b.id = m.book_id"
        " AND b.kind <> 'segment'",
        ids,
    )
    left = _grouped(
        state,
        "SELECT contact_id, book_id, name, 'suppressed' FROM dd_list_suppression s JOIN dd_book b ON b.id = s.book_id",
        ids,
    )
    return {
        contact.id: [
            {"id": book, "name": name, "status": "pending" if contact.status == "PendingOptIn" else status}
            for book, name, status in (*inside.get(contact.id, ()), *left.get(contact.id, ()))
        ]
        for contact in contacts
    }


def _preferences(state: State, contacts: Sequence[Contact], ids: str) -> dict[int, Any]:
    opted = _grouped(
        state,
        "SELECT contact_id, id, opted_in, public_name, private_name FROM dd_opt_in o JOIN dd_preference p"
        " ON p.id = o.preference_id",
        ids,
    )
    return {
        contact.id: [
            {"id": key, "isOptedIn": bool(opted_in), "publicName": public, "privateName": private}
            for key, opted_in, public, private in opted.get(contact.id, ())
        ]
        for contact in contacts
    }


def _consents(state: State, contacts: Sequence[Contact], ids: str) -> dict[int, Any]:
    records = _grouped(state, "SELECT contact_id, fields, created FROM dd_consent", ids)
    names = (
        ("text", "TEXT"),
        ("dateTimeConsented", "DATETIMECONSENTED"),
        ("url", "URL"),
        ("ipAddress", "IPADDRESS"),
        ("userAgent", "USERAGENT"),
    )
    answer: dict[int, Any] = {}
    for contact in contacts:
        answer[contact.id] = []
        for text, created in records.get(contact.id, ()):
            fields = codec.decode(text)
            record = {name: fields.get(key) for name, key in names}
            answer[contact.id].append({**record, "dateTimeCreated": dates.iso(created)})
    return answer


_PARTS = {
    "channelProperties": _channels,
    "lists": _lists,
    "preferences": _preferences,
    "consentRecords": _consents,
}


# -- one contact -----------------------------------------------------------------------------------------------------


def get(call: Call) -> Response:
    """GET /contacts/v3/{identifier}/{value}; every part is shown unless `include` says otherwise."""
    return codec.answer(_one(call, find(call).id))


def find(call: Call) -> Contact:
    """The contact of the path. Raises 400 contacts:invalidId or 404 contacts:contactNotFound."""
    name, value = _key(call)
    contact = by_identifier(call.state, name, value)
    if contact is None:
        raise V3Error("contacts:contactNotFound", "The contact was not found", 404)
    return contact


def _key(call: Call) -> tuple[str, str | int]:
    name = v3_body.identifier_name(call.args["identifier"], v3_body.context(call.state))
    value = call.args["value"]
    if name is None or not 1 <= len(value) <= v3_body.VALUE_LENGTH:
        raise V3Error("contacts:invalidId", f"{call.args['identifier']} is no identifier of this account")
    if name == "contactId":
        number = whole_number(value)
        if number is None:
            raise V3Error("contacts:invalidId", "contactId must be a number")
        return name, number
    if name == "email":
        return name, addresses.normal(value)
    return name, value.removeprefix("+") if name == "mobileNumber" else value


def by_identifier(state: State, name: str, value: str | int) -> Contact | None:
    """The contact with an identifier, its name canonical and its value normalised."""
    if name == "contactId":
        return contact_store.by_id(state, int(value))
    if name == "email":
        return contact_store.by_email(state, str(value))
    row = state.db.execute(
        "SELECT contact_id FROM dd_identifier WHERE name = ? AND value = ?", (name, str(value))
    ).fetchone()
    return contact_store.by_id(state, row[0]) if row else None


def _one(call: Call, contact_id: int) -> dict[str, Any]:
    contact = contact_store.by_id(call.state, contact_id)
    if contact is None:
        raise V3Error("contacts:contactNotFound", "The contact was not found", 404)
    shown = _shown(call, [contact])[0]
    if not call.options("include"):
        ids = codec.text([contact_id])
        shown |= {part: values(call.state, [contact], ids)[contact_id] for part, values in _PARTS.items()}
    if not call.options("data-fields"):
        shown |= _fields(contact, contact_store.field_names(call.state))
    return shown


def create(call: Call) -> Response:
    """POST /contacts/v3: 201, or 409 when any identifier exists."""
    item = v3_body.decode(call.request.body, v3_body.Item)
    if not item.identifiers:
        raise V3Error("contacts:badRequest", "At least one identifier is required")
    match = next(iter(item.identifiers))
    row = _checked_row(call, item, match, item.identifiers[match])
    taken = by_identifier(call.state, row.match, row.value)
    others = [by_identifier(call.state, name, value) for name, value in row.others.items()]
    by_email = contact_store.by_email(call.state, row.email) if row.email else None
    if taken or by_email or any(others):
        raise V3Error("contacts:idAlreadyExists", "A contact with one of the identifiers exists already", 409)
    return codec.answer(_one(call, _apply(call, row, "Overwrite")), 201)


def patch(call: Call) -> Response:
    """PATCH /contacts/v3/{identifier}/{value}: upsert; 200 updated, 201 created, 409 conflict.

    A contact in the recycle bin comes back; a suppression is lifted only when status `subscribed` is asked for.
    """
    merge = _MERGE.get((call.option("merge-option") or "overwrite").lower())
    if merge is None:
        raise V3Error("contacts:badRequest", "merge-option is not valid")
    name, value = _key(call)
    row = _checked_row(call, v3_body.decode(call.request.body, v3_body.Item), name, value)
    contact_id = _apply(call, row, merge)
    return codec.answer(_one(call, contact_id), 201 if row.created else 200)


def replace(call: Call) -> Response:
    """PUT /contacts/v3/{identifier}/{value}: what is left out is lost, data fields and other identifiers alike."""
    contact = find(call)
    item = v3_body.decode(call.request.body, v3_body.Item)
    if item.consent_records:
        raise V3Error("contacts:badRequest", "Consent records cannot be replaced")
    row = _checked_row(call, item, "contactId", contact.id)
    if not item.identifiers:
        raise V3Error("contacts:badRequest", "At least one identifier is required")
    call.state.db.execute("DELETE FROM dd_identifier WHERE contact_id = ?", (contact.id,))
    call.state.db.execute(
        "UPDATE dd_contact SET data = '{}', email = NULL, email_type = 'Html', opt_in = 'Unknown',"
        " sms = 'noSubscription', whatsapp = 'noSubscription' WHERE id = ?",
        (contact.id,),
    )
    # The description of this call knows no conflict (409), other than those of POST and PATCH.
    _apply(call, row, "Overwrite", conflict=400)
    return codec.answer(_one(call, contact.id))


def delete(call: Call) -> Response:
    """DELETE /contacts/v3/{identifier}/{value}: 200 `{contactId}`; into the recycle bin."""
    contact = find(call)
    contact_store.delete(call.state, [contact.id], call.now)
    return codec.answer({"contactId": contact.id})


def _checked_row(call: Call, item: v3_body.Item, match: str, value: str | int) -> upsert.Row:
    v3_body.check(call.request.body, [item], "$")
    return v3_body.row_of(item, v3_body.context(call.state), match, value)


def _apply(call: Call, row: upsert.Row, merge: str, *, conflict: int = 409) -> int:
    if not row.failure:
        contact_store.check_room(call.state, upsert.new_rows(call.state, [row]))
        upsert.apply(
            call.state, [row], call.now, merge, undelete=True, refuse_suppressed=False, resubscribe=True, bulk=False
        )
    if row.failure == upsert.CONFLICT:
        raise V3Error("contacts:idAlreadyExists", "An identifier belongs to another contact", conflict)
    if row.failure == "InvalidContactId":
        raise V3Error("contacts:contactNotFound", "The contact was not found", 404)
    if row.failure:
        code = row.failure[0].lower() + row.failure[1:]
        text = row.detail or f"The contact is not valid: {code}"
        raise V3Error("contacts:badRequest", text, details=[(row.match, text)])
    return row.contact_id
