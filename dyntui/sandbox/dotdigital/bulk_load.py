"""Filling the simulated dotdigital with a world, fast: what a seed puts there before the first call.

Every function takes any number of rows and streams them; a million contacts are loaded in well under a minute. Times
are milliseconds since 1970 (`dates.milliseconds` makes them of datetimes).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dyntui.sandbox.dotdigital import address_books, audience, codec, contact_store, segments, sends, storage
from dyntui.sandbox.state import State


class Contact(NamedTuple):
    """A contact to load. `data` holds stored values by upper-case field name; `suppressed_on` goes with a status that
    is neither Subscribed nor PendingOptIn."""

    email: str
    data: Mapping[str, Any]
    created: int
    status: str = "Subscribed"
    opt_in: str = "Unknown"
    email_type: str = "Html"
    suppressed_on: int | None = None
    updated: int | None = None


def contacts(state: State, rows: Iterable[Contact]) -> int:
    """Adds contacts; an address that is known already is passed over. Answers how many there are now."""
    with state.transaction():
        state.db.executemany(
            "INSERT INTO dd_contact (email, data, created, status, opt_in, email_type, suppressed_on, updated)"
            " VALUES (lower(?), ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                (
                    row.email,
                    codec.text(dict(row.data)),
                    row.created,
                    row.status,
                    row.opt_in,
                    row.email_type,
                    row.suppressed_on
                    if row.status in contact_store.LIVE
                    else (row.suppressed_on or row.updated or row.created),
                    row.updated or row.created,
                )
                for row in rows
            ),
        )
    return contact_store.count(state)


def data_field(state: State, name: str, kind: str, visibility: str = "Private", default: Any = None) -> None:
    """Adds a data field, its name in upper case, unless it exists."""
    state.db.execute(
        "INSERT INTO dd_data_field (name, type, visibility, default_value, system) VALUES (upper(?), ?, ?, ?, 0)"
        " ON CONFLICT DO NOTHING",
        (name, kind, visibility, None if default is None else codec.text(default)),
    )


def dependency(state: State, field: str, kind: str, object_id: int) -> None:
    """Makes something depend on a data field, which then cannot be deleted; `kind` is one of section 6, e.g. Survey."""
    state.db.execute(
        "INSERT INTO dd_dependency (field, type, object_id) VALUES (upper(?), ?, ?)", (field, kind, object_id)
    )


def book(state: State, name: str, emails: Iterable[str] = (), visibility: str = "Private") -> int:
    """Adds an address book with the contacts of some addresses, and answers its id."""
    with state.transaction():
        cursor = state.db.execute(
            "INSERT INTO dd_book (name, name_key, visibility) VALUES (?, ?, ?)",
            (name, address_books.name_key(state, name), visibility),
        )
        book_id = int(cursor.lastrowid or 0)
        members(state, book_id, emails)
    return book_id


def members(state: State, book_id: int, emails: Iterable[str]) -> None:
    """Puts the contacts of some addresses into a book; unknown addresses are passed over."""
    with state.transaction():
        state.db.executemany(
            "INSERT INTO dd_member (book_id, contact_id, added) SELECT ?, id, ? FROM dd_contact WHERE email = lower(?)"
            " ON CONFLICT DO NOTHING",
            ((book_id, storage.now(state), email) for email in emails),
        )


def segment(state: State, name: str, rule: Mapping[str, Any]) -> int:
    """Adds a segment with its members as of now; for rules see `segments`. Answers its id."""
    with state.transaction():
        cursor = state.db.execute(
            "INSERT INTO dd_book (name, name_key, kind, rule) VALUES (?, ?, 'segment', ?)",
            (name, address_books.name_key(state, name), codec.text(dict(rule))),
        )
        segment_id = int(cursor.lastrowid or 0)
        segments.refresh(state, segment_id, storage.now(state))
    return segment_id


def suppressions(state: State, rows: Iterable[tuple[str, str, int]]) -> None:
    """Suppresses contacts: address, status (3.1) and moment."""
    with state.transaction():
        state.db.executemany(
            "UPDATE dd_contact SET status = ?2, suppressed_on = ?3 WHERE email = lower(?1)",
            rows,
        )


def list_unsubscribes(state: State, book_id: int, rows: Iterable[tuple[str, int]]) -> None:
    """Lets contacts leave one list: address and moment."""
    with state.transaction():
        for email, at in rows:
            found = state.db.execute("SELECT id FROM dd_contact WHERE email = lower(?)", (email,)).fetchone()
            if found:
                state.db.execute(
                    "INSERT INTO dd_list_suppression (book_id, contact_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (book_id, found[0], at),
                )
                state.db.execute("DELETE FROM dd_member WHERE book_id = ? AND contact_id = ?", (book_id, found[0]))


def vendor_blocks(state: State, rows: Iterable[tuple[str, str]]) -> None:
    """What the vendor refuses for every account: a pattern (address, `@domain` or `local@`) and its kind: global,
    domain, blocked or nomx."""
    with state.transaction():
        state.db.executemany(
            "INSERT INTO dd_vendor_block (pattern, kind) VALUES (lower(?), ?) ON CONFLICT DO NOTHING", rows
        )


def sender(state: State, email: str) -> int:
    """Adds an address from which campaigns may be sent, and answers its id."""
    state.db.execute("INSERT INTO dd_from_address (email) VALUES (lower(?)) ON CONFLICT DO NOTHING", (email,))
    return int(state.db.execute("SELECT id FROM dd_from_address WHERE email = lower(?)", (email,)).fetchone()[0])


def campaign(
    state: State,
    name: str,
    subject: str,
    html: str,
    text: str,
    *,
    from_name: str = "",
    from_email: str | None = None,
    tags: Sequence[str] = (),
    kind: str = "Standard",
    status: str = "Unsent",
    split_options: Sequence[str] | None = None,
) -> int:
    """Adds a campaign and answers its id; `kind` is Standard, Triggered, Template or AiTemplate."""
    settings = state.config.dotdigital
    cursor = state.db.execute(
        "INSERT INTO dd_campaign (name, subject, from_name, from_id, html, text, status, type, tags, split_options)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            subject,
            from_name or settings.account_name,
            sender(state, from_email or settings.main_email),
            html,
            text,
            status,
            kind,
            codec.text(list(tags)),
            codec.text(list(split_options)) if split_options else None,
        ),
    )
    return int(cursor.lastrowid or 0)


def past_send(state: State, campaign_id: int, book_ids: Sequence[int], at: int) -> int:
    """Sends a campaign in the past of the world: its recipients get their rows and reactions as of `at`.

    These mails are history, not the work of whoever is tested: `truth.mailed` does not list them. What the audience
    does until now happens with the next call. Answers the number of recipients.
    """
    with state.transaction():
        books = codec.text(list(book_ids))
        state.db.execute(
            "INSERT INTO dd_send (id, campaign_id, books, contacts, send_date, status, created, started)"
            " VALUES (?, ?, ?, '[]', ?, 'Sent', ?, ?)",
            (state.ids.guid(), campaign_id, books, at, at, at),
        )
        state.db.execute(
            "UPDATE dd_campaign SET status = CASE type WHEN 'Triggered' THEN status ELSE 'Sent' END, sent_on = ?"
            " WHERE id = ?",
            (at, campaign_id),
        )
        state.db.executemany(
            "INSERT INTO dd_campaign_book (campaign_id, book_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(campaign_id, book_id) for book_id in book_ids],
        )
        mailed = [one for one in sends.resolve(state, books, "[]") if one.status == "Subscribed"]
        audience.mail(state, campaign_id, mailed, book_ids, at)
    return len(mailed)
