"""Writing many contacts at once: the one way in which imports of v2 and v3 and single writes of v3 change contacts.

Rows are looked up together, merged in memory and written with a few statements, so that 5,000 rows cost a fraction of
a second. A row that cannot be applied gets a failure; the others are not delayed by it.
"""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dyntui.sandbox.dotdigital import addresses, codec, contact_store, contacts_v2, dates, truth
from dyntui.sandbox.dotdigital.contact_store import COLUMNS, Contact
from dyntui.sandbox.dotdigital.data_fields import merge
from dyntui.sandbox.state import State

DUPLICATE = "Duplicate"
CONFLICT = "InvalidContact"
"""An identifier of the row belongs to another contact."""

_BLOCK_CODES = {
    "global": "GloballySuppressed",
    "domain": "SuppressedByDomain",
    "blocked": "Blocker",
    "nomx": "InvalidDomain",
}


@dataclass(slots=True)
class Row:
    """One contact to write. Fields left None stay as they are.

    `match` names the identifier (email, contactId, mobileNumber or a custom one) whose `value` finds the contact.
    `data` holds stored values by upper-case field name, None for an empty one. Results: `contact_id`, `created`, and
    `failure`, a code of v3's catalogue (5.7) or `status:<status>` when a suppressed contact was refused;
    `partial` is the code of an associated data set that was left out while the contact itself was written.
    """

    match: str
    value: str | int
    email: str | None = None
    others: dict[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    opt_in: str | None = None
    email_type: str | None = None
    status: str | None = None
    sms: str | None = None
    whatsapp: str | None = None
    lists: Sequence[int] = ()
    preferences: Sequence[tuple[int, bool]] = ()
    consents: Sequence[Mapping[str, Any]] = ()
    source: Any = None
    failure: str = ""
    partial: str = ""
    detail: str = ""
    contact_id: int = 0
    created: bool = False


@dataclass(slots=True)
class _Known:
    """Contacts that the rows may mean, by every key."""

    by_id: dict[int, Contact]
    by_email: dict[str | None, int]
    by_identifier: dict[tuple[str, str], int]


def apply(
    state: State,
    rows: Sequence[Row],
    at: int,
    merge_option: str,
    *,
    undelete: bool,
    refuse_suppressed: bool,
    resubscribe: bool = False,
    bulk: bool = True,
) -> None:
    """Writes rows and leaves each one's result in it.

    `undelete` brings contacts of the recycle bin back instead of creating new ones; `refuse_suppressed` fails rows of
    suppressed contacts instead of updating their data; `resubscribe` lets a row with status Subscribed lift a
    suppression, which an import never does (5.5); `bulk` is False for a call about one contact.
    """
    _mark_duplicates(state, rows)
    _mark_bad_addresses(state, rows)
    _mark_bad_lists(state, rows)
    live = [row for row in rows if not row.failure]
    if undelete:
        _undelete(state, live)
    known = _look_up(state, live)
    inserts, updates = [], []
    claimed: set[int | str] = set()
    next_id = _next_id(state)
    banned = contact_store.blocked(state, [row.email for row in live if row.email])
    for row in live:
        contact = _resolve(known, row)
        _check(row, contact, known, banned, claimed, refuse_suppressed)
        if row.failure:
            continue
        if contact is None:
            row.contact_id, row.created = next_id, True
            next_id += 1
            inserts.append(_new(state, row, at, bulk=bulk))
        else:
            row.contact_id = contact.id
            changed = _changed(state, row, contact, at, merge_option, resubscribe=resubscribe)
            if changed:
                updates.append(changed)
    _write(state, inserts, updates)
    truth.ask_to_confirm(state, [(str(new[1]), int(new[0])) for new in inserts if new[2] == "PendingOptIn"], at)
    applied = [row for row in live if not row.failure]
    _write_identifiers(state, applied)
    _write_memberships(state, applied, at)
    _write_rest(state, applied, at)


def new_rows(state: State, rows: Iterable[Row]) -> int:
    """How many rows would create a contact; for the account's contact allowance."""
    fresh = [row for row in rows if not row.failure]
    known = _look_up(state, fresh)
    return len({row.value for row in fresh if row.match != "contactId" and _resolve(known, row) is None})


# -- what fails ------------------------------------------------------------------------------------------------------


def _mark_duplicates(state: State, rows: Sequence[Row]) -> None:
    first = state.config.dotdigital.import_duplicate_winner == "first"
    seen: set[tuple[str, str | int]] = set()
    for row in rows if first else reversed(rows):
        if row.failure:
            continue
        key = (row.match, row.value)
        if key in seen:
            row.failure = DUPLICATE
        seen.add(key)


def _mark_bad_addresses(state: State, rows: Sequence[Row]) -> None:
    international = state.config.dotdigital.internationalised_addresses
    for row in rows:
        if row.email is not None and not row.failure and not addresses.valid(row.email, international):
            row.failure = "InvalidEmail"


def _mark_bad_lists(state: State, rows: Sequence[Row]) -> None:
    if any(row.lists for row in rows):
        books = {book for (book,) in state.db.execute("SELECT id FROM dd_book WHERE kind = 'book'")}
        for row in rows:
            if not row.failure and not books.issuperset(row.lists):
                row.failure = "InvalidAddressBookIds"


def _check(
    row: Row,
    contact: Contact | None,
    known: _Known,
    banned: Mapping[str, str],
    claimed: set[int | str],
    refuse_suppressed: bool,
) -> None:
    if contact is None:
        if row.match == "contactId":
            row.failure = "InvalidContactId"
        elif row.email is not None and row.email in banned:
            row.failure = _BLOCK_CODES[banned[row.email]]
    elif contact.id in claimed:
        row.failure = DUPLICATE
    elif refuse_suppressed and contact.status != "Subscribed":
        row.failure = f"status:{contact.status}"
    if row.failure:
        return
    owner = contact.id if contact else 0
    keys: list[int | str] = [owner] if owner else []
    if row.email is not None:
        keys.append(row.email)
        if known.by_email.get(row.email, owner) != owner:
            row.failure = CONFLICT
    for name, value in row.others.items():
        keys.append(f"{name}\0{value}")
        if known.by_identifier.get((name, value), owner) != owner:
            row.failure = CONFLICT
    if not row.failure and not claimed.isdisjoint(keys):
        row.failure = DUPLICATE
    if not row.failure:
        claimed.update(keys)


# -- finding the contacts --------------------------------------------------------------------------------------------


def _undelete(state: State, rows: Sequence[Row]) -> None:
    emails = codec.text([row.email for row in rows if row.email])
    binned = state.db.execute("SELECT email FROM dd_bin WHERE email IN (SELECT value FROM json_each(?))", (emails,))
    for (email,) in binned.fetchall():
        contact_store.restore(state, email)


def _look_up(state: State, rows: Sequence[Row]) -> _Known:
    pairs = {(row.match, str(row.value)) for row in rows if row.match not in ("email", "contactId")}
    pairs.update(pair for row in rows for pair in row.others.items())
    by_identifier: dict[tuple[str, str], int] = {}
    if pairs:
        found = state.db.execute(
            "SELECT i.name, i.value, i.contact_id FROM json_each(?) j JOIN dd_identifier i"
            " ON i.name = json_extract(j.value, '$[0]') AND i.value = json_extract(j.value, '$[1]')",
            (codec.text(sorted(pairs)),),
        )
        by_identifier = {(name, value): contact_id for name, value, contact_id in found}
    ids = {int(row.value) for row in rows if row.match == "contactId"} | set(by_identifier.values())
    emails = {row.email for row in rows if row.email}
    contacts = [
        Contact(*row)
        for row in state.db.execute(
            f"SELECT {COLUMNS} FROM dd_contact WHERE email IN (SELECT value FROM json_each(?))"
            " OR id IN (SELECT value FROM json_each(?))",
            (codec.text(sorted(emails)), codec.text(sorted(ids))),
        )
    ]
    return _Known(
        {contact.id: contact for contact in contacts},
        {contact.email: contact.id for contact in contacts if contact.email},
        by_identifier,
    )


def _resolve(known: _Known, row: Row) -> Contact | None:
    if row.match == "contactId":
        return known.by_id.get(int(row.value))
    if row.match == "email":
        contact_id = known.by_email.get(str(row.value))
    else:
        contact_id = known.by_identifier.get((row.match, str(row.value)))
    return known.by_id.get(contact_id) if contact_id is not None else None


def _next_id(state: State) -> int:
    row = state.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'dd_contact'").fetchone()
    return int(row[0]) + 1 if row else 1


# -- what is written -------------------------------------------------------------------------------------------------


def _new(state: State, row: Row, at: int, *, bulk: bool) -> tuple[Any, ...]:
    enforced = state.config.dotdigital.double_opt_in in (("all",) if bulk else ("single", "all"))
    opt_in, status = contacts_v2.confirmed_opt_in(row.opt_in or "Unknown", "Unknown", "Subscribed", enforced=enforced)
    suppressed_on = None
    if row.status in ("Unsubscribed", "Suppressed"):
        status, suppressed_on = row.status, at
    data = {key: value for key, value in row.data.items() if value is not None}
    return (
        row.contact_id,
        row.email,
        status,
        opt_in,
        row.email_type or "Html",
        at,
        at,
        suppressed_on,
        row.sms or "noSubscription",
        row.whatsapp or "noSubscription",
        codec.text(data),
    )


def _changed(
    state: State, row: Row, contact: Contact, at: int, merge_option: str, *, resubscribe: bool
) -> tuple[Any, ...] | None:
    old = codec.decode(contact.data)
    data = merge(old, row.data, merge_option)
    opt_in, status, email_type = contact.opt_in, contact.status, contact.email_type
    suppressed_on = contact.suppressed_on
    if merge_option != "OnlyOverwriteIfContactDataNotPopulated":
        asked, pending = contacts_v2.confirmed_opt_in(row.opt_in or opt_in, opt_in, status, enforced=False)
        opt_in = asked
        if not contact.suppressed:
            status = pending
        email_type = row.email_type or email_type
    if not contact.suppressed and row.status in ("Unsubscribed", "Suppressed"):
        status, suppressed_on = row.status, at
    lifted = contact.suppressed and row.status == "Subscribed" and resubscribe
    if lifted and status not in contact_store.CANNOT_BE_UNSUPPRESSED:
        status, suppressed_on = "Subscribed", None
        data["LASTSUBSCRIBED"] = f"{(dates.iso(at) or '')[:19]}Z"
    after = (row.email or contact.email, status, opt_in, email_type, suppressed_on, data)
    before = (contact.email, contact.status, contact.opt_in, contact.email_type, contact.suppressed_on, old)
    bump = after != before or state.config.dotdigital.unchanged_write_bumps_modified
    if not bump and row.sms is None and row.whatsapp is None:
        return None
    updated = at if bump else contact.updated
    return (*after[:5], codec.text(data), updated, row.sms, row.whatsapp, contact.id)


def _write(state: State, inserts: Sequence[tuple[Any, ...]], updates: Sequence[tuple[Any, ...]]) -> None:
    if inserts:
        emails = codec.text([row[1] for row in inserts])
        state.db.execute("DELETE FROM dd_bin WHERE email IN (SELECT value FROM json_each(?))", (emails,))
    state.db.executemany(
        "INSERT INTO dd_contact (id, email, status, opt_in, email_type, created, updated, suppressed_on, sms, whatsapp,"
        " data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        inserts,
    )
    state.db.executemany(
        "UPDATE dd_contact SET email = ?, status = ?, opt_in = ?, email_type = ?, suppressed_on = ?, data = ?,"
        " updated = ?, sms = coalesce(?, sms), whatsapp = coalesce(?, whatsapp) WHERE id = ?",
        updates,
    )


def _write_identifiers(state: State, rows: Sequence[Row]) -> None:
    wanted = [(name, value, row.contact_id) for row in rows for name, value in row.others.items()]
    if wanted:
        state.db.executemany(
            "DELETE FROM dd_identifier WHERE contact_id = ?2 AND name = ?1", [(n, c) for n, _, c in wanted]
        )
        state.db.executemany("INSERT INTO dd_identifier (name, value, contact_id) VALUES (?, ?, ?)", wanted)


def _write_memberships(state: State, rows: Sequence[Row], at: int) -> None:
    wanted = [(book, row.contact_id) for row in rows for book in dict.fromkeys(row.lists)]
    if not wanted:
        return
    ids = codec.text([row.contact_id for row in rows if row.lists])
    chosen = "contact_id IN (SELECT value FROM json_each(?))"
    out = set(state.db.execute(f"SELECT book_id, contact_id FROM dd_list_suppression WHERE {chosen}", (ids,)))
    if not state.config.dotdigital.import_suppressed_join_lists:
        suppressed = {
            contact_id
            for (contact_id,) in state.db.execute(
                "SELECT id FROM dd_contact WHERE id IN (SELECT value FROM json_each(?))"
                " AND status NOT IN ('Subscribed', 'PendingOptIn')",
                (ids,),
            )
        }
        wanted = [pair for pair in wanted if pair[1] not in suppressed]
    state.db.executemany(
        "INSERT INTO dd_member (book_id, contact_id, added) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(book, contact_id, at) for book, contact_id in wanted if (book, contact_id) not in out],
    )
    contact_store.touch(state, [contact_id for _, contact_id in wanted])


def _write_rest(state: State, rows: Sequence[Row], at: int) -> None:
    consents = [(row.contact_id, codec.text(dict(consent)), at) for row in rows for consent in row.consents]
    if consents:
        state.db.executemany("INSERT INTO dd_consent (contact_id, fields, created) VALUES (?, ?, ?)", consents)
    opt_ins = [(choice, row.contact_id, opted, at) for row in rows for choice, opted in row.preferences]
    if opt_ins and state.config.dotdigital.import_declines_unsaid_preferences:
        leaves = [leaf for (leaf,) in state.db.execute("SELECT id FROM dd_preference WHERE is_preference")]
        said = [(row, {choice for choice, _ in row.preferences}) for row in rows if row.preferences]
        opt_ins += [(leaf, row.contact_id, False, at) for row, those in said for leaf in leaves if leaf not in those]
    if opt_ins:
        state.db.executemany(
            "INSERT INTO dd_opt_in (preference_id, contact_id, opted_in, modified) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET opted_in = excluded.opted_in, modified = excluded.modified",
            opt_ins,
        )
