"""Deleting many contacts in v3 (5.8)."""

from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v3, jobs, v3_body
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V3Error
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
    active = call.state.db.execute("SELECT count(*) FROM dd_bulk_delete WHERE status <> 'Finished'").fetchone()[0]
    if active >= call.settings.v3_bulk_delete_limit:
        raise V3Error("contacts:tooManyBulkDeleteJobs", "There are too many active bulk deletes", 429)
    delete_id = call.state.ids.guid()
    call.state.db.execute(
        "INSERT INTO dd_bulk_delete (id, payload, status) VALUES (?, ?, 'NotStarted')", (delete_id, codec.text(items))
    )
    jobs.schedule(call.state, "delete", delete_id, call.now + int(call.settings.bulk_removal_seconds * 1000))
    return codec.answer({"deleteId": delete_id}, 202)


def delete_status(call: Call) -> Response:
    """GET /contacts/v3/delete/{deleteId}: NotStarted, NotFinished, Finished with summary, deleted and failures."""
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
    if status != "Finished" and polls >= call.settings.bulk_removal_polls:
        jobs.hasten(call.state, delete_id, call.now)
    return codec.answer({"deleteId": delete_id, "status": status, **(codec.decode(result) if result else {})})


def finish_delete(state: State, delete_id: str, at: int) -> None:
    """The end of a bulk deletion."""
    payload = state.db.execute("SELECT payload FROM dd_bulk_delete WHERE id = ?", (delete_id,)).fetchone()[0]
    items: list[dict[str, Any]] = codec.decode(payload)
    around = v3_body.context(state)
    found: dict[int, dict[str, Any]] = {}
    failures, unknown, invalid = [], 0, 0
    for item in items:
        key, value = next(iter(item.items()))
        name = v3_body.identifier_name(key, around)
        contact = (
            contacts_v3.by_identifier(state, name, value)
            if name and (name != "contactId" or isinstance(value, int))
            else None
        )
        if contact:
            found[contact.id] = {"contactId": contact.id, "identifiers": {key: value}}
            continue
        code = "UnknownContact" if name else "InvalidMatchIdentifier"
        unknown, invalid = unknown + bool(name), invalid + (not name)
        failures.append({"identifier": item, "failures": [{"failureCode": code[0].lower() + code[1:]}]})
    deleted = contact_store.delete(state, list(found), at)
    result = {
        "summary": {
            "requestedContacts": len(items),
            "deletedContacts": deleted,
            "unknownContacts": unknown,
            "invalidEntries": invalid,
        },
        "deleted": list(found.values()),
        "failures": failures,
    }
    state.db.execute(
        "UPDATE dd_bulk_delete SET status = 'Finished', result = ?, payload = '[]' WHERE id = ?",
        (codec.text(result), delete_id),
    )
