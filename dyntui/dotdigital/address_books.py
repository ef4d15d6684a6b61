"""Address books: listing, finding, creating, deleting, and taking members out.

    address_books(dd) -> [AddressBook]        address_book(dd, book_id) -> AddressBook | None
    book_by_name(dd, name) -> AddressBook | None
    create_address_book(dd, name) -> AddressBook       rename_address_book(dd, book_id, name)
    delete_address_book(dd, book_id) -> bool           segments(dd) -> [Segment]
    start_removal(dd, book_id, contact_ids) -> [Removal]      removal(dd, removal_id) -> Removal

Names are unique across address books and segments regardless of case; `Test` and `All contacts` are reserved.
Facts: reference/dotdigital_api.md sections 4 and 8.1. Members are added by import (`imports`), read by `contacts`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

import msgspec

from dyntui.dotdigital.errors import DotdigitalError, UnknownOutcome
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import Whole, read, repeating_pages

T = TypeVar("T")
CHUNK: Final = 1000
LONGEST_NAME: Final = 128
RESERVED_NAMES: Final = frozenset({"test", "all contacts"})

log = logging.getLogger(__name__)


class AddressBook(msgspec.Struct, frozen=True):
    """An address book; `contacts` is dotdigital's own count of its members. Its name may be null, which is read as
    empty."""

    id: Whole
    name: str = ""
    visibility: str = "Private"
    contacts: Whole = 0


class Segment(msgspec.Struct, frozen=True):
    """A segment: its id may stand wherever an address book is read or sent to."""

    id: Whole
    name: str = ""
    contacts: Whole = 0


class Removal(msgspec.Struct, frozen=True):
    """A bulk removal that runs in dotdigital: `Started`, `Completed`, `Failed`, or as received."""

    id: str
    status: str

    @property
    def finished(self) -> bool:
        """It runs no more, well or not."""
        return self.status.lower() != "started"

    @property
    def succeeded(self) -> bool:
        return self.status.lower() == "completed"


async def address_books(dd: Dotdigital) -> list[AddressBook]:
    """All address books; the pseudo-book "All contacts" is left out should it appear, and so is one that cannot be
    read: nobody can say which it is."""
    pages = skip_pages(dd, "/v2/address-books", AddressBook, lambda book: book.id, takes_odd=True)
    return [book for book in await _all("/v2/address-books", pages) if book.name.lower() != "all contacts"]


async def segments(dd: Dotdigital) -> list[Segment]:
    """All segments that can be read."""
    return await _all(
        "/v2/segments", skip_pages(dd, "/v2/segments", Segment, lambda segment: segment.id, takes_odd=True)
    )


async def _all(path: str, pages: AsyncIterator[Page[T]]) -> list[T]:
    found: list[T] = []
    async for page in pages:
        for each in page.odd:
            log.warning("dotdigital listed what cannot be read: %s %s", each.reason, each.received)
        found.extend(page.rows)
        if page.repeats:
            raise repeating_pages(path)
    return found


async def address_book(dd: Dotdigital, book_id: int) -> AddressBook | None:
    """One address book, or None when it does not exist (any more)."""
    try:
        return await dd.get(f"/v2/address-books/{book_id}", AddressBook)
    except DotdigitalError as error:
        if error.status == 404:
            return None
        raise


async def book_by_name(dd: Dotdigital, name: str) -> AddressBook | None:
    """The address book with this name, regardless of case."""
    wanted = name.strip().casefold()
    return next((book for book in await address_books(dd) if book.name.strip().casefold() == wanted), None)


async def create_address_book(dd: Dotdigital, name: str, *, visibility: str = "Private") -> AddressBook:
    """Create an address book. After a lost answer it is tried again, and looked up by its name, which is unique.

    Raises DOTDIGITAL_BOOK_NAME_TAKEN, DOTDIGITAL_BOOK_LIMIT; ValueError for a name that is empty or too long.
    """
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise ValueError(f"an address book's name has 1 to {LONGEST_NAME} characters")
    try:
        reply = await dd.request(
            "POST",
            "/v2/address-books",
            body={"name": name, "visibility": visibility},
            repeatable=True,
            expects_json=True,
        )
    except DotdigitalError as error:
        if not (error.repeated and (isinstance(error, UnknownOutcome) or error.code == "DOTDIGITAL_BOOK_NAME_TAKEN")):
            raise
        made = await book_by_name(dd, name)
        # Somebody else's book of this name has members in it; the one of a lost answer cannot.
        if made is None or made.contacts:
            raise
        return made
    return read(reply, AddressBook)


async def rename_address_book(dd: Dotdigital, book_id: int, name: str, *, visibility: str = "Private") -> None:
    """Give an address book another name."""
    await dd.request("PUT", f"/v2/address-books/{book_id}", body={"name": name, "visibility": visibility})


async def delete_address_book(dd: Dotdigital, book_id: int) -> bool:
    """Delete an address book, never its contacts; False when it was not there (any more)."""
    try:
        await dd.request("DELETE", f"/v2/address-books/{book_id}")
    except DotdigitalError as error:
        if error.status == 404:
            return error.repeated
        raise
    return True


async def start_removal(dd: Dotdigital, book_id: int, contact_ids: Sequence[int]) -> list[Removal]:
    """Take contacts out of an address book, 1,000 a call; the contacts themselves stay.

    It happens in the background: poll each with `removal`. Repeatable.
    """
    started: list[Removal] = []
    distinct = list(dict.fromkeys(contact_ids))
    for start in range(0, len(distinct), CHUNK):
        reply = await dd.request(
            "POST",
            f"/v2/address-books/{book_id}/contacts/delete",
            body=distinct[start : start + CHUNK],
            repeatable=True,
        )
        # Older servers answered 204 without a job: it is done then.
        started.append(read(reply, Removal) if reply.body.strip() else Removal(id="", status="Completed"))
    return started


async def start_removal_of_all(dd: Dotdigital, book_id: int) -> Removal:
    """Take everybody out of an address book."""
    reply = await dd.request("POST", f"/v2/address-books/{book_id}/contacts/delete-all", repeatable=True)
    return read(reply, Removal) if reply.body.strip() else Removal(id="", status="Completed")


async def removal(dd: Dotdigital, removal_id: str) -> Removal:
    """Where a removal stands."""
    return await dd.get(f"/v2/contacts/deletion/{removal_id}", Removal)
