"""Marketing preferences of v2 and who opted in to them (9.5)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, dates, memberships
from dyntui.sandbox.dotdigital.call import Call, integer_of, objects_of
from dyntui.sandbox.dotdigital.contact_store import COLUMNS, Contact
from dyntui.sandbox.dotdigital.errors import V2Error, not_found
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

_NOT_FOUND = "ERROR_PREFERENCE_NOT_FOUND"
_COLUMNS = "id, public_name, private_name, is_preference, is_public, category_id, position, created, modified"
_TOP = 1000


# -- the tree --------------------------------------------------------------------------------------------------------


def _answer(call: Call, value: Any) -> Response:
    """JSON, whatever the service calls it."""
    return Response(200, {"Content-Type": call.settings.preferences_content_type}, codec.encode(value))


def list_preferences(call: Call) -> Response:
    """GET /v2/preferences: the tree."""
    return _answer(call, tree(call.state, None))


def modified_since(call: Call) -> Response:
    """GET /v2/preferences/modified-since/{date}: flat."""
    rows = call.state.db.execute(
        f"SELECT {_COLUMNS} FROM dd_preference WHERE {call.since('modified')} ORDER BY id", (call.date("date"),)
    ).fetchall()
    return _answer(call, [_node(call.state, row) for row in rows])


def tree(state: State, contact_id: int | None) -> list[dict[str, Any]]:
    """Categories with their preferences; with a contact, its choice at each leaf."""
    rows = state.db.execute(f"SELECT {_COLUMNS} FROM dd_preference ORDER BY position, id").fetchall()
    opted: dict[int, int] = {}
    if contact_id is not None:
        query = "SELECT preference_id, opted_in FROM dd_opt_in WHERE contact_id = ?"
        opted = dict(state.db.execute(query, (contact_id,)))
    return _branch(state, rows, 0, opted if contact_id is not None else None)


def _branch(
    state: State, rows: Sequence[Sequence[Any]], category: int, opted: dict[int, int] | None
) -> list[dict[str, Any]]:
    nodes = []
    for row in rows:
        if row[5] != category:
            continue
        node = _node(state, row)
        if row[3] and opted is not None:
            node["isOptedIn"] = bool(opted.get(row[0], 0))
        if not row[3]:
            node["preferences"] = _branch(state, rows, row[0], opted)
        nodes.append(node)
    return nodes


def _node(state: State, row: Sequence[Any]) -> dict[str, Any]:
    number = state.db.execute("SELECT count(*) FROM dd_preference WHERE category_id = ?", (row[0],)).fetchone()[0]
    return {
        "id": row[0],
        "publicName": row[1],
        "privateName": row[2],
        "isPreference": bool(row[3]),
        "order": row[6],
        "isPublic": bool(row[4]),
        "categoryId": row[5],
        "preferenceCount": number,
        "created": dates.iso(row[7]),
        "lastModified": dates.iso(row[8]),
    }


def create(call: Call) -> Response:
    """POST /v2/preferences."""
    columns = _described(call, call.bound())
    cursor = call.state.db.execute(
        "INSERT INTO dd_preference (public_name, private_name, is_preference, is_public, category_id, position,"
        " created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*columns, call.now, call.now),
    )
    return _answer(call, _one(call, int(cursor.lastrowid or 0)))


def update(call: Call) -> Response:
    """PUT /v2/preferences/{id}."""
    preference = _existing(call)
    call.state.db.execute(
        "UPDATE dd_preference SET public_name = ?, private_name = ?, is_preference = ?, is_public = ?, category_id = ?,"
        " position = ?, modified = ? WHERE id = ?",
        (*_described(call, call.bound()), call.now, preference),
    )
    return codec.answer(_one(call, preference))


def delete(call: Call) -> Response:
    """DELETE /v2/preferences/{id}: 200 with a text; a category takes its preferences along."""
    preference = _existing(call)
    gone = "IN (SELECT id FROM dd_preference WHERE id = ?1 OR category_id = ?1)"
    call.state.db.execute(f"DELETE FROM dd_opt_in WHERE preference_id {gone}", (preference,))
    call.state.db.execute("DELETE FROM dd_preference WHERE id = ?1 OR category_id = ?1", (preference,))
    return _answer(call, "The preference was deleted.")


def _described(call: Call, body: dict[str, Any]) -> tuple[Any, ...]:
    name = body.get("publicname")
    if not isinstance(name, str) or not name.strip():
        raise V2Error("ERROR_PREFERENCE_INVALID")
    category = integer_of(body.get("categoryid")) or 0
    known = call.state.db.execute("SELECT 1 FROM dd_preference WHERE id = ? AND NOT is_preference", (category,))
    if category and not known.fetchone():
        raise V2Error("ERROR_PREFERENCE_INVALID")
    leaf = body.get("ispreference", True) is True
    public = body.get("ispublic", True) is True
    return (name, str(body.get("privatename") or name), leaf, public, category, str(body.get("order") or "1"))


def _one(call: Call, preference: int) -> dict[str, Any]:
    row = call.state.db.execute(f"SELECT {_COLUMNS} FROM dd_preference WHERE id = ?", (preference,)).fetchone()
    return _node(call.state, row)


def _existing(call: Call) -> int:
    preference = call.number("preferenceId", _NOT_FOUND)
    if not call.state.db.execute("SELECT 1 FROM dd_preference WHERE id = ?", (preference,)).fetchone():
        raise not_found(_NOT_FOUND)
    return preference


# -- people ----------------------------------------------------------------------------------------------------------


def of_contact(call: Call) -> Response:
    """GET /v2/contacts/{id or e-mail}/preferences."""
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    return _answer(call, tree(call.state, contact.id))


def set_of_contact(call: Call) -> Response:
    """PUT /v2/contacts/{id or e-mail}/preferences: an array mirroring the tree; what it leaves out stays."""
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    choose(call, contact.id, call.bound_list(), others_out=False)
    return _answer(call, tree(call.state, contact.id))


def choose(call: Call, contact_id: int, nodes: list[Any], *, others_out: bool) -> None:
    """Writes a contact's choices; `others_out` counts preferences not mentioned as opted out (9.5)."""
    leaves = {row[0] for row in call.state.db.execute("SELECT id FROM dd_preference WHERE is_preference")}
    chosen = _choices(nodes)
    if not leaves.issuperset(chosen):
        raise V2Error("ERROR_PREFERENCE_INVALID")
    if others_out:
        chosen = dict.fromkeys(leaves, False) | chosen
    call.state.db.executemany(
        "INSERT INTO dd_opt_in (preference_id, contact_id, opted_in, modified) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET opted_in = excluded.opted_in, modified = excluded.modified",
        [(preference, contact_id, opted, call.now) for preference, opted in chosen.items()],
    )


def _choices(nodes: list[Any]) -> dict[int, bool]:
    chosen: dict[int, bool] = {}
    for node in nodes:
        if not isinstance(node, dict):
            raise V2Error("ERROR_PREFERENCE_INVALID")
        if isinstance(node.get("isoptedin"), bool):
            chosen[integer_of(node.get("id")) or 0] = node["isoptedin"]
        chosen |= _choices(objects_of(node.get("preferences")))
    return chosen


def subscriptions(call: Call) -> Response:
    """GET /v2/contacts/{email}/subscriptions: the contact's books and preferences ([inferred] shape)."""
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    rows = call.state.db.execute(
        f"{memberships.book_columns(call)} WHERE b.kind = 'book' AND b.id IN (SELECT book_id FROM dd_member WHERE"
        " contact_id = ?) ORDER BY b.id",
        (contact.id,),
    )
    books = [{**memberships.v2_book(*row), "isSubscribed": True} for row in rows]
    return _answer(call, {"addressBooks": books, "preferences": tree(call.state, contact.id)})


def contacts_with(call: Call) -> Response:
    """GET .../with-preference/{preferenceId}?minContactId: opted-in contacts by key set, 1000 at a time."""
    book, values = _in_book(call)
    rows = call.state.db.execute(
        "SELECT c.id, c.email FROM dd_opt_in o JOIN dd_contact c ON c.id = o.contact_id WHERE o.preference_id = ?"
        f" AND o.opted_in AND c.email IS NOT NULL AND o.contact_id >= ?{book} ORDER BY o.contact_id LIMIT ?",
        (_existing(call), call.integer("minContactId", 0), *values, _TOP),
    )
    return codec.answer([{"id": key, "email": email} for key, email in rows])


def opt_ins_since(call: Call) -> Response:
    """GET .../with-preference/{preferenceId}/opt-ins-since/{date}?minContactId; `dateModifed` is the service's word."""
    book, values = _in_book(call)
    preference = _existing(call)
    rows = call.state.db.execute(
        f"SELECT o.opted_in, o.modified, {COLUMNS} FROM dd_opt_in o JOIN dd_contact c ON c.id = o.contact_id"
        f" WHERE o.preference_id = ? AND {call.since('o.modified')} AND c.email IS NOT NULL AND o.contact_id >= ?{book}"
        " ORDER BY o.contact_id LIMIT ?",
        (preference, call.date("date"), call.integer("minContactId", 0), *values, _TOP),
    )
    return codec.answer(
        [
            {
                "contact": contact_store.v2_contact(Contact(*row[2:]), None),
                "marketingPreferenceOptIns": [
                    {
                        "marketingPreferenceId": preference,
                        "addressBookId": values[0] if values else 0,
                        "isOptedIn": bool(row[0]),
                        "dateModifed": dates.iso(row[1]),
                    }
                ],
            }
            for row in rows
        ]
    )


def _in_book(call: Call) -> tuple[str, list[int]]:
    if "id" not in call.args:
        return "", []
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    if memberships.kind_of(call.state, book_id) is None:
        raise not_found("ERROR_ADDRESSBOOK_NOT_FOUND")
    return " AND o.contact_id IN (SELECT contact_id FROM dd_member WHERE book_id = ?)", [book_id]
