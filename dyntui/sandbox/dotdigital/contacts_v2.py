"""Contacts of v2: reading, creating, updating and deleting them (3.1 to 3.4)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from typing import Any

from dyntui.sandbox.dotdigital import addresses, codec, contact_store, dates, memberships, truth
from dyntui.sandbox.dotdigital.call import Call, Page
from dyntui.sandbox.dotdigital.contact_store import COLUMNS, Contact
from dyntui.sandbox.dotdigital.data_fields import bind, enum, merge
from dyntui.sandbox.dotdigital.errors import EMAIL_NOT_VALID, V2Error
from dyntui.sandbox.request import Response

_VISIBLE = "email IS NOT NULL"
_UNSUPPRESSED = "status IN ('Subscribed', 'PendingOptIn')"


def visible(call: Call, prefix: str = "") -> str:
    """The condition for contacts that v2 lists show: those with an address, suppressed ones by switch."""
    condition = f"{prefix}{_VISIBLE}"
    return condition if call.settings.lists_include_suppressed else f"{condition} AND {prefix}{_UNSUPPRESSED}"


# -- reading ---------------------------------------------------------------------------------------------------------


def list_contacts(call: Call) -> Response:
    """GET /v2/contacts."""
    return _listed(call, call.page(), "1", ())


def modified_since(call: Call) -> Response:
    """GET /v2/contacts/modified-since/{date}: default page 2000."""
    page = call.page(2000, call.settings.modified_since_maximum)
    return _listed(call, page, call.since("updated"), (call.date("date"),))


def created_since(call: Call) -> Response:
    """GET /v2/contacts/created-since/{date}."""
    return _listed(call, call.page(), call.since("created"), (call.date("date"),))


def _listed(call: Call, page: Page, where: str, values: tuple[int, ...]) -> Response:
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM dd_contact WHERE {where} AND {visible(call)} ORDER BY id LIMIT ? OFFSET ?",
        (*values, page.select, page.skip),
    )
    return codec.answer(contact_store.v2_contacts(call.state, rows, call.flag("withFullData")))


def count(call: Call) -> Response:
    """GET /v2/contacts/count: a bare integer."""
    return codec.answer(contact_store.count(call.state))


def get(call: Call) -> Response:
    """GET /v2/contacts/{id or e-mail}."""
    return codec.answer(_full(call, reachable(call)))


def reachable(call: Call, name: str = "id") -> Contact:
    """The contact of the path; by id a suppressed one is not found, by e-mail it is (3.3, by switch)."""
    key = call.args[name]
    contact = contact_store.require(contact_store.by_key(call.state, key))
    if contact.suppressed and key.isdigit() and call.settings.get_by_id_hides_suppressed:
        raise V2Error("ERROR_CONTACT_NOT_FOUND", 404)
    return contact


def books_of(call: Call) -> Response:
    """GET /v2/contacts/{contactId}/address-books."""
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    page = call.page()
    rows = call.state.db.execute(
        f"{memberships.book_columns(call)} WHERE b.kind <> 'segment' AND b.id IN (SELECT book_id FROM dd_member WHERE"
        " contact_id = ?) ORDER BY b.id LIMIT ? OFFSET ?",
        (contact.id, page.select, page.skip),
    )
    return codec.answer([memberships.v2_book(*row) for row in rows])


def retrieve_collection(call: Call) -> Response:
    """GET /v2/contacts/retrieve-collection with a body `{contacts: [{id?, email?}], withFullData}`.

    Contacts carry an extra `created`, which v2 shows nowhere else.
    """
    body = call.bound()
    wanted = body.get("contacts")
    if not isinstance(wanted, list) or not wanted:
        raise V2Error("ERROR_CONTACTS_ARE_NOT_SPECIFIED")
    keys = keys_of(call, wanted)
    found = find_many(call, keys)
    fields = contact_store.field_names(call.state) if body.get("withfulldata") is True else None
    contacts, missing = [], []
    for (contact_id, email), contact in zip(keys, found, strict=True):
        if contact is None:
            missing.append({"id": contact_id or 0, "email": email})
        else:
            contacts.append({**contact_store.v2_contact(contact, fields), "created": dates.iso(contact.created)})
    return codec.answer({"contacts": contacts, "notFound": missing})


def keys_of(call: Call, items: list[Any]) -> list[tuple[int | None, str | None]]:
    """Id and e-mail of every `{id?, email?}` of a call. Raises 400, by switch also for one too many or an address that
    is none."""
    keys = [key_of(item) for item in items]
    limit = call.settings.collection_limit
    if limit and len(keys) > limit:
        raise V2Error("ERROR_PARAMETER_INVALID")
    if call.settings.collection_refuses_bad_address:
        international = call.settings.internationalised_addresses
        if not all(email is None or addresses.valid(addresses.normal(email), international) for _, email in keys):
            raise V2Error("ERROR_INVALID_EMAIL")
    return keys


def key_of(item: Any) -> tuple[int | None, str | None]:
    """Id and e-mail of a `{id?, email?}` whose keys are folded. Raises 400 when neither is given."""
    contact_id, email = (item.get("id"), item.get("email")) if isinstance(item, dict) else (None, None)
    if not isinstance(contact_id, int) or isinstance(contact_id, bool) or contact_id == 0:
        contact_id = None
    if not isinstance(email, str) or not email.strip():
        email = None
    if contact_id is None and email is None:
        raise V2Error("ERROR_CONTACT_INVALID")
    return contact_id, email


def find_many(call: Call, keys: list[tuple[int | None, str | None]]) -> list[Contact | None]:
    """The contacts of ids or, without id, of e-mails, in the order asked for."""
    ids = codec.text([contact_id for contact_id, _ in keys if contact_id is not None])
    emails = codec.text([addresses.normal(email) for contact_id, email in keys if contact_id is None and email])
    rows = call.state.db.execute(
        f"SELECT {COLUMNS} FROM dd_contact WHERE id IN (SELECT value FROM json_each(?))"
        " OR email IN (SELECT value FROM json_each(?))",
        (ids, emails),
    )
    contacts = [Contact(*row) for row in rows]
    by_id = {contact.id: contact for contact in contacts}
    by_email = {contact.email: contact for contact in contacts}
    return [
        by_id.get(contact_id) if contact_id is not None else by_email.get(addresses.normal(email or ""))
        for contact_id, email in keys
    ]


# -- writing ---------------------------------------------------------------------------------------------------------


def create(call: Call) -> Response:
    """POST /v2/contacts: creates, or updates the contact with that e-mail; 201 both times."""
    return codec.answer(_full(call, write(call, call.bound())), 201)


def update(call: Call) -> Response:
    """PUT /v2/contacts/{id}; may change the e-mail; id 0 or an unknown id creates (3.3)."""
    return codec.answer(_full(call, replace(call, call.bound())))


def replace(call: Call, body: dict[str, Any]) -> Contact:
    """What a PUT does with the contact object `body`, whose keys are folded."""
    existing = contact_store.by_id(call.state, call.number("id", "ERROR_CONTACT_NOT_FOUND"))
    if existing is None:
        if not call.settings.put_unknown_id_creates:
            raise V2Error("ERROR_CONTACT_NOT_FOUND", 404)
        if contact_store.by_email(call.state, checked_email(call, body)):
            raise V2Error("ERROR_NON_UNIQUE_EMAIL")
        return write(call, body)
    if call.settings.put_resets_omitted:
        body = {"optintype": "Unknown", "emailtype": "PlainText", **body}
    email = checked_email(call, body)
    holder = contact_store.by_email(call.state, email)
    if holder and holder.id != existing.id:
        raise V2Error("ERROR_NON_UNIQUE_EMAIL")
    return _change(call, existing, email, body)


def delete(call: Call) -> Response:
    """DELETE /v2/contacts/{id}: by id only; into the recycle bin."""
    contact = contact_store.require(contact_store.by_id(call.state, call.number("id", "ERROR_CONTACT_NOT_FOUND")))
    contact_store.delete(call.state, [contact.id], call.now)
    return codec.empty(204)


def write(call: Call, body: dict[str, Any]) -> Contact:
    """Creates or updates by e-mail from a contact object with folded keys; `id` and `status` in it are ignored.

    Raises 400 for an invalid or banned address, a suppressed contact, unknown fields and wrong values.
    """
    email = checked_email(call, body)
    existing = contact_store.by_email(call.state, email)
    if existing:
        return _change(call, existing, email, body)
    kind = contact_store.blocked(call.state, [email]).get(email)
    if kind:
        raise V2Error("ERROR_EMAIL_BANNED" if kind == "blocked" else "ERROR_CONTACT_SUPPRESSED")
    opt_in, status = _opt_in(call, body, "Unknown", "Subscribed", new=True)
    values = bind(call, body.get("datafields"))
    contact_id = contact_store.insert(
        call.state,
        email,
        call.now,
        opt_in=opt_in,
        email_type=_email_type(body, "Html"),
        status=status,
        data={key: value for key, value in values.items() if value is not None},
    )
    if status == "PendingOptIn":
        truth.ask_to_confirm(call.state, [(email, contact_id)], call.now)
    return contact_store.require(contact_store.by_id(call.state, contact_id))


def checked_email(call: Call, body: dict[str, Any]) -> str:
    """The normalised address of a contact object. Raises 400 ERROR_PARAMETER_INVALID."""
    email = addresses.normal(str(body.get("email") or ""))
    if not addresses.valid(email, call.settings.internationalised_addresses):
        raise V2Error("ERROR_PARAMETER_INVALID", text=EMAIL_NOT_VALID)
    return email


def _change(call: Call, existing: Contact, email: str, body: dict[str, Any]) -> Contact:
    if existing.suppressed:
        if call.settings.suppressed_write_refused:
            raise V2Error("ERROR_CONTACT_SUPPRESSED")
        return existing
    opt_in, status = _opt_in(call, body, existing.opt_in, existing.status, new=False)
    email_type = _email_type(body, existing.email_type)
    data = codec.text(merge(codec.decode(existing.data), bind(call, body.get("datafields"))))
    after = (email, status, opt_in, email_type, data)
    before = (existing.email, existing.status, existing.opt_in, existing.email_type, existing.data)
    bump = after != before or call.settings.unchanged_write_bumps_modified
    call.state.db.execute(
        "UPDATE dd_contact SET email = ?, status = ?, opt_in = ?, email_type = ?, data = ?, updated = ? WHERE id = ?",
        (*after, call.now if bump else existing.updated, existing.id),
    )
    return contact_store.require(contact_store.by_id(call.state, existing.id))


def _opt_in(call: Call, body: dict[str, Any], opt_in: str, status: str, *, new: bool) -> tuple[str, str]:
    """Opt-in type and status after a write: VerifiedDouble is Double and PendingOptIn until confirmed."""
    asked = opt_in
    if body.get("optintype") is not None:
        asked = enum(body["optintype"], contact_store.OPT_IN_TYPES, "optInType")
    return confirmed_opt_in(asked, opt_in, status, enforced=call.settings.double_opt_in != "off" and new)


def confirmed_opt_in(asked: str, opt_in: str, status: str, *, enforced: bool) -> tuple[str, str]:
    """Opt-in type and status after `asked` was written over `opt_in` and `status` (3.3)."""
    if (asked == "VerifiedDouble" and opt_in != "VerifiedDouble") or (enforced and opt_in != "VerifiedDouble"):
        return "Double", "PendingOptIn"
    return asked, status


def _email_type(body: dict[str, Any], old: str) -> str:
    if body.get("emailtype") is None:
        return old
    return enum(body["emailtype"], contact_store.EMAIL_TYPES, "emailType")


def _full(call: Call, contact: Contact) -> dict[str, Any]:
    return contact_store.v2_contact(contact, contact_store.field_names(call.state))
