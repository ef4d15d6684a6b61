"""Surveys of v2, which the web application calls forms: read only (8.2)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, dates
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import not_found
from dyntui.sandbox.request import Response

_NOT_FOUND = "ERROR_SURVEY_NOT_FOUND"
_COUNTS = (
    "SELECT s.id, s.name, s.document, min(r.started), max(r.started), sum(r.completed IS NOT NULL),"
    " sum(r.id IS NOT NULL AND r.completed IS NULL), sum(r.completed >= ?1 - 86400000),"
    " sum(r.completed >= ?1 - 604800000), max(r.completed - r.started), min(r.completed - r.started),"
    " sum(r.completed - r.started) FROM dd_survey s LEFT JOIN dd_survey_response r ON r.survey_id = s.id"
)


def list_surveys(call: Call) -> Response:
    """GET /v2/surveys?assignedToAddressBookOnly."""
    return _list(call, "true", ())


def with_activity_since(call: Call) -> Response:
    """GET /v2/surveys/with-activity-since/{date}: with a response since."""
    active = f"s.id IN (SELECT survey_id FROM dd_survey_response WHERE {call.since('started')})".replace("?", "?2")
    return _list(call, active, (call.date("date"),))


def _list(call: Call, where: str, values: tuple[int, ...]) -> Response:
    page = call.page(min(1000, call.settings.survey_maximum), call.settings.survey_maximum)
    rows = call.state.db.execute(f"{_COUNTS} WHERE {where} GROUP BY s.id ORDER BY s.id", (call.now, *values))
    surveys = [_survey(row) for row in rows]
    if call.flag("assignedToAddressBookOnly"):
        surveys = [survey for survey in surveys if survey["isAssignedToAddressBook"]]
    return codec.answer(surveys[page.skip : page.skip + page.select])


def get(call: Call) -> Response:
    """GET /v2/surveys/{id}."""
    rows = call.state.db.execute(f"{_COUNTS} WHERE s.id = ?2 GROUP BY s.id", (call.now, _existing(call)))
    return codec.answer(_survey(rows.fetchone()))


def fields(call: Call) -> Response:
    """GET /v2/surveys/{id}/fields: pages with their fields."""
    row = call.state.db.execute("SELECT pages FROM dd_survey WHERE id = ?", (_existing(call),)).fetchone()
    return codec.answer(codec.decode(row[0]))


def responses(call: Call) -> Response:
    """GET /v2/surveys/{id}/responses."""
    return _responses(call, "true", ())


def responses_since(call: Call) -> Response:
    """GET /v2/surveys/{id}/responses/with-activity-since/{date}: started or completed since."""
    return _responses(call, call.since("max(started, coalesce(completed, 0))"), (call.date("date"),))


def _responses(call: Call, where: str, values: tuple[int, ...]) -> Response:
    page = call.page(min(1000, call.settings.survey_maximum), call.settings.survey_maximum)
    rows = call.state.db.execute(
        "SELECT id, email, started, completed, answers FROM dd_survey_response WHERE survey_id = ?"
        f" AND {where} ORDER BY started, id LIMIT ? OFFSET ?",
        (_existing(call), *values, page.select, page.skip),
    )
    return codec.answer(
        [
            {
                "id": key,
                "email": email,
                "started": True,
                "dateStarted": dates.iso(started),
                "complete": completed is not None,
                "dateCompleted": dates.iso(completed),
                "givenAnswers": codec.decode(answers),
            }
            for key, email, started, completed, answers in rows
        ]
    )


def _existing(call: Call) -> int:
    survey = call.number("id", _NOT_FOUND)
    if not call.state.db.execute("SELECT 1 FROM dd_survey WHERE id = ?", (survey,)).fetchone():
        raise not_found(_NOT_FOUND)
    return survey


def _survey(row: Sequence[Any]) -> dict[str, Any]:
    """The survey object: what is kept of it, and counts of its responses; times to complete are seconds."""
    kept: dict[str, Any] = codec.decode(row[2])
    return {
        "id": row[0],
        "name": row[1],
        **kept,
        "firstResponseDate": dates.iso(row[3]),
        "lastResponseDate": dates.iso(row[4]),
        "totalCompleteResponses": row[5] or 0,
        "totalIncompleteResponses": row[6] or 0,
        "totalCompleteResponsesInLastDay": row[7] or 0,
        "totalCompleteResponsesInLastWeek": row[8] or 0,
        "timeToCompleteMax": (row[9] or 0) // 1000,
        "timeToCompleteMin": (row[10] or 0) // 1000,
        "timeToCompleteTotal": (row[11] or 0) // 1000,
    }
