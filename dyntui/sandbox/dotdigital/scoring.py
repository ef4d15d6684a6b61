"""Contact scoring of v2: read only (9.1). Scores of people who click in campaigns rise."""

from collections.abc import Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, dates, memberships
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V2Error, not_found
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

_QUERY = (
    "SELECT s.contact_id, c.email, s.modified, s.label, s.score, s.engagement, s.suitability FROM dd_score s"
    " JOIN dd_contact c ON c.id = s.contact_id"
)


def label(score: int) -> str:
    """The label that an account gives to a score of 0 to 100."""
    return "Hot" if score >= 67 else "Cool" if score >= 34 else "Cold"


def list_scores(call: Call) -> Response:
    """GET /v2/contacts/score."""
    return _page(call, "true", ())


def modified_since(call: Call) -> Response:
    """GET /v2/contacts/score/modified-since/{date}: in the order of modification."""
    return _page(call, call.since("s.modified"), (call.date("date"),), "s.modified, s.contact_id")


def of_book(call: Call) -> Response:
    """GET /v2/address-books/{id}/contacts/score: of a book or a segment."""
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    if memberships.kind_of(call.state, book_id) is None:
        raise not_found("ERROR_ADDRESSBOOK_NOT_FOUND")
    return _page(call, "s.contact_id IN (SELECT contact_id FROM dd_member WHERE book_id = ?)", (book_id,))


def of_contact(call: Call) -> Response:
    """GET /v2/contacts/{id or e-mail}/score."""
    _active(call)
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    row = call.state.db.execute(f"{_QUERY} WHERE s.contact_id = ?", (contact.id,)).fetchone()
    if row is None:
        raise not_found("ERROR_CONTACT_NOT_FOUND")
    return codec.answer(_score(row))


def rise(state: State, now: int) -> None:
    """Contacts whose clicks are about to be applied gain engagement, if they have a score at all."""
    state.db.execute(
        "UPDATE dd_score SET engagement = min(100, engagement + 6), score = min(100, score + 3), modified = ?1,"
        " label = CASE WHEN score + 3 >= 67 THEN 'Hot' WHEN score + 3 >= 34 THEN 'Cool' ELSE 'Cold' END"
        " WHERE contact_id IN (SELECT contact_id FROM dd_event WHERE applied = 0 AND due <= ?1 AND kind = 'click')",
        (now,),
    )


def _page(call: Call, where: str, values: tuple[int, ...], order: str = "s.contact_id") -> Response:
    _active(call)
    page = call.page()
    rows = call.state.db.execute(
        f"{_QUERY} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?", (*values, page.select, page.skip)
    )
    return codec.answer([_score(row) for row in rows])


def _active(call: Call) -> None:
    if not call.settings.scoring_active:
        raise V2Error("ERROR_FEATURENOTACTIVE", 403)


def _score(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "contactId": row[0],
        "email": row[1],
        "dateModified": dates.iso(row[2]),
        "scoreLabel": row[3],
        "score": row[4],
        "engagement": row[5],
        "suitability": row[6],
    }
