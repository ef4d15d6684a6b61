"""Who is in which book: joining, leaving, and the person's own "not this list" (3.5, 4)."""

from collections.abc import Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.state import State


def book_columns(call: Call) -> str:
    """A query of books in the order of `v2_book`; to be followed by conditions on `b`."""
    counted = call.now - int(call.settings.book_count_lag_seconds * 1000)
    members = f"SELECT count(*) FROM dd_member m WHERE m.book_id = b.id AND m.added <= {counted}"  # noqa: S608 - a number
    return f"SELECT b.id, b.name, b.visibility, ({members}) FROM dd_book b"  # noqa: S608 - the query above


def v2_book(book_id: int, name: str, visibility: str, contacts: int) -> dict[str, Any]:
    """The address book object of v2; `contacts` is a count."""
    return {"id": book_id, "name": name, "visibility": visibility, "contacts": contacts}


def kind_of(state: State, book_id: int) -> str | None:
    """book, segment or test; None for an unknown id."""
    row = state.db.execute("SELECT kind FROM dd_book WHERE id = ?", (book_id,)).fetchone()
    return str(row[0]) if row else None


def writable(state: State, book_id: int, status: int = 404) -> None:
    """Raises ERROR_ADDRESSBOOK_NOT_FOUND with `status` or 400 NOTWRITABLE unless the API may write to the book."""
    kind = kind_of(state, book_id)
    if kind is None or kind == "segment":
        raise V2Error("ERROR_ADDRESSBOOK_NOT_FOUND", status)
    if kind == "test":
        raise V2Error("ERROR_ADDRESSBOOK_NOTWRITABLE")
    if state.config.dotdigital.busy_book_is_error and removal_running(state, book_id):
        raise V2Error("ERROR_ADDRESSBOOK_IN_USE")


def removal_running(state: State, book_id: int) -> bool:
    """Whether a bulk removal is at work on the book."""
    return bool(
        state.db.execute("SELECT 1 FROM dd_removal WHERE book_id = ? AND status = 'Started'", (book_id,)).fetchone()
    )


def listed_until(call: Call) -> int:
    """Who joined a book after this moment does not show in its listings yet."""
    return call.now - int(call.settings.listing_lag_seconds * 1000)


def join(state: State, book_id: int, contact_ids: Sequence[int], at: int) -> None:
    """Adds contacts to a book; those who left this list themselves stay out."""
    state.db.execute(
        "INSERT INTO dd_member (book_id, contact_id, added) SELECT ?1, value, ?2 FROM json_each(?3) WHERE NOT EXISTS"
        " (SELECT 1 FROM dd_list_suppression s WHERE s.book_id = ?1 AND s.contact_id = value) ON CONFLICT DO NOTHING",
        (book_id, at, codec.text(list(contact_ids))),
    )
    contact_store.touch(state, contact_ids)


def leave(state: State, book_id: int, contact_ids: Sequence[int] | None = None) -> None:
    """Takes contacts, or everyone, out of a book; the contacts themselves stay."""
    if contact_ids is None:
        state.db.execute("DELETE FROM dd_member WHERE book_id = ?", (book_id,))
        return
    state.db.execute(
        "DELETE FROM dd_member WHERE book_id = ? AND contact_id IN (SELECT value FROM json_each(?))",
        (book_id, codec.text(list(contact_ids))),
    )
    contact_store.touch(state, contact_ids)


def suppressed_in(state: State, book_id: int, contact_id: int) -> bool:
    """Whether the contact unsubscribed from this list."""
    return bool(
        state.db.execute(
            "SELECT 1 FROM dd_list_suppression WHERE book_id = ? AND contact_id = ?", (book_id, contact_id)
        ).fetchone()
    )


def unsubscribe(state: State, book_id: int, contact_ids: Sequence[int], at: int) -> None:
    """Contacts leave one list for good; they stay subscribed to the account (3.5)."""
    state.db.execute(
        "INSERT INTO dd_list_suppression (book_id, contact_id, at) SELECT ?, value, ? FROM json_each(?) WHERE true"
        " ON CONFLICT DO NOTHING",
        (book_id, at, codec.text(list(contact_ids))),
    )
    leave(state, book_id, contact_ids)


def allow_again(state: State, book_id: int, contact_id: int) -> None:
    """Undoes a list unsubscription; the contact is not put back by this alone."""
    state.db.execute("DELETE FROM dd_list_suppression WHERE book_id = ? AND contact_id = ?", (book_id, contact_id))
