"""Deleting many contacts in v3 (5.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v3, jobs, v3_body
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.contact_store import Contact
from dyntui.sandbox.dotdigital.errors import V3Error
from dyntui.sandbox.dotdigital.imports_v3 import failure_code
from dyntui.sandbox.dotdigital.numbers import INT64
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

MAXIMUM = 5000


def start_delete(call: Call) -> Response:
    """POST /contacts/v3/delete, 1 to 5000 objects of one identifier each: 202 `{deleteId}`."""
    items = v3_body.decode(call.request.body, list[dict[str, str | int]])
    if not 1 <= len(items) <= MAXIMUM:
        raise V3Error("contacts:noContactsSpecified" if not items else "contacts:badRequest", "1 to 5000 are allowed")
    if any(len(item) != 1 for item in items):
        raise V3Error("contacts:badRequest", "Every contact needs exactly one identifier")
    active = call.state.db.execute(
        "SELECT count(*) FROM dd_bulk_delete WHERE status NOT IN ('Finished', 'Failed')"
    ).fetchone()[0]
    if active >= call.settings.v3_bulk_delete_limit:
        raise V3Error("contacts:tooManyBulkDeleteJobs", "There are too many active bulk deletes", 429)
    delete_id = call.state.ids.guid()
    call.state.db.execute(
        "INSERT INTO dd_bulk_delete (id, payload, status) VALUES (?, ?, 'NotStarted')", (delete_id, codec.text(items))
    )
    jobs.schedule(call.state, "delete", delete_id, call.now + int(call.settings.bulk_removal_seconds * 1000))
    return codec.answer({"deleteId": delete_id}, 202)


def delete_status(call: Call) -> Response:
    """GET /contacts/v3/delete/{deleteId}: NotStarted, NotFinished, Failed, or Finished with its result."""
    delete_id = call.args["deleteId"].lower()
    row = call.state.db.execute(
        "UPDATE dd_bulk_delete SET polls = polls + 1,"
        " status = CASE status WHEN 'NotStarted' THEN 'NotFinished' ELSE status END WHERE id = ?"
        " RETURNING status, polls, result",
        (delete_id,),
    ).fetchone()
    if row is None:
        raise V3Error("contacts:invalidDeleteId", "The bulk delete was not found", 404)
    status, polls, result = row
    if status not in ("Finished", "Failed") and polls >= call.settings.bulk_removal_polls:
        jobs.hasten(call.state, delete_id, call.now)
    return codec.answer({"deleteId": delete_id, "status": status, **(codec.decode(result) if result else {})})


def finish_delete(state: State, delete_id: str, at: int) -> None:
    """The end of a bulk deletion: whom it named is gone, everybody else is a failure with its reason."""
    payload = state.db.execute("SELECT payload FROM dd_bulk_delete WHERE id = ?", (delete_id,)).fetchone()[0]
    items: list[dict[str, str | int]] = codec.decode(payload)
    around = v3_body.context(state)
    found: list[int] = []
    failures: list[dict[str, Any]] = []
    unknown = 0
    for item in items:
        try:
            contact = _meant(state, item, around)
        except _Failure as failure:
            reasons = [{"failureCode": failure_code(state, failure.code), "description": failure.description}]
            failures.append({"identifier": item, "failures": reasons})
            unknown += failure.code == _UNKNOWN
        else:
            found.append(contact.id)
    found = list(dict.fromkeys(found))
    deleted = contact_store.delete(state, found, at)
    result = {
        "summary": {
            "requestedContacts": len(items),
            "deletedContacts": deleted,
            "unknownContacts": unknown,
            "invalidEntries": len(failures) - unknown,
        },
        "deleted": [{"contactId": contact_id} for contact_id in found],
        "failures": failures,
    }
    state.db.execute(
        "UPDATE dd_bulk_delete SET status = 'Finished', result = ?, payload = '[]' WHERE id = ?",
        (codec.text(result), delete_id),
    )


def fail_delete(state: State, delete_id: str) -> None:
    """A bulk deletion that broke off: nothing was deleted."""
    state.db.execute("UPDATE dd_bulk_delete SET status = 'Failed', payload = '[]' WHERE id = ?", (delete_id,))


_UNKNOWN = "ContactNotFound"


@dataclass
class _Failure(Exception):
    """Why one entry names nobody."""

    code: str
    description: str


def _meant(state: State, item: Mapping[str, str | int], around: v3_body.Context) -> Contact:
    """The contact that an entry names. Raises _Failure."""
    key, value = next(iter(item.items()))
    name = v3_body.identifier_name(key, around)
    if name is None:
        raise _Failure("InvalidMatchIdentifier", f"{key} is no identifier of this account")
    if name == "contactId" and (not isinstance(value, int) or not 0 <= value <= INT64):
        raise _Failure("InvalidContactId", f"Invalid value for '{key}'")
    if name != "contactId" and not isinstance(value, str):
        raise _Failure("InvalidEmail" if name == "email" else "NoValidIdentifiers", f"Invalid value for '{key}'")
    contact = contacts_v3.by_identifier(state, name, value)
    if contact is None:
        raise _Failure(_UNKNOWN, "The contact could not be found")
    fails = state.config.dotdigital.v3_bulk_delete_fails
    if fails and contact.id % fails == 0:
        raise _Failure("InvalidContact", "The contact could not be processed")
    return contact
