"""Contacts: reading them in pages and in bulk.

    v3 (preferred):  contact_pages(dd, list_id=, modified_since=, data_fields=, include=, resume=) -> Page[Person]...
                     person_by(dd, "email", address) -> Person | None
                     contact_as_received(dd, address) -> dict | None
    v2:              book_contacts(dd, book_id, with_data=, resume=)   contacts_modified_since(dd, since, ...)
                     retrieve_contacts(dd, emails=, ids=) -> Retrieved (chunked; also finds suppressed ones)
                     contact_by_email(dd, email) -> Contact | None     count_contacts(dd) -> int
                     books_of_contact(dd, contact_id) -> {book id}

Both versions share one store of contacts; v2's `id` is v3's `contactId`. Addresses are lower case there. Facts:
reference/dotdigital_api.md section 3. Enum-like values are kept as received: compare without regard to case.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import msgspec

from dyntui.dotdigital import in_parts
from dyntui.dotdigital.errors import CONTACT_NOT_FOUND, DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment, stamp
from dyntui.dotdigital.paging import Page, marker_pages, skip_pages
from dyntui.dotdigital.reading import Long, OddRow, rows_of

CHUNK: Final = 500
ALL_DATA_FIELDS: Final = "[[ALL]]"
Value = str | int | Decimal | bool | None
"""What a data field holds; numbers exactly. Fields are decoded as they come, and may hold something else."""


class DataValue(msgspec.Struct, frozen=True):
    """One data field of a v2 contact."""

    key: str
    value: Any = None


class Contact(msgspec.Struct, frozen=True, rename="camel"):
    """A v2 contact. `status` is `Subscribed`, `Unsubscribed`, `HardBounced`..., or one that is new."""

    id: Long
    email: str = ""
    status: str = ""
    opt_in_type: str = ""
    email_type: str = ""
    data_fields: list[DataValue] | None = None
    created: str | None = None

    @property
    def made_on(self) -> datetime | None:
        """When it was made, in UTC; None where that was not said: `retrieve_contacts` alone is told."""
        return moment(self.created)

    @property
    def values(self) -> dict[str, Value]:
        """Its data fields by their upper-case name; empty unless asked for with the contact."""
        return {each.key.upper(): each.value for each in self.data_fields or ()}


class EmailChannel(msgspec.Struct, frozen=True, rename="camel"):
    """The e-mail channel of a v3 contact."""

    status: str = ""
    email_type: str = ""
    opt_in_type: str = ""


class Channels(msgspec.Struct, frozen=True):
    """The channels of a v3 contact that matter here."""

    email: EmailChannel | None = None


class BookMembership(msgspec.Struct, frozen=True):
    """One address book of a v3 contact; `status` is `subscribed`, `suppressed` or `pending`."""

    id: Long
    name: str = ""
    status: str = ""


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """A v3 contact. Channels, lists and preferences are None unless included; `data_fields` holds what was asked
    for."""

    contact_id: Long
    identifiers: dict[str, str | int | None] = {}
    status: str = ""
    created: str | None = None
    updated: str | None = None
    data_fields: dict[str, Any] | None = None
    channel_properties: Channels | None = None
    lists: list[BookMembership] | None = None
    preferences: Any = None

    @property
    def opted_in(self) -> bool:
        """Whether the contact has opted in to a marketing preference, as far as that can be read."""
        rows = self.preferences if isinstance(self.preferences, list) else ()
        return any(isinstance(each, dict) and each.get("isOptedIn") is True for each in rows)

    @property
    def email(self) -> str:
        """Its address in lower case, or ""."""
        return str(self.identifiers.get("email") or "").lower()

    @property
    def email_status(self) -> str:
        """The e-mail channel's own status as received; the contact's where the channel is not included."""
        channel = self.channel_properties.email if self.channel_properties else None
        return (channel.status if channel else "") or self.status

    @property
    def values(self) -> dict[str, Value]:
        """Its data fields by their upper-case name."""
        return {name.upper(): value for name, value in (self.data_fields or {}).items()}


class NotFound(msgspec.Struct, frozen=True):
    """What `retrieve_contacts` did not find: the half that was asked with."""

    id: Long | None = None
    email: str | None = None


class Retrieved(msgspec.Struct, frozen=True, rename="camel"):
    """Contacts found, and what was not found; `odd`: contacts that cannot be read, for whoever takes them."""

    contacts: list[Contact] = []
    not_found: list[NotFound] = []
    odd: list[OddRow] = []


def contact_pages(
    dd: Dotdigital,
    *,
    list_id: int | None = None,
    segment_id: int | None = None,
    modified_since: datetime | None = None,
    created_since: datetime | None = None,
    data_fields: Sequence[str] | str | None = None,
    include: Sequence[str] = ("channelProperties",),
    limit: int = 5000,
    resume: str | None = None,
    takes_odd: bool = False,
) -> AsyncIterator[Page[Person]]:
    """v3 contacts in ascending order, up to 5,000 a call: of the account, of one address book or of one segment.

    `data_fields` are names, or `ALL_DATA_FIELDS`. `include` may hold channelProperties, lists, preferences,
    consentRecords. dotdigital takes one of list and segment, and one of the two dates. `takes_odd`: see
    `dyntui.dotdigital.paging`.
    """
    if list_id is not None and segment_id is not None:
        raise ValueError("dotdigital filters by an address book or by a segment, not by both")
    if modified_since is not None and created_since is not None:
        raise ValueError("dotdigital filters by one date only")
    params: dict[str, Any] = {}
    if data_fields:
        params["data-fields"] = data_fields if isinstance(data_fields, str) else "|".join(data_fields)
    if include:
        params["include"] = "|".join(include)
    if list_id is not None:
        params["~listId"] = list_id
    if segment_id is not None:
        params["~segmentId"] = segment_id
    if modified_since is not None:
        params["~modified"] = f"gte::{stamp(modified_since)}"
    if created_since is not None:
        params["~created"] = f"gte::{stamp(created_since)}"
    return marker_pages(dd, "/contacts/v3", Person, params=params, limit=limit, resume=resume, takes_odd=takes_odd)


async def person_by(dd: Dotdigital, identifier: str, value: str) -> Person | None:
    """One v3 contact by `email`, `contactId`, `mobileNumber` or a custom identifier; None when there is none."""
    path = f"/contacts/v3/{quote(identifier, safe='')}/{quote(value, safe='')}"
    try:
        return await dd.get(path, Person, route=f"GET /contacts/v3/{identifier}/{{value}}")
    except DotdigitalError as error:
        if error.status == 404:
            return None
        raise


async def contact_as_received(dd: Dotdigital, address: str) -> dict[str, Any] | None:
    """Everything that dotdigital says of the contact with an address: identifiers, data fields, channels, lists,
    preferences, consent; None when there is none."""
    path = f"/contacts/v3/email/{quote(address, safe='')}"
    try:
        return await dd.get(path, dict[str, Any], route="GET /contacts/v3/email/{value}")
    except DotdigitalError as error:
        if error.status == 404:
            return None
        raise


def book_contacts(
    dd: Dotdigital, book_id: int, *, with_data: bool = False, resume: str | None = None
) -> AsyncIterator[Page[Contact]]:
    """v2 contacts of an address book or a segment."""
    return _contact_pages(dd, f"/v2/address-books/{book_id}/contacts", with_data, resume)


def contacts_modified_since(
    dd: Dotdigital,
    since: datetime,
    *,
    book_id: int | None = None,
    with_data: bool = True,
    resume: str | None = None,
) -> AsyncIterator[Page[Contact]]:
    """v2 contacts changed since a time, of the account or of one address book or segment; use an overlap.

    What counts as a change is not documented: suppressions come from `suppressions.suppressed_since`.
    """
    where = "/v2/contacts" if book_id is None else f"/v2/address-books/{book_id}/contacts"
    return _contact_pages(dd, f"{where}/modified-since/{stamp(since)}", with_data, resume)


def _contact_pages(dd: Dotdigital, path: str, with_data: bool, resume: str | None) -> AsyncIterator[Page[Contact]]:
    full = {"withFullData": "true" if with_data else "false"}
    return skip_pages(dd, path, Contact, lambda contact: contact.id, params=full, resume=resume)


class _Loosely(msgspec.Struct, frozen=True):
    contacts: list[Any] = []


async def retrieve_contacts(
    dd: Dotdigital,
    *,
    emails: Sequence[str] = (),
    ids: Sequence[int] = (),
    with_data: bool = False,
    takes_odd: bool = False,
) -> Retrieved:
    """Contacts by address or id, 500 a call (a GET with a body). One that cannot be read fails the call, as it may be
    one that has opted out; it is as if it were not there for whoever `takes_odd`, and then the others are read. An
    address that dotdigital takes for none is among those not found."""
    asked: list[dict[str, object]] = [{"email": email} for email in emails]
    asked += [{"id": each} for each in ids]
    contacts: list[Contact] = []
    not_found: list[NotFound] = []
    odd: list[OddRow] = []

    async def ask(some: Sequence[in_parts.Person]) -> None:
        body = {"contacts": some, "withFullData": with_data}
        if takes_odd:
            loose = await dd.get("/v2/contacts/retrieve-collection", _Loosely, body=body)
            rows, unread = rows_of(loose.contacts, Contact, "contacts")
            contacts.extend(rows)
            odd.extend(unread)
            return
        answer = await dd.get("/v2/contacts/retrieve-collection", Retrieved, body=body)
        contacts.extend(answer.contacts)
        not_found.extend(answer.not_found)

    refused = await in_parts.ask_for_all(dd, asked, CHUNK, ask)
    not_found += [NotFound(email=str(each["email"])) for each in refused]
    return Retrieved(contacts=contacts, not_found=not_found, odd=odd)


async def contact_by_email(dd: Dotdigital, email: str) -> Contact | None:
    """One v2 contact, suppressed or not; None when there is none."""
    try:
        return await dd.get(f"/v2/contacts/{quote(email, safe='@')}", Contact, route="GET /v2/contacts/{email}")
    except DotdigitalError as error:
        if error.platform_code in CONTACT_NOT_FOUND or error.status == 404:
            return None
        raise


class _Book(msgspec.Struct, frozen=True):
    id: Long


async def books_of_contact(dd: Dotdigital, contact_id: int) -> frozenset[int]:
    """The address books that a contact is in; none for one that does not exist."""
    found: set[int] = set()
    try:
        async for page in skip_pages(dd, f"/v2/contacts/{contact_id}/address-books", _Book, lambda book: book.id):
            found.update(book.id for book in page.rows)
    except DotdigitalError as error:
        if error.status != 404:
            raise
    return frozenset(found)


async def count_contacts(dd: Dotdigital) -> int:
    """How many contacts the account has."""
    reply = await dd.request("GET", "/v2/contacts/count")
    return int(reply.body.decode("utf-8-sig").strip().strip('"'))
