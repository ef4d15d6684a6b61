"""Address books of v2, which the web application calls lists (4). Reads accept ids of segments too."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v2, jobs, memberships
from dyntui.sandbox.dotdigital.call import Call, Page, integers_of
from dyntui.sandbox.dotdigital.contact_store import COLUMNS
from dyntui.sandbox.dotdigital.data_fields import VISIBILITIES, enum
from dyntui.sandbox.dotdigital.errors import V2Error, parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

NAME_LENGTH = 128
RESERVED = ("test", "all contacts")
_NOT_FOUND = "ERROR_ADDRESSBOOK_NOT_FOUND"


def name_key(state: State, name: str) -> str:
    """What has to be unique over books and segments; reserved names are so in any letter case."""
    return name.lower() if state.config.dotdigital.book_names_ignore_case or name.lower() in RESERVED else name


# -- books -----------------------------------------------------------------------------------------------------------


def list_books(call: Call) -> Response:
    """GET /v2/address-books: all but segments; the pseudo book "All contacts" by switch, with id 0."""
    page = call.page()
    books = _books(call, "b.kind <> 'segment'", page)
    if call.settings.all_contacts_listed and page.skip == 0:
        books = [memberships.v2_book(0, "All contacts", "Private", contact_store.count(call.state)), *books]
    return codec.answer(books[: page.select])


def list_public(call: Call) -> Response:
    """GET /v2/address-books/public."""
    return codec.answer(_books(call, "b.kind <> 'segment' AND b.visibility = 'Public'", call.page()))


def list_private(call: Call) -> Response:
    """GET /v2/address-books/private."""
    return codec.answer(_books(call, "b.kind <> 'segment' AND b.visibility = 'Private'", call.page()))


def _books(call: Call, where: str, page: Page) -> list[dict[str, Any]]:
    rows = call.state.db.execute(
        f"{memberships.book_columns(call)} WHERE {where} ORDER BY b.id LIMIT ? OFFSET ?", (page.select, page.skip)
    )
    return [memberships.v2_book(*row) for row in rows]


def get(call: Call) -> Response:
    """GET /v2/address-books/{id}."""
    return codec.answer(_book(call, call.number("id", _NOT_FOUND)))


def _book(call: Call, book_id: int) -> dict[str, Any]:
    row = call.state.db.execute(f"{memberships.book_columns(call)} WHERE b.id = ?", (book_id,)).fetchone()
    if row is None:
        raise V2Error(_NOT_FOUND, 404)
    return memberships.v2_book(*row)


def create(call: Call) -> Response:
    """POST /v2/address-books `{name, visibility?}`: 201."""
    name, visibility = _described(call)
    total = call.state.db.execute("SELECT count(*) FROM dd_book WHERE kind = 'book'").fetchone()[0]
    if total >= call.settings.book_limit:
        raise V2Error("ERROR_ADDRESSBOOK_LIMITEXCEEDED")
    _free(call, name, 0)
    cursor = call.state.db.execute(
        "INSERT INTO dd_book (name, name_key, visibility) VALUES (?, ?, ?)",
        (name, name_key(call.state, name), visibility),
    )
    return codec.answer(_book(call, int(cursor.lastrowid or 0)), 201)


def update(call: Call) -> Response:
    """PUT /v2/address-books/{id}: name and visibility."""
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    name, visibility = _described(call)
    _free(call, name, book_id)
    call.state.db.execute(
        "UPDATE dd_book SET name = ?, name_key = ?, visibility = ? WHERE id = ?",
        (name, name_key(call.state, name), visibility, book_id),
    )
    return codec.answer(_book(call, book_id))


def _described(call: Call) -> tuple[str, str]:
    body = call.bound()
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_LENGTH:
        raise V2Error("ERROR_ADDRESSBOOK_INVALID")
    return name.strip(), enum(body.get("visibility") or "Private", VISIBILITIES, "visibility")


def _free(call: Call, name: str, book_id: int) -> None:
    key = name_key(call.state, name)
    taken = call.state.db.execute("SELECT 1 FROM dd_book WHERE name_key = ? AND id <> ?", (key, book_id)).fetchone()
    if taken or key.lower() in RESERVED:
        raise V2Error("ERROR_ADDRESSBOOK_DUPLICATE")


def delete(call: Call) -> Response:
    """DELETE /v2/address-books/{id}: 200 or 204, by switch; contacts stay, and there is no recycle bin for books."""
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    memberships.leave(call.state, book_id)
    for table in ("dd_list_suppression", "dd_campaign_book"):
        call.state.db.execute(f"DELETE FROM {table} WHERE book_id = ?", (book_id,))
    call.state.db.execute("DELETE FROM dd_book WHERE id = ?", (book_id,))
    if call.settings.book_delete_status == 204:
        return codec.empty(204)
    return codec.text_answer("The address book was deleted.", call.settings.book_delete_status)


# -- their contacts --------------------------------------------------------------------------------------------------


def contacts(call: Call) -> Response:
    """GET /v2/address-books/{id}/contacts."""
    return _contacts(call, call.page(), "true", ())


def contacts_modified_since(call: Call) -> Response:
    """GET /v2/address-books/{id}/contacts/modified-since/{date}: default page 2000."""
    page = call.page(2000, call.settings.modified_since_maximum)
    return _contacts(call, page, call.since("c.updated"), (call.date("date"),))


def _contacts(call: Call, page: Page, where: str, values: tuple[int, ...]) -> Response:
    book_id = call.number("id", _NOT_FOUND)
    if memberships.kind_of(call.state, book_id) is None:
        raise V2Error(_NOT_FOUND, 404)
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ? AND {where}"
        f" AND m.added <= ? AND {contacts_v2.visible(call, 'c.')} ORDER BY m.contact_id LIMIT ? OFFSET ?",
        (book_id, *values, memberships.listed_until(call), page.select, page.skip),
    )
    return codec.answer(contact_store.v2_contacts(call.state, rows, call.flag("withFullData")))


def add_contact(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts: creates or updates the contact and adds it; never resubscribes."""
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    contact = contacts_v2.write(call, call.bound())
    if memberships.suppressed_in(call.state, book_id, contact.id):
        raise V2Error("ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK")
    if not contact.suppressed:
        memberships.join(call.state, book_id, [contact.id], call.now)
    return codec.answer(contact_store.v2_contact(contact, contact_store.field_names(call.state)))


def remove_contact(call: Call) -> Response:
    """DELETE /v2/address-books/{id}/contacts/{contactId}: 204; the contact itself stays."""
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    contact_id = call.number("contactId", "ERROR_CONTACT_NOT_FOUND")
    contact_store.require(contact_store.by_id(call.state, contact_id))
    memberships.leave(call.state, book_id, [contact_id])
    return codec.empty(204)


def remove_everyone(call: Call) -> Response:
    """DELETE /v2/address-books/{id}/contacts: 204, at once."""
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    memberships.leave(call.state, book_id)
    return codec.empty(204)


# -- bulk removal ----------------------------------------------------------------------------------------------------


def remove_many(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/delete, a bare array of ids: 202 `{id, status}`, done later."""
    ids = integers_of(call.raw())
    if ids is None:
        raise V2Error("ERROR_MALFORMED_REQUEST")
    if not ids:
        raise V2Error("ERROR_CONTACTS_ARE_NOT_SPECIFIED")
    return _start_removal(call, codec.text(ids))


def remove_all_later(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/delete-all: 202, done later."""
    return _start_removal(call, None)


def _start_removal(call: Call, ids: str | None) -> Response:
    book_id = call.number("id", _NOT_FOUND)
    memberships.writable(call.state, book_id)
    removal = call.state.ids.guid()
    call.state.db.execute(
        "INSERT INTO dd_removal (id, book_id, contact_ids, status) VALUES (?, ?, ?, 'Started')", (removal, book_id, ids)
    )
    jobs.schedule(call.state, "removal", removal, call.now + int(call.settings.bulk_removal_seconds * 1000))
    return codec.answer({"id": removal, "status": "Started"}, 202)


def removal_status(call: Call) -> Response:
    """GET /v2/contacts/deletion/{guid}: Started, then Completed. An unknown id is 400 ([inferred])."""
    removal = call.args["id"].lower()
    row = call.state.db.execute(
        "UPDATE dd_removal SET polls = polls + 1 WHERE id = ? RETURNING status, polls", (removal,)
    ).fetchone()
    if row is None:
        raise parameter_invalid()
    status, polls = row
    if status == "Started" and polls >= call.settings.bulk_removal_polls:
        jobs.hasten(call.state, removal, call.now)
    return codec.answer({"id": removal, "status": status})


def fail_removal(state: State, removal: str) -> None:
    """A bulk removal that broke off: everybody is still there."""
    state.db.execute("UPDATE dd_removal SET status = 'Failed', contact_ids = NULL WHERE id = ?", (removal,))


def finish_removal(state: State, removal: str, at: int) -> None:
    """The end of a bulk removal; with a lag they leave the book only after it was reported."""
    book_id, ids, status = state.db.execute(
        "SELECT book_id, contact_ids, status FROM dd_removal WHERE id = ?", (removal,)
    ).fetchone()
    state.db.execute("UPDATE dd_removal SET status = 'Completed' WHERE id = ?", (removal,))
    lag = int(state.config.dotdigital.removal_lag_seconds * 1000)
    if lag and status == "Started":
        jobs.schedule(state, "removal", removal, at + lag)
        return
    memberships.leave(state, book_id, None if ids is None else codec.decode(ids))
    state.db.execute("UPDATE dd_removal SET contact_ids = NULL WHERE id = ?", (removal,))
