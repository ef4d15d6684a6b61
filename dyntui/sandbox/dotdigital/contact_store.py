"""Contacts as rows: looking them up, showing them, writing them, and their way through the recycle bin."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyntui.sandbox.dotdigital import addresses, codec, dates, storage
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.dotdigital.numbers import whole_number
from dyntui.sandbox.state import State

LIVE = ("Subscribed", "PendingOptIn")
"""Statuses that are no suppression; a PendingOptIn contact is not mailed either (12.16)."""
OPT_IN_TYPES = ("Unknown", "Single", "Double", "VerifiedDouble")
EMAIL_TYPES = ("PlainText", "Html")
CANNOT_BE_UNSUPPRESSED = ("SharedSuppression", "DomainSuppression", "IspComplained", "NotAllowed")
"""Statuses which no resubscription lifts (3.6)."""

COLUMNS = "id, email, status, opt_in, email_type, created, updated, suppressed_on, data"


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of dd_contact, its columns in the order of COLUMNS; `data` is JSON text."""

    id: int
    email: str | None
    status: str
    opt_in: str
    email_type: str
    created: int
    updated: int
    suppressed_on: int | None
    data: str

    @property
    def suppressed(self) -> bool:
        return self.status not in LIVE


def by_id(state: State, contact_id: int) -> Contact | None:
    row = state.db.execute(f"SELECT {COLUMNS} FROM dd_contact WHERE id = ?", (contact_id,)).fetchone()
    return Contact(*row) if row else None


def by_email(state: State, email: str) -> Contact | None:
    """The contact with an address in any letter case."""
    row = state.db.execute(f"SELECT {COLUMNS} FROM dd_contact WHERE email = ?", (addresses.normal(email),)).fetchone()
    return Contact(*row) if row else None


def by_key(state: State, key: str) -> Contact | None:
    """The contact of a path segment: a number is an id, anything else an address (3.2)."""
    if key.isascii() and key.isdigit():
        number = whole_number(key)
        return by_id(state, number) if number is not None else None
    return by_email(state, key)


def require(contact: Contact | None) -> Contact:
    """The contact, or 404 ERROR_CONTACT_NOT_FOUND."""
    if contact is None:
        raise V2Error("ERROR_CONTACT_NOT_FOUND", 404)
    return contact


# -- showing ---------------------------------------------------------------------------------------------------------


def field_names(state: State, chosen: Sequence[str] | None = None) -> list[str]:
    """Names of the account's data fields as they are shown, in alphabetical order; with `chosen` of these only.

    They are kept and compared in upper case; by switch they are shown as they were written.
    """
    names = chosen
    if names is None:
        names = [name for (name,) in state.db.execute("SELECT name FROM dd_data_field ORDER BY name")]
    if state.config.dotdigital.data_field_names_upper:
        return [name.upper() for name in names]
    spellings = dict(state.db.execute("SELECT name, spelling FROM dd_data_field_spelling"))
    return [spellings.get(name.upper(), name.upper()) for name in names]


def field_types(state: State) -> dict[str, str]:
    """Types of the account's data fields by upper-case name."""
    return dict(state.db.execute("SELECT name, type FROM dd_data_field"))


def data_of(contact: Contact) -> dict[str, Any]:
    """Values of the data fields that are set; LASTSUBSCRIBED is the creation unless a resubscription came later."""
    data: dict[str, Any] = codec.decode(contact.data)
    data.setdefault("LASTSUBSCRIBED", f"{(dates.iso(contact.created) or '')[:19]}Z")
    return data


def v2_contact(contact: Contact, fields: Sequence[str] | None) -> dict[str, Any]:
    """The contact object of v2; `fields` None leaves the data fields out (null), else all are shown, unset as null."""
    values = None
    if fields is not None:
        data = data_of(contact)
        values = [{"key": name, "value": data.get(name.upper())} for name in fields]
    return {
        "id": contact.id,
        "email": contact.email,
        "optInType": contact.opt_in,
        "emailType": contact.email_type,
        "dataFields": values,
        "status": contact.status,
    }


def v2_contacts(state: State, rows: Iterable[Sequence[Any]], full: bool) -> list[dict[str, Any]]:
    """Contact objects of rows selected by COLUMNS."""
    fields = field_names(state) if full else None
    return [v2_contact(Contact(*row), fields) for row in rows]


# -- writing ---------------------------------------------------------------------------------------------------------


def insert(
    state: State, email: str | None, at: int, *, opt_in: str, email_type: str, status: str, data: Mapping[str, Any]
) -> int:
    """A new contact; the address is normalised and free. Answers its id.

    A deleted contact of the same address gives way: either its id is used again (`recreate_reuses_id`) or a new one
    is drawn; what it held is lost both ways.
    """
    reused = None
    if email is not None:
        row = state.db.execute("DELETE FROM dd_bin WHERE email = ? RETURNING id", (email,)).fetchone()
        if row and state.config.dotdigital.recreate_reuses_id:
            reused = row[0]
    check_room(state, 1)
    cursor = state.db.execute(
        "INSERT INTO dd_contact (id, email, status, opt_in, email_type, created, updated, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (reused, email, status, opt_in, email_type, at, at, codec.text(dict(data))),
    )
    return int(cursor.lastrowid or 0)


def check_room(state: State, new: int) -> None:
    """Raises 400 ERROR_CONTACT_TOOMANY when the account's contact allowance has no room for `new` more."""
    limit = state.config.dotdigital.contact_limit
    if limit and new and count(state) + new > limit:
        raise V2Error("ERROR_CONTACT_TOOMANY")


def count(state: State) -> int:
    """Number of contacts in the account."""
    return int(state.db.execute("SELECT count(*) FROM dd_contact").fetchone()[0])


def set_status(state: State, contact_ids: Sequence[int], status: str, at: int) -> int:
    """Suppresses contacts for the whole account with the date `at`; those suppressed already keep status and date.

    Answers how many changed.
    """
    settings = state.config.dotdigital
    ids = codec.text(list(contact_ids))
    live = "status IN ('Subscribed', 'PendingOptIn')"
    if settings.suppressed_contacts_leave_books and status != "PendingOptIn":
        state.db.execute(
            "DELETE FROM dd_member WHERE contact_id IN (SELECT c.id FROM json_each(?) j JOIN dd_contact c"
            f" ON c.id = j.value WHERE c.{live})",
            (ids,),
        )
    return state.db.execute(
        "UPDATE dd_contact SET status = ?1, suppressed_on = ?2, updated = CASE WHEN ?3 THEN ?2 ELSE updated END"
        f" WHERE id IN (SELECT value FROM json_each(?4)) AND {live}",
        (status, at, settings.status_bumps_modified, ids),
    ).rowcount


def resubscribe(state: State, contact: Contact, at: int) -> None:
    """Makes a contact Subscribed again and stamps LASTSUBSCRIBED."""
    data = codec.decode(contact.data)
    data["LASTSUBSCRIBED"] = f"{(dates.iso(at) or '')[:19]}Z"
    bump = state.config.dotdigital.status_bumps_modified
    state.db.execute(
        "UPDATE dd_contact SET status = 'Subscribed', suppressed_on = NULL, soft_bounces = 0, data = ?,"
        " updated = CASE WHEN ? THEN ? ELSE updated END WHERE id = ?",
        (codec.text(data), bump, at, contact.id),
    )


# -- deletion --------------------------------------------------------------------------------------------------------

_KEPT = "id, email, status, opt_in, email_type, created, updated, suppressed_on, soft_bounces, sms, whatsapp, data"


def delete(state: State, contact_ids: Sequence[int], at: int) -> int:
    """Moves contacts to the recycle bin: they leave every book and segment, which nothing restores (3.4).

    Answers how many were deleted. What they did with campaigns stays in the reports.
    """
    ids = codec.text(list(contact_ids))
    chosen = "IN (SELECT value FROM json_each(?))"
    # An older deletion of the same address would block the new one.
    state.db.execute(f"DELETE FROM dd_bin WHERE email IN (SELECT email FROM dd_contact WHERE id {chosen})", (ids,))
    state.db.execute(
        f"INSERT INTO dd_bin ({_KEPT}, binned_on, identifiers) SELECT {_KEPT}, ?, (SELECT"
        " json_group_array(json_array(name, value)) FROM dd_identifier i WHERE i.contact_id = c.id)"
        f" FROM dd_contact c WHERE id {chosen}",
        (at, ids),
    )
    for table in ("dd_member", "dd_list_suppression", "dd_identifier", "dd_opt_in", "dd_score", "dd_challenge"):
        state.db.execute(f"DELETE FROM {table} WHERE contact_id {chosen}", (ids,))
    return state.db.execute(f"DELETE FROM dd_contact WHERE id {chosen}", (ids,)).rowcount


def restore(state: State, email: str) -> int | None:
    """Brings a deleted address back with its id and values, without its books; None when the bin has none."""
    row = state.db.execute("SELECT id, identifiers FROM dd_bin WHERE email = ?", (email,)).fetchone()
    if not row:
        return None
    contact_id = int(row[0])
    state.db.execute(f"INSERT INTO dd_contact ({_KEPT}) SELECT {_KEPT} FROM dd_bin WHERE id = ?", (contact_id,))
    state.db.executemany(
        "INSERT INTO dd_identifier (name, value, contact_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(name, value, contact_id) for name, value in codec.decode(row[1])],
    )
    state.db.execute("DELETE FROM dd_bin WHERE id = ?", (contact_id,))
    return contact_id


def purge(state: State, before: int) -> None:
    """Empties the recycle bin of what was deleted before a moment."""
    state.db.execute("DELETE FROM dd_bin WHERE binned_on < ?", (before,))


# -- the vendor's own lists ------------------------------------------------------------------------------------------


def blocked(state: State, emails: Iterable[str]) -> dict[str, str]:
    """Which of some normalised addresses the vendor refuses for every account, with the kind (12.13).

    Kinds: global (its Global Suppression List), domain, blocked (address or local part), nomx. Patterns are whole
    addresses, `@domain` or `local@`.
    """
    wanted = list(emails)
    if not state.db.execute("SELECT 1 FROM dd_vendor_block LIMIT 1").fetchone():
        return {}
    patterns = dict(state.db.execute("SELECT pattern, kind FROM dd_vendor_block"))
    found: dict[str, str] = {}
    for email in wanted:
        local, _, domain = email.partition("@")
        kind = patterns.get(email) or patterns.get(f"@{domain}") or patterns.get(f"{local}@")
        if kind:
            found[email] = kind
    return found


def touch(state: State, contact_ids: Sequence[int]) -> None:
    """Counts a change of membership as a modification, where the switch says so."""
    if state.config.dotdigital.membership_bumps_modified:
        state.db.execute(
            "UPDATE dd_contact SET updated = ? WHERE id IN (SELECT value FROM json_each(?))",
            (storage.now(state), codec.text(list(contact_ids))),
        )
