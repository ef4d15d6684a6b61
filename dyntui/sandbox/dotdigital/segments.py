"""Segments of v2: read only but for their refresh; members as of the last refresh (8.1).

Ids of segments work wherever a book is read. What a segment selects is set by the sandbox's loading functions: a JSON
object of conditions which all have to hold: `{"field": "INTERESTS", "contains": "climb"}`, `{"field", "equals"}`,
`{"opt_in": [...]}`, `{"engaged": true}` (opened any campaign), `{"book": id}`.
"""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from typing import Any

from dyntui.sandbox.dotdigital import codec, jobs
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import not_found
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

_NOT_FOUND = "ERROR_SEGMENT_NOT_FOUND"


def list_segments(call: Call) -> Response:
    """GET /v2/segments: `{id, name, contacts}`."""
    page = call.page()
    rows = call.state.db.execute(
        "SELECT b.id, b.name, (SELECT count(*) FROM dd_member m WHERE m.book_id = b.id) FROM dd_book b"
        " WHERE b.kind = 'segment' ORDER BY b.id LIMIT ? OFFSET ?",
        (page.select, page.skip),
    )
    return codec.answer([{"id": key, "name": name, "contacts": contacts} for key, name, contacts in rows])


def start_refresh(call: Call) -> Response:
    """POST /v2/segments/refresh/{id}: 202 NotStarted."""
    segment = _segment(call)
    call.state.db.execute(
        "INSERT INTO dd_refresh (segment_id, status) VALUES (?, 'NotStarted') ON CONFLICT DO UPDATE SET"
        " status = excluded.status",
        (segment,),
    )
    jobs.cancel(call.state, f"segment:{segment}")
    due = call.now + int(call.settings.segment_refresh_seconds * 1000)
    jobs.schedule(call.state, "refresh", f"segment:{segment}", due)
    return codec.answer({"id": segment, "status": "NotStarted"}, 202)


def refresh_status(call: Call) -> Response:
    """GET /v2/segments/refresh/{id}: NotStarted, NotFinished, Finished. Without a refresh so far: Finished."""
    segment = _segment(call)
    row = call.state.db.execute("SELECT status FROM dd_refresh WHERE segment_id = ?", (segment,)).fetchone()
    status = row[0] if row else "Finished"
    if status == "NotStarted":
        call.state.db.execute("UPDATE dd_refresh SET status = 'NotFinished' WHERE segment_id = ?", (segment,))
    return codec.answer({"id": segment, "status": status})


def _segment(call: Call) -> int:
    segment = call.number("id", _NOT_FOUND)
    if not call.state.db.execute("SELECT 1 FROM dd_book WHERE id = ? AND kind = 'segment'", (segment,)).fetchone():
        raise not_found(_NOT_FOUND)
    return segment


def finish_refresh(state: State, ref: str, at: int) -> None:
    """The end of a refresh."""
    segment = int(ref.partition(":")[2])
    refresh(state, segment, at)
    state.db.execute("UPDATE dd_refresh SET status = 'Finished' WHERE segment_id = ?", (segment,))


def fail_refresh(state: State, ref: str) -> None:
    """A refresh that broke off: the members are those of the last one."""
    state.db.execute("UPDATE dd_refresh SET status = 'Failed' WHERE segment_id = ?", (int(ref.partition(":")[2]),))


def refresh(state: State, segment: int, at: int) -> None:
    """Computes the members of a segment anew."""
    rule = state.db.execute("SELECT rule FROM dd_book WHERE id = ?", (segment,)).fetchone()[0]
    where, values = _conditions(codec.decode(rule) if rule else {})
    state.db.execute("DELETE FROM dd_member WHERE book_id = ?", (segment,))
    state.db.execute(
        f"INSERT INTO dd_member (book_id, contact_id, added) SELECT ?, c.id, ? FROM dd_contact c WHERE {where}",
        (segment, at, *values),
    )
    state.db.execute("UPDATE dd_book SET refreshed_on = ? WHERE id = ?", (at, segment))


def _conditions(rule: dict[str, Any]) -> tuple[str, list[Any]]:
    where, values = ["c.email IS NOT NULL"], []
    path = f'$."{str(rule.get("field", "")).upper()}"'
    if "equals" in rule:
        where.append("json_extract(c.data, ?) = ?")
        values += [path, rule["equals"]]
    if "contains" in rule:
        where.append("instr(lower(json_extract(c.data, ?)), lower(?)) > 0")
        values += [path, rule["contains"]]
    if "opt_in" in rule:
        where.append("c.opt_in IN (SELECT value FROM json_each(?))")
        values.append(codec.text(rule["opt_in"]))
    if rule.get("engaged"):
        where.append("c.id IN (SELECT contact_id FROM dd_recipient WHERE opens > 0)")
    if "book" in rule:
        where.append("c.id IN (SELECT contact_id FROM dd_member WHERE book_id = ?)")
        values.append(rule["book"])
    return " AND ".join(where), values
