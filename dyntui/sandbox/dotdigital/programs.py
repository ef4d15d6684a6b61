"""Programs of v2 and enrolling contacts in them (9.7)."""

import csv
import io
from typing import Any

from dyntui.sandbox.dotdigital import codec, dates, jobs, memberships
from dyntui.sandbox.dotdigital.call import Call, integer_of, integers_of
from dyntui.sandbox.dotdigital.data_fields import choice
from dyntui.sandbox.dotdigital.errors import V2Error, not_found, parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

STATUSES = ("Draft", "Active", "Deactivated", "ReadOnly")
_HOUR = 3_600_000
_CONTACTS, _BOOKS = 25, 10
_NOT_FOUND = "ERROR_PROGRAM_NOT_FOUND"


def list_programs(call: Call) -> Response:
    """GET /v2/programs."""
    page = call.page()
    rows = call.state.db.execute(
        "SELECT id, name, status, created FROM dd_program ORDER BY id LIMIT ? OFFSET ?", (page.select, page.skip)
    )
    return codec.answer([_program(*row) for row in rows])


def get(call: Call) -> Response:
    """GET /v2/programs/{id}."""
    row = call.state.db.execute(
        "SELECT id, name, status, created FROM dd_program WHERE id = ?", (call.number("id", _NOT_FOUND),)
    ).fetchone()
    if row is None:
        raise not_found(_NOT_FOUND)
    return codec.answer(_program(*row))


def _program(key: int, name: str, status: str, created: int) -> dict[str, Any]:
    return {"id": key, "name": name, "status": status, "dateCreated": dates.iso(created)}


def enrol(call: Call) -> Response:
    """POST /v2/programs/enrolments: 201 Processing; 20 calls an hour over all programs."""
    body = call.bound()
    key = integer_of(body.get("programid"))
    program = call.state.db.execute("SELECT status FROM dd_program WHERE id = ?", (key,)).fetchone()
    if program is None:
        raise V2Error(_NOT_FOUND)
    if program[0] != "Active":
        raise V2Error("ERROR_PROGRAM_NOT_ACTIVE", 422)
    contacts, books = integers_of(body.get("contacts")), integers_of(body.get("addressbooks"))
    if contacts is None or books is None or not (contacts or books):
        raise V2Error("ERROR_ENROLMENT_INVALID")
    if len(contacts) > _CONTACTS or len(books) > _BOOKS:
        raise V2Error("ERROR_ENROLMENT_INVALID")
    ids = codec.text(contacts)
    known = call.state.db.execute(
        "SELECT count(*) FROM dd_contact WHERE id IN (SELECT value FROM json_each(?))", (ids,)
    )
    if known.fetchone()[0] < len(set(contacts)):
        raise V2Error("ERROR_CONTACT_NOT_FOUND")
    if any(memberships.kind_of(call.state, book) is None for book in books):
        raise V2Error("ERROR_ADDRESSBOOK_NOT_FOUND")
    recent = call.state.db.execute("SELECT count(*) FROM dd_enrolment WHERE created > ?", (call.now - _HOUR,))
    if recent.fetchone()[0] >= call.settings.enrolments_per_hour:
        raise V2Error("ERROR_ENROLMENT_ALLOWANCE_EXCEEDED")
    enrolment = call.state.ids.guid()
    call.state.db.execute(
        "INSERT INTO dd_enrolment (id, program_id, contacts, books, status, created) VALUES (?, ?, ?, ?, ?, ?)",
        (enrolment, key, ids, codec.text(books), "Processing", call.now),
    )
    jobs.schedule(call.state, "enrolment", enrolment, call.now + int(call.settings.enrolment_seconds * 1000))
    return codec.answer(_enrolment(call, enrolment), 201)


def enrolments(call: Call) -> Response:
    """GET /v2/programs/enrolments/{guid or status}: one, or a page of those with a status."""
    key = call.args["id"]
    status = choice(key, ("Processing", "Finished"))
    if status is None:
        return codec.answer(_enrolment(call, key.lower()))
    page = call.page()
    rows = call.state.db.execute(
        "SELECT id FROM dd_enrolment WHERE status = ? ORDER BY created, id LIMIT ? OFFSET ?",
        (status, page.select, page.skip),
    ).fetchall()
    return codec.answer([_enrolment(call, enrolment) for (enrolment,) in rows])


def faults(call: Call) -> Response:
    """GET /v2/programs/enrolments/{guid}/report-faults: CSV; 400 until the enrolment is finished."""
    row = call.state.db.execute(
        "SELECT status, faults FROM dd_enrolment WHERE id = ?", (call.args["id"].lower(),)
    ).fetchone()
    if row is None:
        raise not_found("ERROR_ENROLMENT_NOT_FOUND")
    if row[0] == "Processing":
        raise V2Error("ERROR_ENROLMENT_IS_PROCESSING")
    return Response(200, {"Content-Type": "application/octet-stream"}, b"\xef\xbb\xbf" + row[1].encode())


def _enrolment(call: Call, enrolment: str) -> dict[str, Any]:
    row = call.state.db.execute(
        "SELECT program_id, status, created, contacts, books FROM dd_enrolment WHERE id = ?", (enrolment,)
    ).fetchone()
    if row is None:
        raise parameter_invalid()
    return {
        "id": enrolment,
        "programId": row[0],
        "status": row[1],
        "dateCreated": dates.iso(row[2]),
        "contacts": codec.decode(row[3]),
        "addressBooks": codec.decode(row[4]),
    }


def finish(state: State, enrolment: str, _at: int) -> None:
    """The end of an enrolment: suppressed contacts are faults, their reason spelt as the vendor does."""
    contacts, books = state.db.execute("SELECT contacts, books FROM dd_enrolment WHERE id = ?", (enrolment,)).fetchone()
    rows = state.db.execute(
        "SELECT id, email FROM dd_contact WHERE status <> 'Subscribed' AND (id IN (SELECT value FROM json_each(?))"
        " OR id IN (SELECT m.contact_id FROM json_each(?) b JOIN dd_member m ON m.book_id = b.value)) ORDER BY id",
        (contacts, books),
    )
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(["Id", "Email", "TelephoneNumber", "Reason"])
    writer.writerows([key, email, "", "Unsubcribed"] for key, email in rows)
    state.db.execute(
        "UPDATE dd_enrolment SET status = 'Finished', faults = ? WHERE id = ?", (output.getvalue(), enrolment)
    )


def fail(state: State, enrolment: str) -> None:
    """An enrolment that broke off: the service knows no other end than Finished, and its report says why."""
    state.db.execute(
        "UPDATE dd_enrolment SET status = 'Finished', faults = 'Id,Email,TelephoneNumber,Reason\r\n,,,Failed\r\n'"
        " WHERE id = ?",
        (enrolment,),
    )
