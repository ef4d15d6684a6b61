"""PUT /contacts/v3/import and its result (5.7)."""

from typing import Any

from dyntui.sandbox.dotdigital import codec, import_queue, upsert, v3_body
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V3Error
from dyntui.sandbox.dotdigital.upsert import Row
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

SIZE = 50 * 1024 * 1024
"""Largest body in bytes (5.7)."""

MERGE = {
    "overwrite": "Overwrite",
    "overwriteifnotempty": "OnlyOverwriteIfNotEmpty",
    "overwriteifempty": "OnlyOverwriteIfContactDataNotPopulated",
}

_TEXTS = {
    "Duplicate": "The contact appears more than once in the import",
    "InvalidContact": "An identifier belongs to another contact",
    "InvalidEmail": "The email address is not valid",
    "InvalidContactId": "There is no contact with this id",
    "InvalidAddressBookIds": "A list does not exist or cannot be written to",
    "GloballySuppressed": "The contact is on the global suppression list",
    "SuppressedByDomain": "The domain is suppressed",
    "Blocker": "The address is blocked",
    "InvalidDomain": "The domain does not accept mail",
    "ConsentRecordsNotApplied": "A consent record is not valid; the contact was imported without it",
}


def start(call: Call) -> Response:
    """PUT /contacts/v3/import: 202 `{importId}`.

    The whole body is refused when it is over 50 MB, is no JSON, has wrong types or names no contact.
    """
    if len(call.request.body) > SIZE:
        raise V3Error("server:requestTooLarge", "The request body exceeds 50 MB", 413)
    body = v3_body.decode(call.request.body, v3_body.Import)
    if not body.contacts:
        raise V3Error("contacts:noContactsSpecified", "At least one contact is required")
    if body.merge_option.lower() not in MERGE:
        raise V3Error("contacts:badRequest", f"'{body.merge_option}' is not a valid merge option")
    missing = [
        (f"contacts[{index}]", "matchIdentifier and identifiers are required")
        for index, item in enumerate(body.contacts)
        if not item.match_identifier or not item.identifiers
    ]
    if missing:
        raise V3Error("contacts:badRequest", "The request is invalid", details=missing)
    v3_body.check(call.request.body, body.contacts, "$.contacts")
    if import_queue.full(call):
        raise V3Error("contacts:tooManyActiveImports", "There are too many active imports", 429)
    import_id = import_queue.start(call, "v3", call.request.body, MERGE[body.merge_option.lower()], [])
    return codec.answer({"importId": import_id}, 202)


def status(call: Call) -> Response:
    """GET /contacts/v3/import/{importId}: the status, and once Finished the rows that were created, updated, failed."""
    found = import_queue.poll(call, call.args["importId"], v3=True)
    if found is None:
        raise V3Error("contacts:importNotFound", "The import was not found", 404)
    import_id = call.args["importId"].lower()
    if import_queue.polls(call, import_id) <= call.settings.v3_polls_without_status:
        return codec.answer({"importId": import_id})
    if found != "Finished":
        return codec.answer({"importId": import_id, "status": found})
    report, *parts = call.state.db.execute(
        "SELECT report, created_rows, updated_rows, failure_rows FROM dd_import WHERE id = ?", (import_id,)
    ).fetchone()
    head = codec.encode({"importId": import_id, "status": found, "summary": codec.decode(report)})
    # The parts are stored as JSON text: thousands of rows need not be read to be answered.
    body = b'%s,"created":%s,"updated":%s,"failures":%s}' % (head[:-1], *parts)
    return Response(200, {"Content-Type": "application/json; charset=utf-8"}, body)


def rows(state: State, payload: bytes) -> list[Row]:
    """The rows of a stored body."""
    around = v3_body.context(state)
    return [
        v3_body.row_of(item, around, item.match_identifier or "", matched_value(item))
        for item in v3_body.decode(payload, v3_body.Import).contacts
    ]


def matched_value(item: v3_body.Item) -> str | int | None:
    """The value of the identifier by which an item wants to be matched, its name in any letter case."""
    wanted = (item.match_identifier or "").lower()
    return next((value for name, value in item.identifiers.items() if name.lower() == wanted), None)


def apply(state: State, import_id: str, rows: list[Row], merge: str, at: int) -> None:
    """Writes the rows and stores the result. Suppressed contacts are updated, never resubscribed."""
    upsert.apply(state, rows, at, merge, undelete=True, refuse_suppressed=False)
    created: list[dict[str, Any]] = []
    updated: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    counts = {"GloballySuppressed": 0, "SuppressedByDomain": 0, "Duplicate": 0}
    invalid = 0
    for row in rows:
        if row.failure or row.partial:
            failures.append(_failure(state, row))
        if not row.failure:
            shown = {"contactId": row.contact_id, "identifiers": _identifiers(row)}
            (created if row.created else updated).append(shown)
        elif row.failure in counts:
            counts[row.failure] += 1
        else:
            invalid += 1
    summary: dict[str, int | None] = {
        "newContacts": len(created),
        "updatedContacts": len(updated),
        "globallySuppressed": counts["GloballySuppressed"] + counts["SuppressedByDomain"],
        "invalidEntries": invalid,
        "duplicateIdentifiers": counts["Duplicate"],
    }
    if state.config.dotdigital.v3_report_nulls:
        summary = {name: count or None for name, count in summary.items()}
        failures = [_with_nulls(number, failure) for number, failure in enumerate(failures)]
    state.db.execute(
        "UPDATE dd_import SET report = ?, created_rows = ?, updated_rows = ?, failure_rows = ? WHERE id = ?",
        (codec.text(summary), codec.encode(created), codec.encode(updated), codec.encode(failures), import_id),
    )


def _with_nulls(number: int, failure: dict[str, Any]) -> dict[str, Any]:
    """A failure in which something is null: its reasons, their code, or what identifies the row."""
    reasons = [{**reason, "description": None} for reason in failure["failures"]]
    if number % 3 == 0:
        return {**failure, "failures": None}
    if number % 3 == 1:
        return {**failure, "failures": [{**reason, "failureCode": None} for reason in reasons]}
    return {**failure, "contactId": None, "matchIdentifier": None, "identifiers": None, "failures": reasons}


def _identifiers(row: Row) -> dict[str, Any]:
    email = {"email": row.email} if row.email else {}
    return {**email, **row.others}


def _failure(state: State, row: Row) -> dict[str, Any]:
    item: v3_body.Item = row.source
    code = row.failure or row.partial
    text = row.detail or _TEXTS.get(code, "The contact could not be imported")
    shown: dict[str, Any] = {"contactId": row.contact_id} if row.contact_id else {}
    shown |= {"matchIdentifier": item.match_identifier, "identifiers": item.identifiers}
    shown["failures"] = [{"failureCode": failure_code(state, code), "description": text}]
    return shown


def failure_code(state: State, code: str) -> str:
    """A failure code as this account spells it; the OpenAPI example has `duplicateIdentifier` for `Duplicate`."""
    if state.config.dotdigital.v3_failure_code_case == "pascal":
        return code
    return "duplicateIdentifier" if code == "Duplicate" else code[0].lower() + code[1:]
