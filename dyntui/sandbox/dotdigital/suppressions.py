"""Unsubscribing, suppressing and resubscribing, for the whole account and for one list (3.5, 3.6)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Iterable, Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v2, dates, memberships
from dyntui.sandbox.dotdigital.call import Call, Page
from dyntui.sandbox.dotdigital.contact_store import COLUMNS, Contact
from dyntui.sandbox.dotdigital.data_fields import bind, merge
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

# -- feeds -----------------------------------------------------------------------------------------------------------


def unsubscribed_since(call: Call) -> Response:
    """GET /v2/contacts/unsubscribed-since/{date}: the persons' own decisions only."""
    return _feed(call, "status = 'Unsubscribed'")


def suppressed_since(call: Call) -> Response:
    """GET /v2/contacts/suppressed-since/{date}: every reason."""
    return _feed(call, "status NOT IN ('Subscribed', 'PendingOptIn')")


# Which contacts the switches strike: chosen by number, so that a row is the same whenever it is read.
_NO_ADDRESS, _NO_CONTACT, _NO_DATE, _OF = 1, 2, 3, 5


def _feed(call: Call, where: str) -> Response:
    page = _page(call)
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM dd_contact WHERE suppressed_on IS NOT NULL AND {call.since('suppressed_on')}"
        f" AND {where} AND email IS NOT NULL AND suppressed_on <= ? ORDER BY suppressed_on, id LIMIT ? OFFSET ?",
        (call.date("date"), _shown_until(call), page.select, page.skip),
    )
    contacts = [Contact(*row) for row in rows]
    rows_shown = [_suppression(contact, contact.suppressed_on, contact.status) for contact in contacts]
    return codec.answer([_as_switched(call, row) for row in rows_shown])


def _page(call: Call) -> Page:
    page = call.page()
    most = call.settings.short_pages
    return Page(min(page.select, most), page.skip) if most else page


def _shown_until(call: Call) -> int:
    return call.now - int(call.settings.late_suppressions_seconds * 1000)


def _as_switched(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """The row as `null_rows` and `year_one_dates` make it."""
    contact = row["suppressedContact"]
    struck = contact["id"] % _OF
    if call.settings.year_one_dates and struck == _NO_DATE:
        row = {**row, "dateRemoved": dates.YEAR_ONE}
    if call.settings.null_rows and struck == _NO_ADDRESS:
        row = {**row, "suppressedContact": {**contact, "email": None}}
    if call.settings.null_rows and struck == _NO_CONTACT:
        row = {**row, "suppressedContact": None}
    return row


def unsubscribed_from_book_since(call: Call) -> Response:
    """GET /v2/address-books/{id}/contacts/unsubscribed-since/{date}: list-level unsubscribes only."""
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    if memberships.kind_of(call.state, book_id) is None:
        raise V2Error("ERROR_ADDRESSBOOK_NOT_FOUND", 404)
    page = _page(call)
    rows: Iterable[Sequence[Any]] = call.state.db.execute(
        f"SELECT s.at, {COLUMNS} FROM dd_list_suppression s JOIN dd_contact c ON c.id = s.contact_id"
        f" WHERE s.book_id = ? AND {call.since('s.at')} AND c.email IS NOT NULL AND s.at <= ?"
        " ORDER BY s.at, c.id LIMIT ? OFFSET ?",
        (book_id, call.date("date"), _shown_until(call), page.select, page.skip),
    )
    shown = [_suppression(Contact(*row[1:]), row[0], "Unsubscribed") for row in rows]
    return codec.answer([_as_switched(call, row) for row in shown])


def _suppression(contact: Contact, at: int | None, reason: str) -> dict[str, Any]:
    return {
        "suppressedContact": contact_store.v2_contact(contact, None),
        "dateRemoved": dates.iso(at),
        "reason": reason,
    }


# -- unsubscribing ---------------------------------------------------------------------------------------------------


def unsubscribe(call: Call) -> Response:
    """POST /v2/contacts/unsubscribe `{email}`: account-wide; answers the suppression."""
    contact = _named(call)
    if contact.suppressed and call.settings.unsubscribe_again_is_error:
        raise V2Error("ERROR_CONTACT_SUPPRESSED")
    contact_store.set_status(call.state, [contact.id], "Unsubscribed", call.now)
    contact = contact_store.require(contact_store.by_id(call.state, contact.id))
    return codec.answer(_suppression(contact, contact.suppressed_on, contact.status))


def unsubscribe_from_book(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/unsubscribe: this list only; the contact stays Subscribed."""
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    memberships.writable(call.state, book_id)
    contact = _named(call)
    memberships.unsubscribe(call.state, book_id, [contact.id], call.now)
    return codec.answer(_suppression(contact, call.now, "Unsubscribed"))


def _named(call: Call) -> Contact:
    body = call.bound()
    email = contacts_v2.checked_email(call, body)
    contact = contact_store.by_email(call.state, email)
    if contact is None and not call.settings.unsubscribe_unknown_is_404:
        contact = contacts_v2.write(call, {"email": email})
    return contact_store.require(contact)


def suppress(call: Call) -> Response:
    """PUT /v2/contacts/suppress-contacts `[{id}|{email}]`: answers `{suppressed, notFound}`, echoing what was sent."""
    keys = contacts_v2.keys_of(call, call.bound_list())
    if not keys:
        raise V2Error("ERROR_CONTACTS_ARE_NOT_SPECIFIED")
    found = contacts_v2.find_many(call, keys)
    contact_store.set_status(call.state, [contact.id for contact in found if contact], "Suppressed", call.now)
    answer: dict[str, list[dict[str, Any]]] = {"suppressed": [], "notFound": []}
    for (contact_id, email), contact in zip(keys, found, strict=True):
        answer["suppressed" if contact else "notFound"].append({"id": contact_id or 0, "email": email})
    return codec.answer(answer)


# -- resubscribing ---------------------------------------------------------------------------------------------------


def resubscribe(call: Call) -> Response:
    """POST /v2/contacts/resubscribe: the person is asked first, by switch."""
    return _resubscribe(call, None, challenge=call.settings.resubscribe_challenges)


def resubscribe_at_once(call: Call) -> Response:
    """POST /v2/contacts/resubscribe-with-no-challenge: no e-mail, unless the account enforces double opt-in."""
    return _resubscribe(call, None, challenge=call.settings.double_opt_in != "off")


def resubscribe_to_book(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/resubscribe."""
    return _resubscribe(call, _book(call), challenge=call.settings.resubscribe_challenges)


def resubscribe_to_book_at_once(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/resubscribe-with-no-challenge."""
    return _resubscribe(call, _book(call), challenge=call.settings.double_opt_in != "off")


def _book(call: Call) -> int:
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    memberships.writable(call.state, book_id)
    return book_id


def _resubscribe(call: Call, book_id: int | None, *, challenge: bool) -> Response:
    inner = call.bound().get("unsubscribedcontact")
    if not isinstance(inner, dict):
        raise V2Error("ERROR_CONTACT_RESUBSCRIPTION_INVALID")
    email = contacts_v2.checked_email(call, inner)
    contact = contact_store.by_email(call.state, email)
    if contact is None:
        contact = contacts_v2.write(call, {"email": email, "datafields": inner.get("datafields")})
        return _outcome(call, contact, book_id, "ContactAdded")
    if contact.status in contact_store.CANNOT_BE_UNSUPPRESSED:
        return _outcome(call, contact, None, "ContactCannotBeUnsuppressed")
    data = codec.text(merge(codec.decode(contact.data), bind(call, inner.get("datafields"))))
    call.state.db.execute("UPDATE dd_contact SET data = ?, updated = ? WHERE id = ?", (data, call.now, contact.id))
    out = contact.suppressed or (book_id is not None and memberships.suppressed_in(call.state, book_id, contact.id))
    if out and challenge:
        call.state.db.execute(
            "INSERT INTO dd_challenge (contact_id, book_id, at) VALUES (?, ?, ?)", (contact.id, book_id, call.now)
        )
        return _outcome(call, contact, None, "ContactChallenged")
    lift(call.state, contact.id, book_id, call.now)
    return _outcome(call, contact, book_id, "ContactAdded")


def lift(state: State, contact_id: int, book_id: int | None, at: int) -> None:
    """Resubscribes a contact to the account and, if given, to one list."""
    contact = contact_store.require(contact_store.by_id(state, contact_id))
    if contact.suppressed:
        contact_store.resubscribe(state, contact, at)
    if book_id is not None:
        memberships.allow_again(state, book_id, contact_id)
        memberships.join(state, book_id, [contact_id], at)


def _outcome(call: Call, contact: Contact, book_id: int | None, status: str) -> Response:
    if book_id is not None:
        memberships.join(call.state, book_id, [contact.id], call.now)
    after = contact_store.require(contact_store.by_id(call.state, contact.id))
    fields = contact_store.field_names(call.state)
    return codec.answer({"contact": contact_store.v2_contact(after, fields), "status": status})
